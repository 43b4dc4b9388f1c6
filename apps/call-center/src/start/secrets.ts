import { createHmac } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { IdSource } from '@parley/spec'
import { hashApiKey, type ApiKeyRecord } from '@parley/server'

/**
 * The secret that signs room tokens: the one that is set, else one made at the first start and kept beside the data
 * folder, readable by its owner alone, so that tokens outlive a restart.
 */
export async function readSecret(
  { authSecret, dataDir, isKept }: { authSecret: string | undefined; dataDir: string; isKept: boolean },
  ids: IdSource,
): Promise<string> {
  if (authSecret !== undefined) return authSecret
  if (!isKept) return ids.token(32)
  const file = join(dirname(dataDir), 'auth-secret')
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    const secret = ids.token(32)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `${secret}\n`, { mode: 0o600, flag: 'wx' })
    return secret
  }
}

/** The desk's key, made from the secret: the same at every start, and no way back to the secret. */
export function deskKey(secret: string): { key: string; record: ApiKeyRecord } {
  const key = `prl_desk_${createHmac('sha256', secret).update('harbor desk').digest('base64url')}`
  const rights = ['rooms:read', 'rooms:write', 'desk:answer', 'desk:approve', 'calls:supervise'] as const
  return { key, record: { id: 'desk', hash: hashApiKey(key), rights } }
}
