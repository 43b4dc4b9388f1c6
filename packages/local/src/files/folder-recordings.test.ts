import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createWavWriter, parseWav } from '@parley/audio'
import { recordingSinkSuite } from '@parley/testing/conformance'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderRecordings } from './folder-recordings.ts'

let parent = ''
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'parley-recordings-'))
})
afterEach(() => rm(parent, { recursive: true, force: true }))

recordingSinkSuite('folder', {
  async open() {
    const folder = join(parent, 'calls')
    return {
      sink: folderRecordings(folder),
      read: (where) => readFile(join(folder, where)),
      count: async () => (await readdir(folder)).length,
    }
  },
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

test('recording: a taken name gets a number', async () => {
  const sink = folderRecordings(parent)
  const one = await sink.create({ name: 'call.wav', contentType: 'audio/wav' })
  const two = await sink.create({ name: 'call.wav', contentType: 'audio/wav' })
  expect([await one.close(), await two.close()]).toEqual([{ where: 'call.wav' }, { where: 'call-2.wav' }])
})

test('recording: only the owner can read them', async () => {
  const file = await folderRecordings(parent).create({ name: 'kept.wav', contentType: 'audio/wav' })
  await file.close()
  expect((await stat(join(parent, 'kept.wav'))).mode & 0o777).toBe(0o600)
})

test.each(['../call.wav', 'a/b.wav', '', '.hidden', 'call\0.wav'])(
  'recording: the name %j leads nowhere',
  async (name) => {
    await expect(folderRecordings(parent).create({ name, contentType: 'audio/wav' })).rejects.toMatchObject({
      code: 'invalid_options',
    })
  },
)
