import { ParleyError, type Clock } from '@parley/spec'
import { checkApiKey, isApiKey, type ApiKeyLookup } from './api-keys.ts'
import { localPrincipal, type Principal } from './principal.ts'
import { isRoomToken, type RoomTokens } from './room-tokens.ts'

/** Finds out who a request comes from. */
export interface Authenticator {
  /** False on a loopback server without keys: everyone is the local principal. */
  readonly isRequired: boolean
  /** @throws {ParleyError} `auth_invalid` for credentials that are wrong or expired */
  check(credentials: string | undefined, request: Request): Promise<Principal | undefined>
}

/** Ways to authenticate, asked in this order. */
export interface AuthOptions {
  /** Replaces API keys; room tokens stay. */
  authenticate?: (request: Request) => Principal | undefined | Promise<Principal | undefined>
  keys?: ApiKeyLookup
}

/** Reads API keys and room tokens, or asks the host's own function. */
export function createAuthenticator(options: AuthOptions | undefined, tokens: RoomTokens, clock: Clock): Authenticator {
  const isRequired = options?.keys !== undefined || options?.authenticate !== undefined
  return {
    isRequired,
    async check(credentials, request) {
      if (credentials !== undefined && isRoomToken(credentials)) return tokens.check(credentials) ?? refuse()
      const own = await options?.authenticate?.(request)
      if (own !== undefined) return own
      if (credentials === undefined) return isRequired ? undefined : localPrincipal
      if (options?.keys === undefined || !isApiKey(credentials)) return refuse()
      return (await checkApiKey(credentials, options.keys, clock.now())) ?? refuse()
    },
  }
}

/** The text after `Bearer`, if there is one. */
export function bearerOf(request: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}

function refuse(): never {
  throw new ParleyError({
    code: 'auth_invalid',
    message: 'The key or token is wrong, expired or revoked. Ask for a new one.',
  })
}
