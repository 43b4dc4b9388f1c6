import { createFliteTts, type FliteTts } from '@parley/local'
import { noTelemetry, type AudioFrame } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { createEchoGuard } from '@parley/voice'
import { afterAll, beforeAll, expect, test } from 'vitest'

const FRAME = 320
let tts: FliteTts
let agent: Int16Array
const people: Int16Array[] = []

async function say(voice: string, text: string): Promise<Int16Array> {
  const stream = await tts.open(
    { voice, format: { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } },
    {
      clock: createVirtualClock(),
      ids: createSeededIds(1),
      signal: AbortSignal.timeout(30_000),
      sockets: () => Promise.reject(new Error('A local voice opens no socket.')),
      fetch,
      telemetry: noTelemetry,
    },
  )
  const samples: number[] = []
  stream.speak(text, { segmentId: 'one', last: true })
  for await (const event of stream.events) {
    if (event.type === 'audio') samples.push(...event.frame.samples)
    if (event.type === 'error') throw event.error
    if (event.type === 'done') break
  }
  await stream.close()
  return Int16Array.from(samples)
}

beforeAll(async () => {
  tts = createFliteTts({ workers: 1 })
  agent = await say(
    'slt',
    'I can see that your account was charged twice in March, and I will refund the second payment of seventy nine dollars.',
  )
  for (const text of [
    'No wait, that is not what I wanted at all.',
    'Actually I would like to speak to a manager.',
    'Stop, I have a question about the modem.',
  ]) {
    people.push(await say('rms', text))
  }
}, 30_000)
afterAll(() => tts.close())

/** What comes back from the person's end: echo, a person from 2 s on, and a little hiss. */
function lineOf(echo: { lagMs: number; gain: number }, person?: Int16Array): Int16Array {
  let hiss = 1
  return Int16Array.from(agent, (_, index) => {
    hiss = (hiss * 48_271) % 2_147_483_647
    const back = (agent[index - echo.lagMs * 16] ?? 0) * echo.gain
    return back + (person?.[index - 32_000] ?? 0) + (hiss % 31) - 15
  })
}

async function judge(line: Int16Array, fromMs: number): Promise<'echo' | 'speech'> {
  const clock = createVirtualClock()
  const guard = createEchoGuard({ clock })
  const frame = (samples: Int16Array, position: number): AudioFrame => ({
    samples: samples.subarray(position, position + FRAME),
    sampleRateHz: 16_000,
    channels: 1,
    position,
  })
  for (let position = 0; clock.monotonicMs() < fromMs + 500; position += FRAME) {
    const atMs = clock.monotonicMs()
    guard.played(frame(agent, position), atMs)
    await clock.advance(20)
    guard.heard(frame(line, position), atMs)
  }
  return guard.judge(fromMs).verdict
}

const echoes = [
  { lagMs: 40, gain: 0.4 },
  { lagMs: 130, gain: 0.2 },
  { lagMs: 700, gain: 0.05 },
]

test('echo guard: the voice that comes back is echo, over all the ways it can take', async () => {
  for (const echo of echoes) {
    for (let fromMs = 1_500; fromMs < 4_000; fromMs += 500) expect(await judge(lineOf(echo), fromMs)).toBe('echo')
  }
})

test('echo guard: another voice passes, on a line with echo and on one without', async () => {
  for (const person of people) {
    expect(await judge(lineOf({ lagMs: 0, gain: 0 }, person), 2_150)).toBe('speech')
    for (const echo of echoes.slice(1)) expect(await judge(lineOf(echo, person), 2_150)).toBe('speech')
  }
})
