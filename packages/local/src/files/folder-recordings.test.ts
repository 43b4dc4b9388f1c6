import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createWavWriter, parseWav } from '@parley/audio'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderRecordings } from './folder-recordings.ts'

let parent = ''
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'parley-recordings-'))
})
afterEach(() => rm(parent, { recursive: true, force: true }))

test('recording: a folder keeps what was written, patched, under the name that the receipt gives', async () => {
  const folder = join(parent, 'calls')
  const file = await folderRecordings(folder).create({ name: 'call-1.wav', contentType: 'audio/wav' })
  await file.write(Uint8Array.of(1, 2, 3))
  await file.write(Uint8Array.of(4, 5))
  await file.patch(1, Uint8Array.of(9))
  expect(await file.close()).toEqual({ where: 'call-1.wav' })
  expect([...(await readFile(join(folder, 'call-1.wav')))]).toEqual([1, 9, 3, 4, 5])
})

test('recording: what was written is in the folder before the file is closed', async () => {
  const file = await folderRecordings(parent).create({ name: 'call-1.wav', contentType: 'audio/wav' })
  await file.write(Uint8Array.of(1, 2, 3))
  expect([...(await readFile(join(parent, 'call-1.wav')))]).toEqual([1, 2, 3])
  await file.close()
})

test('recording: a crash leaves a file that can be read', async () => {
  const wav = createWavWriter({ encoding: 'pcm16', sampleRateHz: 16_000, channels: 2 })
  const file = await folderRecordings(parent).create({ name: 'call-1.wav', contentType: 'audio/wav' })
  await file.write(wav.header())
  await file.write(wav.chunk(Int16Array.of(1, 2, 3, 4)))
  // The second piece is cut in the middle of a sample, as a full disk or a power cut would.
  await file.write(wav.chunk(Int16Array.of(5, 6)).subarray(0, 3))
  const read = parseWav(await readFile(join(parent, 'call-1.wav')))
  expect(read).toMatchObject({ format: { sampleRateHz: 16_000, channels: 2 }, samples: Int16Array.of(1, 2, 3, 4) })
  await file.close()
})

test('recording: a taken name gets a number, and nothing is overwritten', async () => {
  const sink = folderRecordings(parent)
  const one = await sink.create({ name: 'call.wav', contentType: 'audio/wav' })
  const two = await sink.create({ name: 'call.wav', contentType: 'audio/wav' })
  expect([await one.close(), await two.close()]).toEqual([{ where: 'call.wav' }, { where: 'call-2.wav' }])
})

test('recording: a discarded file is gone, and only the owner can read the others', async () => {
  const sink = folderRecordings(join(parent, 'calls'))
  const gone = await sink.create({ name: 'gone.wav', contentType: 'audio/wav' })
  await gone.write(Uint8Array.of(1))
  await gone.discard()
  const kept = await sink.create({ name: 'kept.wav', contentType: 'audio/wav' })
  await kept.close()
  expect(await readdir(join(parent, 'calls'))).toEqual(['kept.wav'])
  expect((await stat(join(parent, 'calls', 'kept.wav'))).mode & 0o777).toBe(0o600)
})

test.each(['../call.wav', 'a/b.wav', '', '.hidden', 'call\0.wav'])('recording: the name %j leads nowhere', async (name) => {
  await expect(folderRecordings(parent).create({ name, contentType: 'audio/wav' })).rejects.toMatchObject({ code: 'invalid_options' })
})
