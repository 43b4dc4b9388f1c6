import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSystemClock, ParleyError, type Clock, type TtsCacheStore } from '@parley/spec'

const suffix = '.speech'
const keyPattern = /^[0-9a-f]{64}$/u

/**
 * Keeps speech that was made before as files of a folder, which is made with the first one. A file appears when it is
 * whole; when it was last used is its time of change.
 * @param folder - only this process's user can read what is made in it
 * @throws {ParleyError} `invalid_options` for a key that is no hash
 */
export function folderSpeech(folder: string, { clock = createSystemClock() }: { clock?: Clock } = {}): TtsCacheStore {
  let parts = 0

  function pathOf(key: string): string {
    if (keyPattern.test(key)) return join(folder, key + suffix)
    throw new ParleyError({
      code: 'invalid_options',
      message: 'A key of cached speech is 64 hexadecimal digits. Give the hash that the cache made.',
      details: { path: 'key' },
    })
  }

  return Object.freeze({
    async get(key: string): Promise<Uint8Array | undefined> {
      const path = pathOf(key)
      const bytes = await orNothing(readFile(path))
      // When it was used is only for the next start: a folder that cannot be written still gives its speech.
      const nowSeconds = clock.now() / 1_000
      if (bytes !== undefined) await utimes(path, nowSeconds, nowSeconds).catch(() => undefined)
      return bytes
    },
    async set(key: string, bytes: Uint8Array): Promise<void> {
      const path = pathOf(key)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      parts += 1
      const part = `${path}.${process.pid}.${parts}.part`
      try {
        await writeFile(part, bytes, { mode: 0o600 })
        await rename(part, path)
      } catch (error) {
        await rm(part, { force: true })
        throw error
      }
    },
    delete: (key: string): Promise<void> => rm(pathOf(key), { force: true }),
    async list(): Promise<{ key: string; bytes: number }[]> {
      const names = (await orNothing(readdir(folder))) ?? []
      const found: { key: string; bytes: number; usedMs: number }[] = []
      for (const name of names) {
        const key = name.slice(0, -suffix.length)
        if (!name.endsWith(suffix) || !keyPattern.test(key)) continue
        const info = await orNothing(stat(join(folder, name)))
        if (info !== undefined) found.push({ key, bytes: info.size, usedMs: info.mtimeMs })
      }
      return found.sort((one, other) => one.usedMs - other.usedMs).map(({ key, bytes }) => ({ key, bytes }))
    },
  })
}

/** What is not there is no failure: another process may have made room. */
async function orNothing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
