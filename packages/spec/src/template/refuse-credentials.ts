import { ParleyError } from '../parley-error.ts'

/** Without case and word borders, so that `apiKey`, `API_KEY` and `api-key` are one name. */
const credentialNames: ReadonlySet<string> = new Set([
  'apikey',
  'apisecret',
  'secretkey',
  'token',
  'password',
  'authtoken',
  'accesstoken',
  'bearertoken',
  'auth',
])

/**
 * Refuses options that are named like a credential, in any case style, also inside `modelOptions`: they would end up in
 * code and definitions.
 * @throws {ParleyError} `invalid_options` naming the key, never its value
 */
export function refuseCredentials(what: string, options: object): void {
  const path = findCredential(options)
  if (path === undefined) return
  throw new ParleyError({
    code: 'invalid_options',
    message: `${what} takes no "${path}": credentials come from the environment or from a CredentialSource.`,
    details: { path },
  })
}

/** The path of the first option that is named like a credential; of nested ones, those inside `modelOptions` count. */
export function findCredential(options: object): string | undefined {
  return find(options, '', new Set())
}

function find(value: object, prefix: string, seen: Set<object>): string | undefined {
  if (seen.has(value)) return undefined
  seen.add(value)
  for (const [key, entry] of Object.entries(value) as [string, unknown][]) {
    const path = `${prefix}${key}`
    const name = plainName(key)
    if (credentialNames.has(name)) return path
    // Other options are values of their own, such as a schema with a field of that name.
    const isLookedInto = prefix !== '' || name === 'modeloptions'
    const inside =
      isLookedInto && typeof entry === 'object' && entry !== null ? find(entry, `${path}.`, seen) : undefined
    if (inside !== undefined) return inside
  }
  return undefined
}

function plainName(key: string): string {
  return key
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
}
