import { ParleyError } from '@parley/spec'

/** Which origins and hosts a server answers to. */
export interface OriginCheck {
  /** The origin to name in CORS headers, or undefined when the request comes from the same origin or no page. */
  check(request: Request): string | undefined
}

const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a name or address is this machine itself. */
export function isLoopback(host: string): boolean {
  return loopbackHosts.has(host) || host === '::1'
}

/**
 * Checks where a request comes from, in the same way for HTTP and sockets. Without auth, the `Host` must be loopback
 * too: a page elsewhere could otherwise reach this machine by a name that resolves to it.
 */
export function createOriginCheck({
  origins,
  publicUrl,
  isAuthRequired,
}: {
  origins: readonly string[]
  publicUrl: string | undefined
  isAuthRequired: boolean
}): OriginCheck {
  const own = publicUrl === undefined ? undefined : new URL(publicUrl).origin
  return {
    check(request) {
      const { host, hostname } = new URL(request.url)
      if (!isAuthRequired && !isLoopback(hostname)) {
        throw new ParleyError({
          code: 'origin_refused',
          message:
            'This server has no keys and answers to this machine alone. Set up API keys to reach it by another name.',
          details: { host },
        })
      }
      const origin = request.headers.get('origin')
      if (origin === null || origin === own || isSame(origin, host)) return undefined
      if (origins.includes(origin)) return origin
      throw new ParleyError({
        code: 'origin_refused',
        message: `Pages of ${origin} may not call this server. Add the origin to PARLEY_CORS_ORIGINS.`,
        details: { origin },
      })
    },
  }
}

function isSame(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host
}
