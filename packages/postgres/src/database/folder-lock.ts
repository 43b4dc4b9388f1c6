import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
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
  await take(path, claim)
  return { release: () => rm(path, { force: true }) }
}

/** Tells this process from a former one of the same number, as in a container that was started anew. */
function startedAt(): number {
  // oxlint-disable-next-line eslint/no-restricted-globals -- names this process, measures nothing
  return Math.floor(performance.timeOrigin)
}

/** A claim is there as a whole or not at all: who reads half of one would take it for that of a dead process. */
async function tryClaim(path: string, claim: string): Promise<boolean> {
  const written = `${path}.${randomUUID()}`
  await writeFile(written, claim)
  try {
    await link(written, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(written, { force: true })
  }
}

/**
 * Claims a path, also where a dead claim is in the way. Only who has claimed the right to do so takes one away, and looks
 * again before: another may have taken the path over meanwhile, and its claim is not dead.
 */
async function take(path: string, claim: string): Promise<void> {
  if (await tryClaim(path, claim)) return
  if (await isHeld(path)) throw folderInUse()
  const right = `${path}.takeover`
  // Whoever held it may have died as well.
  await take(right, claim)
  try {
    if (await isHeld(path)) throw folderInUse()
    await rm(path, { force: true })
    if (!(await tryClaim(path, claim))) throw folderInUse()
  } finally {
    await rm(right, { force: true })
  }
}

async function isHeld(path: string): Promise<boolean> {
  let claim: string
  try {
    claim = await readFile(path, 'utf8')
  } catch (error) {
    // Released, or taken away, since it was seen.
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
  const [pid, started] = claim.split(' ').map(Number)
  if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 0) return false
  if (pid === process.pid) return started === startedAt()
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's process cannot be signalled but is there.
    return hasCode(error, 'EPERM')
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function folderInUse(): ParleyError {
  return new ParleyError({
    code: 'store_unavailable',
    retryable: false,
    message:
      'The database folder is open in another process. Stop that process, choose another folder, or use a PostgreSQL server.',
  })
}
