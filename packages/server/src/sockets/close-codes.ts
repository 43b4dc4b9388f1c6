import { ParleyError } from '@parley/spec'

/** Codes a socket is closed with, beside those of RFC 6455. */
export const closeCodes = {
  restart: 1012,
  unauthorized: 4401,
  forbidden: 4403,
  notFound: 4404,
  faulty: 4400,
  slow: 4008,
} as const

/** The code that says why a connection was refused. */
export function closeCodeOf(error: unknown): number {
  const code = ParleyError.isInstance(error) ? error.code : undefined
  if (code === 'auth_required' || code === 'auth_invalid') return closeCodes.unauthorized
  if (code === 'forbidden') return closeCodes.forbidden
  if (code === 'room_not_found') return closeCodes.notFound
  return code === 'frame_invalid' ? closeCodes.faulty : 1011
}
