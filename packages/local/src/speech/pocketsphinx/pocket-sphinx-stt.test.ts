import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AudioChunk, SttOpen } from '@parley/spec'
import { createTestSpeechContext, createVirtualClock, type VirtualClock } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findPocketSphinx } from './find-pocket-sphinx.ts'
import { createPocketSphinxStt, defaultProcesses, type PocketSphinxOptions } from './pocket-sphinx-stt.ts'

/** Longer than the calibration's second, so that the stand-in can tell them apart. */
const clip: AudioChunk = { samples: new Int16Array(32_000).fill(1), sampleRateHz: 16_000, channels: 1 }
const options: SttOpen = { format: { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } }
const CALIBRATION_BYTES = 32_000

let folder: string
let clock: VirtualClock

/** A stand-in for the recognizer: it writes down what it is called with, then does what `script` says. */
function standIn(script: string): PocketSphinxOptions {
  const binary = join(folder, 'pocketsphinx_continuous')
  const calibration = `for last in "$@"; do [ -f "$last" ] && [ "$(wc -c < "$last")" = ${CALIBRATION_BYTES} ] && exit 0; done`
  writeFileSync(
    binary,
    `#!/bin/sh\nPATH=/bin:/usr/bin\n${calibration}\nprintf '%s\\n' "$@" > '${folder}/args'\n${script}\n`,
  )
  chmodSync(binary, 0o755)
  return { binary, modelDir: join(folder, 'model'), clock, processes: 1 }
}

const leftFolders = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`parley-speech-${process.pid}-`))

beforeEach(() => {
  clock = createVirtualClock()
  folder = mkdtempSync(join(tmpdir(), 'parley-test-'))
  mkdirSync(join(folder, 'model', 'en-us'), { recursive: true })
  writeFileSync(join(folder, 'model', 'en-us.lm.bin'), '')
  writeFileSync(join(folder, 'model', 'cmudict-en-us.dict'), 'one W AH N\ntwo T UW\nyes Y EH S\nno N OW\n')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('finding it', () => {
  test('E-3 it is found on PATH, or by name', () => {
    const { binary, modelDir } = standIn('exit 0') as { binary: string; modelDir: string }
    expect(findPocketSphinx({ modelDir, environment: { PATH: `/nowhere:${folder}` } })?.binary).toBe(binary)
    expect(findPocketSphinx({ binary, modelDir, environment: {} })?.binary).toBe(binary)
    expect(findPocketSphinx({ modelDir, environment: { PATH: '/nowhere' } })).toBeUndefined()
    expect(findPocketSphinx({ binary, modelDir: '/nowhere' })).toBeUndefined()
  })

  test('E-3 absent, the error has the line that installs it', async () => {
    await expect(createPocketSphinxStt({ binary: '/nowhere/pocketsphinx_continuous' })).rejects.toMatchObject({
      code: 'speech_engine_missing',
      message: expect.stringContaining('apt-get install pocketsphinx pocketsphinx-en-us'),
    })
  })

  test('E-3 defaults: half the cores, at least one', () => {
    expect([1, 2, 3, 8].map(defaultProcesses)).toEqual([1, 1, 1, 4])
  })
})

describe('recognizing', () => {
  test('E-4 the lines are joined, marks and variants go, case and punctuation too', async () => {
    const output =
      'i was charged\\n<s> 0.000 0.210 0.9\\ni 0.220 0.360 1.0\\nwas(2) 0.370 0.570 0.5\\ncharged 0.6 1.2 1.0\\n[NOISE] 1.2 1.3 1.0\\nTwice, TODAY(3)\\n'
    const stt = await createPocketSphinxStt(standIn(`printf '${output}'`))
    const transcript = await stt.transcribe?.(clip, options, createTestSpeechContext({ clock }))
    expect(transcript?.text).toBe('i was charged twice today')
    expect(transcript?.words?.map(({ text, startMs, endMs }) => [text, startMs, endMs])).toEqual([
      ['i', 220, 360],
      ['was', 370, 570],
      ['charged', 600, 1_200],
    ])
    expect(transcript?.confidence).toBeCloseTo(0.833, 2)
  })

  test('E-3 arguments are an array, the folder is private and always removed', async () => {
    const stt = await createPocketSphinxStt(standIn(`ls -ld "$(dirname "$4")" | cut -c1-10 > '${folder}/mode'`))
    await stt.transcribe?.(clip, options, createTestSpeechContext({ clock }))
    const args = readFileSync(join(folder, 'args'), 'utf8').trim().split('\n')
    expect(args.slice(0, 3)).toEqual(['-hmm', join(folder, 'model', 'en-us'), '-infile'])
    expect(args).toEqual(expect.arrayContaining(['-lm', join(folder, 'model', 'en-us.lm.bin')]))
    expect(readFileSync(join(folder, 'mode'), 'utf8').trim()).toBe('drwx------')
    expect(leftFolders()).toEqual([])
  })

  test('E-4 a grammar or words of the hint make a model and a dictionary of their own', async () => {
    const stt = await createPocketSphinxStt(
      standIn(
        `while [ $# -gt 0 ]; do [ "$1" = -dict ] && cp "$2" '${folder}/dict'; [ "$1" = -lm ] && cp "$2" '${folder}/lm'; shift; done`,
      ),
    )
    const ask = (hints: SttOpen['hints'] & object): Promise<unknown> =>
      Promise.resolve(stt.transcribe?.(clip, { ...options, hints }, createTestSpeechContext({ clock })))
    await ask({ expect: 'free', grammar: '#JSGF V1.0; grammar g; public <u> = yes | unheardof;' })
    expect(readFileSync(join(folder, 'dict'), 'utf8')).toContain('yes Y EH S')
    expect(readFileSync(join(folder, 'lm'), 'utf8')).toMatch(/\tyes\b/u)
    expect(readFileSync(join(folder, 'lm'), 'utf8')).not.toContain('unheardof')
    await ask({ expect: 'free', words: ['two', 'one'] })
    expect(readFileSync(join(folder, 'lm'), 'utf8')).toMatch(/two one/u)
  })

  test('E-3 it is killed at 4 times the audio and 5 s, and the folder is removed', async () => {
    const stt = await createPocketSphinxStt(standIn('exec tail -f /dev/null'))
    const asked = stt.transcribe?.(clip, options, createTestSpeechContext({ clock }))
    const outcome = Promise.resolve(asked).then(
      () => 'done',
      (error: unknown) => error,
    )
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(4 * 2_000 + 4_999)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    expect(await outcome).toMatchObject({ code: 'voice_stt_failed', details: { end: 'killed' } })
    expect(leftFolders()).toEqual([])
  })

  test('E-3 an abort kills it', async () => {
    const stt = await createPocketSphinxStt(standIn('exec tail -f /dev/null'))
    const controller = new AbortController()
    const asked = stt.transcribe?.(clip, options, createTestSpeechContext({ clock, signal: controller.signal }))
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
    controller.abort(new Error('hung up'))
    await expect(asked).rejects.toThrow('hung up')
    expect(leftFolders()).toEqual([])
  })

  test('E-3 one process at a time, 64 wait, the next is busy', async () => {
    const stt = await createPocketSphinxStt(standIn('exec tail -f /dev/null'))
    const controller = new AbortController()
    const context = createTestSpeechContext({ clock, signal: controller.signal })
    const asked = Array.from({ length: 66 }, () => Promise.resolve(stt.transcribe?.(clip, options, context)))
    const ends = Promise.allSettled(asked)
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(clock.pending).toBe(1)
    controller.abort(new Error('hung up'))
    const reasons = (await ends).map((end) =>
      end.status === 'rejected' ? String(end.reason?.code ?? end.reason?.message) : 'done',
    )
    expect(reasons.filter((reason) => reason === 'speech_busy')).toHaveLength(1)
    expect(reasons.filter((reason) => reason === 'hung up')).toHaveLength(65)
  })

  test('E-3 an engine that ends badly is a failed recognition, one that vanished is missing', async () => {
    const setUp = standIn('exit 3')
    const stt = await createPocketSphinxStt(setUp)
    const ask = (): Promise<unknown> =>
      Promise.resolve(stt.transcribe?.(clip, options, createTestSpeechContext({ clock })))
    await expect(ask()).rejects.toMatchObject({ code: 'voice_stt_failed' })
    rmSync(join(folder, 'pocketsphinx_continuous'))
    await expect(ask()).rejects.toMatchObject({ code: 'speech_engine_missing' })
  })

  test('P-4 E-4 it takes whole clips, and its latency is what a second took', async () => {
    const stt = await createPocketSphinxStt(standIn('exit 0'))
    expect(stt.info).toMatchObject({ streaming: false, interim: false, endOfSpeech: false, wordTimings: true })
    // The virtual clock stood still meanwhile, which counts as the least.
    expect(stt.info.finalLatency).toEqual({ p50Ms: 1, p99Ms: 502, perSecondMs: 300 })
    await expect(stt.open(options, createTestSpeechContext({ clock }))).rejects.toMatchObject({
      code: 'invalid_options',
    })
  })
})
