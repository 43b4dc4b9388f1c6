import { ParleyError } from '../parley-error.ts'

const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/**
 * Holds the address of a provider to `https:`, without user info; `http:` only for exactly `localhost`, `127.0.0.1` and
 * `[::1]`, and only where that is allowed.
 * @throws {ParleyError} `invalid_options`; the address is not told, for it may hold a password
 */
export function checkBaseUrl(
  what: string,
  baseUrl: string,
  { allowLocalhost = false }: { allowLocalhost?: boolean | undefined } = {},
): void {
  const fault = faultOf(baseUrl, allowLocalhost)
  if (fault === undefined) return
  throw new ParleyError({
    code: 'invalid_options',
    message: `${what}: baseUrl ${fault}`,
    details: { path: 'baseUrl', expected: 'an https address' },
  })
}

function faultOf(baseUrl: string, allowLocalhost: boolean): string | undefined {
  if (!URL.canParse(baseUrl)) return 'is not an address. Give one such as "https://api.example.com/v1".'
  const { protocol, hostname, username, password } = new URL(baseUrl)
  if (username !== '' || password !== '') return 'holds user info. Leave it out; give the key to the environment.'
  if (protocol === 'https:') return undefined
  if (protocol !== 'http:') return 'is not an https address.'
  if (!loopbackHosts.includes(hostname)) return 'is not an https address, and http reaches this machine only.'
  return allowLocalhost ? undefined : 'is http. For a server on this machine, set allowLocalhost.'
}
