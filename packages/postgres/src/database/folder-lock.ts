import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

import { ParleyError } from '@parley/spec'

/** Keeps other processes out of a database folder until released. */
export interface FolderLock {
  release(): Promise<void>
}

/**
 * Claims a folder by a file beside it. The embedded database does not do so itself, and two of them in one folder
 * destroy it. A claim whose process is gone is taken over.
 * @throws {ParleyError} `store_unavailable` when another process, or this one, has the folder open
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = `${folder.replace(/\/+$/, '')}.lock`
  const claim = `${process.pid} ${startedAt()}`
  await mkdir(dirname(path), { recursive: true })
  if (!(await tryClaim(path, claim))) {
    if (await isHeld(path)) throw folderInUse()
    await rm(path, { force: true })
    if (!(await tryClaim(path, claim))) throw folderInUse()
  }
  return { release: () => rm(path, { force: true }) }
}

/** Tells this process from a former one of the same number, as in a container that was started anew. */
function startedAt(): number {
  // oxlint-disable-next-line eslint/no-restricted-globals -- names this process, measures nothing
  return Math.floor(performance.timeOrigin)
}

async function tryClaim(path: string, claim: string): Promise<boolean> {
  try {
    await writeFile(path, claim, { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function isHeld(path: string): Promise<boolean> {
  const [pid, started] = (await readFile(path, 'utf8')).split(' ').map(Number)
  if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 0) return false
  if (pid === process.pid) return started === startedAt()
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's process cannot be signalled but is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function folderInUse(): ParleyError {
  return new ParleyError({
    code: 'store_unavailable',
    retryable: false,
    message:
      'The database folder is open in another process. Stop that process, choose another folder, or use a PostgreSQL server.',
  })
}
