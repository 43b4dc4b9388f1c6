import { ParleyError } from '@parley/spec'
import { defineRoute, type Route } from '../http/route.ts'

/** Whether the process lives, and whether it takes work: for load balancers, open to everybody. */
export function healthRoutes(isReady: () => boolean): Route[] {
  const alive = (path: string): Route =>
    defineRoute({
      method: 'GET',
      path,
      summary: 'Says that the process lives',
      tag: 'health',
      rights: [],
      answer: 'Health',
      handle: () => ({ body: { status: 'ok' } }),
    })
  return [
    alive('/health'),
    alive('/liveness'),
    defineRoute({
      method: 'GET',
      path: '/ready',
      summary: 'Says whether the server takes new work',
      tag: 'health',
      rights: [],
      answer: 'Health',
      handle() {
        if (isReady()) return { body: { status: 'ok' } }
        throw new ParleyError({
          code: 'kit_closed',
          message: 'The server is going down and takes no new work.',
          retryable: true,
        })
      },
    }),
  ]
}
