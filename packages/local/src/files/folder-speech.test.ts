import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVirtualClock } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderSpeech } from './folder-speech.ts'

const one = '1'.repeat(64)
const two = '2'.repeat(64)
let parent = ''
let folder = ''
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'parley-speech-'))
  folder = join(parent, 'cache')
})
afterEach(() => rm(parent, { recursive: true, force: true }))

test('cached speech: what was set is there for the next process, and gone once deleted', async () => {
  const store = folderSpeech(folder)
  expect(await store.list()).toEqual([])
  expect(await store.get(one)).toBeUndefined()
  await store.set(one, Uint8Array.of(1, 2, 3))
  const later = folderSpeech(folder)
  expect([...((await later.get(one)) ?? [])]).toEqual([1, 2, 3])
  expect(await later.list()).toEqual([{ key: one, bytes: 3 }])
  await later.delete(one)
  await later.delete(one)
  expect(await later.get(one)).toBeUndefined()
  expect(await readdir(folder)).toEqual([])
})

test('cached speech: the least recently used comes first, and reading is using', async () => {
  const store = folderSpeech(folder, { clock: createVirtualClock() })
  await store.set(one, Uint8Array.of(1))
  await store.set(two, Uint8Array.of(2, 2))
  await utimes(join(folder, `${one}.speech`), 1, 1)
  await utimes(join(folder, `${two}.speech`), 2, 2)
  expect((await store.list()).map(({ key }) => key)).toEqual([one, two])
  await store.get(one)
  expect((await store.list()).map(({ key }) => key)).toEqual([two, one])
})

test('cached speech: files of others and parts of files are not entries', async () => {
  const store = folderSpeech(folder)
  await store.set(one, Uint8Array.of(1))
  await writeFile(join(folder, 'notes.speech'), 'x')
  await writeFile(join(folder, `${two}.speech.1.1.part`), 'x')
  expect(await store.list()).toEqual([{ key: one, bytes: 1 }])
})

test('cached speech: only the owner can read it', async () => {
  await folderSpeech(folder).set(one, Uint8Array.of(1))
  expect((await stat(join(folder, `${one}.speech`))).mode & 0o777).toBe(0o600)
})

test.each(['../x', '', 'A'.repeat(64), `${one}/`])('cached speech: the key %j leads nowhere', async (key) => {
  await expect(folderSpeech(folder).get(key)).rejects.toMatchObject({ code: 'invalid_options' })
  await expect(folderSpeech(folder).set(key, new Uint8Array(1))).rejects.toMatchObject({ code: 'invalid_options' })
})
