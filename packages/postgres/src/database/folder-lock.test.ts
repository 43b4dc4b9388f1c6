import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder, type FolderLock } from './folder-lock.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'folder-lock-'))
})
afterEach(() => rm(root, { recursive: true }))

/** What a process left that was killed. */
const deadClaim = (): string => `${spawnSync(process.execPath, ['--version']).pid} 1`

test("a folder is one process's until it is released, and nothing is left beside it", async () => {
  const folder = join(root, 'data')
  const lock = await lockFolder(folder)
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'store_unavailable' })
  await lock.release()
  await (await lockFolder(folder)).release()
  expect(await readdir(root)).toEqual([])
})

test.each([
  ['a process that is gone', deadClaim],
  ['a process that was stopped while it wrote', () => ''],
  ['nobody', () => 'something else'],
])('a claim of %s is taken over by one of those who try', async (_, claim) => {
  const folder = join(root, 'data')
  const text = claim()
  for (let round = 0; round < 20; round++) {
    await writeFile(`${folder}.lock`, text)
    // One of them died while it took over.
    if (round % 4 === 0) await writeFile(`${folder}.lock.takeover`, text)
    // They come one shortly after the other: some judge the dead claim while others have taken it away.
    const tried = await Promise.allSettled(
      Array.from({ length: 30 }, async (_each, index) => {
        for (let step = 0; step < index % 10; step++) await stat(root)
        return lockFolder(folder)
      }),
    )
    const won: FolderLock[] = tried.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    expect(won).toHaveLength(1)
    expect(await readdir(root)).toEqual(['data.lock'])
    await won[0]?.release()
  }
})

test('many who claim a free folder at once: one of them has it', async () => {
  const tried = await Promise.allSettled(Array.from({ length: 40 }, () => lockFolder(join(root, 'data'))))
  expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})
