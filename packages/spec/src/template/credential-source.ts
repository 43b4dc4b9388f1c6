import { ParleyError } from '../parley-error.ts'

/** Gives credentials by name, such as `OPENAI_API_KEY`: from a vault, say. Nothing for those that it does not have. */
export type CredentialSource = (
  name: string,
  options: { signal: AbortSignal },
) => string | undefined | Promise<string | undefined>

/** Credentials of the process's environment, read when they are asked for; none where there is no environment. */
export const environmentCredentials: CredentialSource = (name) => {
  const process: unknown = Reflect.get(globalThis, 'process')
  const env: unknown = typeof process === 'object' && process !== null ? Reflect.get(process, 'env') : undefined
  if (typeof env !== 'object' || env === null || !Object.hasOwn(env, name)) return undefined
  const value: unknown = Reflect.get(env, name)
  return typeof value === 'string' ? value : undefined
}

/**
 * The credential of a name.
 * @throws {ParleyError} `model_unauthorized` naming the variable when there is none
 */
export async function requireCredential(
  what: string,
  name: string,
  { source = environmentCredentials, signal }: { source?: CredentialSource | undefined; signal: AbortSignal },
): Promise<string> {
  const value = await readFrom(source, what, name, signal)
  if (typeof value === 'string' && value.trim() !== '') return value
  throw new ParleyError({
    code: 'model_unauthorized',
    message: `${what} has no key. Set the environment variable ${name}, or give a CredentialSource that knows it.`,
    details: { variable: name },
  })
}

async function readFrom(
  source: CredentialSource,
  what: string,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await source(name, { signal })
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    // What a vault says may hold what it keeps, so neither its words nor its error go further.
    throw new ParleyError({
      code: 'model_unauthorized',
      message: `${what} has no key: the CredentialSource failed when it was asked for ${name}. Look into the source.`,
      details: { variable: name },
      retryable: ParleyError.isInstance(thrown) && thrown.retryable,
    })
  }
}
