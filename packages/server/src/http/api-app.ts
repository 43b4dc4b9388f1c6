import { createRateLimiter } from '@parley/kit'
import { ParleyError, type Clock, type IdSource, type Logger, type RateLimiter } from '@parley/spec'
import { Hono, type Context } from 'hono'
import { describeRoute, generateSpecs } from 'hono-openapi'
import { bearerOf, type Authenticator } from '../auth/authenticate.ts'
import { authorize } from '../auth/authorize.ts'
import { localPrincipal, type Principal } from '../auth/principal.ts'
import type { Mount, MountContext, ServerLimits } from '../server-options.ts'
import { describeOperation, documentFrame } from './describe.ts'
import { docsPage, docsStyle } from './docs-page.ts'
import type { OpenApiDocument } from './open-api.ts'
import type { OriginCheck } from './origin-check.ts'
import { problemResponse, toShownError } from './problem.ts'
import type { Route } from './route.ts'

/** What the HTTP side is made of. */
export interface ApiAppOptions {
  routes: readonly Route[]
  mounts: readonly Mount[]
  authenticator: Authenticator
  originCheck: OriginCheck
  limits: ServerLimits
  publicDocs: boolean
  isTls: boolean
  clock: Clock
  ids: IdSource
  logger: Logger
  addressOf(request: Request, env: unknown): string
}

interface Env {
  Variables: { requestId: string; principal: Principal | undefined; credentials: string | undefined }
}

const apiPolicy = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"
const corsHeaders = 'authorization, content-type, idempotency-key, if-match, last-event-id'
const openPaths: ReadonlySet<string> = new Set(['/health', '/liveness'])
const docsPaths: ReadonlySet<string> = new Set(['/docs', '/docs/style.css', '/openapi.json'])

/**
 * The HTTP side as one function from request to response. Order: request id, security headers, origin, rate limit,
 * authenticate, then per route authorize, validate, handle; whatever is thrown becomes a problem in one place.
 */
export function createApiApp(options: ApiAppOptions): { fetch(request: Request, env?: unknown): Promise<Response> } {
  const { routes, mounts, authenticator, originCheck, limits, clock, ids, logger } = options
  const app = new Hono<Env>()
  const byKey = createRateLimiter(clock, { perSecond: limits.requestsPerMinute / 60, burst: limits.requestBurst })
  const byAddress = createRateLimiter(clock, {
    perSecond: limits.anonymousPerMinute / 60,
    burst: limits.anonymousPerMinute,
  })
  let document: Promise<OpenApiDocument> | undefined

  app.onError((thrown, c) => {
    const requestId = c.get('requestId')
    const error = toShownError(thrown)
    if (error.code === 'internal_error')
      logger.error('A request failed.', { requestId, path: c.req.path, pii: String(thrown) })
    return secured(problemResponse(error, requestId), c)
  })
  app.use(async (c, next) => {
    c.set('requestId', ids.next('req'))
    await next()
    secured(c.res, c)
  })
  app.use(async (c, next) => {
    const allowed = originCheck.check(c.req.raw)
    if (c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') !== undefined) {
      return new Response(null, { status: 204, headers: allowed === undefined ? {} : preflightHeaders(allowed) })
    }
    await next()
    if (allowed !== undefined) c.res.headers.set('access-control-allow-origin', allowed)
    c.res.headers.append('vary', 'origin')
    return undefined
  })
  app.use('/v1/*', limited)
  for (const path of docsPaths) if (!options.publicDocs) app.use(path, limited)

  for (const route of routes) {
    app.on(route.method, route.path, describeRoute(describeOperation(route)), async (c) =>
      route.run({
        params: c.req.param(),
        request: c.req.raw,
        principal: c.get('principal') ?? localPrincipal,
        maxBodyBytes: limits.bodyBytes,
      }),
    )
  }
  const openApi = (): Promise<OpenApiDocument> =>
    (document ??= generateSpecs(app, { documentation: documentFrame(routes), excludeStaticFile: true }))
  app.get('/openapi.json', async (c) => c.json(await openApi()))
  app.get('/docs', async (c) => c.html(docsPage(await openApi())))
  app.get('/docs/style.css', (c) => c.body(docsStyle, 200, { 'content-type': 'text/css; charset=utf-8' }))

  app.all('*', async (c) => {
    const methods = routes.filter(({ path }) => matches(path, c.req.path)).map(({ method }) => method)
    if (methods.length > 0) {
      const error = new ParleyError({
        code: 'method_not_allowed',
        message: `${c.req.path} does not take ${c.req.method}.`,
        details: { allowed: [...new Set(methods)] },
      })
      const response = problemResponse(error, c.get('requestId'))
      response.headers.set('allow', [...new Set(methods)].join(', '))
      return response
    }
    const asked: MountContext = {
      async authenticate(anyOf) {
        const principal = await principalOf(c)
        authorize(principal, anyOf ?? [], { allowsRoomToken: anyOf === undefined })
        return principal
      },
    }
    for (const mount of mounts) {
      const response = isUnder(mount.path, c.req.path) ? await mount.fetch(c.req.raw, asked) : null
      // Copied, since headers of a response that was fetched or shared cannot be changed.
      if (response !== null) return new Response(response.body, response)
    }
    throw new ParleyError({ code: 'not_found', message: `There is nothing at ${c.req.path}.` })
  })

  return { fetch: async (request, env) => app.fetch(request, { node: env }) }

  async function limited(c: Context<Env>, next: () => Promise<void>): Promise<void> {
    if (!openPaths.has(c.req.path)) c.set('principal', await principalOf(c))
    return next()
  }

  /** Who asks; every request counts against their limit, or against the one of their address. */
  async function principalOf(c: Context<Env>): Promise<Principal> {
    const address = options.addressOf(c.req.raw, (c.env as { node?: unknown }).node)
    let principal: Principal | undefined
    try {
      principal = await authenticator.check(bearerOf(c.req.raw), c.req.raw)
    } catch (error) {
      // Wrong keys are counted like none, so that guessing is slow.
      await takeOne(c, byAddress, address, limits.anonymousPerMinute)
      throw error
    }
    if (principal === undefined) {
      await takeOne(c, byAddress, address, limits.anonymousPerMinute)
      throw new ParleyError({
        code: 'auth_required',
        message: 'Say who you are: send a key or token in the header authorization.',
      })
    }
    await takeOne(c, byKey, `${principal.kind} ${principal.id}`, limits.requestsPerMinute)
    return principal
  }

  async function takeOne(c: Context<Env>, limiter: RateLimiter, key: string, perMinute: number): Promise<void> {
    const taken = await limiter.take(key)
    c.header('ratelimit-limit', String(perMinute))
    if (taken.allowed) return
    const { retryAfterMs } = taken
    throw new ParleyError({
      code: 'rate_limited',
      message: 'Too many requests; try again later.',
      details: { retryAfterMs },
    })
  }

  function secured(response: Response, c: Context<Env>): Response {
    const { headers } = response
    headers.set('x-request-id', c.get('requestId'))
    headers.set('x-content-type-options', 'nosniff')
    headers.set('referrer-policy', 'no-referrer')
    if (!headers.has('content-security-policy')) headers.set('content-security-policy', apiPolicy)
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
    if (options.isTls) headers.set('strict-transport-security', 'max-age=31536000')
    return response
  }
}

function preflightHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, POST, PATCH, DELETE',
    'access-control-allow-headers': corsHeaders,
    'access-control-max-age': '600',
    vary: 'origin',
  }
}

function matches(pattern: string, path: string): boolean {
  const parts = pattern.split('/')
  const given = path.split('/')
  return parts.length === given.length && parts.every((part, at) => part.startsWith(':') || part === given[at])
}

function isUnder(prefix: string, path: string): boolean {
  const base = prefix.replace(/\/+$/, '')
  return path === base || path.startsWith(`${base}/`)
}
