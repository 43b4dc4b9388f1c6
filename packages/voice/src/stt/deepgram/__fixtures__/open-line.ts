import type { SocketFactory, SttEvent, SttStream } from '@parley/spec'
import { createAudioClock, createTestSpeechContext, createVirtualClock, toneText, type VirtualClock } from '@parley/testing'
import {
  createDeepgramDouble,
  type DeepgramDouble,
  type DeepgramDoubleOptions,
  type DeepgramFault,
} from '@parley/testing/doubles'
import { onTestFinished } from 'vitest'
import { createNodeSockets } from '../../../endpoints/node-sockets.ts'
import type { DeepgramSttOptions } from '../deepgram-options.ts'
import { createDeepgramStt } from '../deepgram-stt.ts'

const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const

/** A stream of the adapter, and the double it talks to. */
export interface Line {
  double: DeepgramDouble
  clock: VirtualClock
  stream: SttStream
  events: SttEvent[]
  /** Whether the events have ended. */
  isOver(): boolean
  say(text: string): Promise<void>
  quiet(ms: number): Promise<void>
  pass(ms: number): Promise<void>
  finals(): string[]
  errors(): { code: string; message: string; details: object }[]
}

/** Opens a stream of the adapter at a double, in virtual time; both are closed when the test ends. */
export async function openLine(
  faults: readonly DeepgramFault[] = [],
  options: DeepgramSttOptions = {},
  double: DeepgramDoubleOptions = {},
  /** Bytes that the socket says it has not sent. */
  buffered?: { bytes: number },
): Promise<Line> {
  const clock = createVirtualClock({ monotonicMs: 1_000 })
  const server = await createDeepgramDouble({ clock, faults, ...double })
  onTestFinished(() => server.close())
  const abort = new AbortController()
  const connect = createNodeSockets()
  const sockets: SocketFactory = async (url, how) => {
    const socket = await connect(url, how)
    if (buffered === undefined) return socket
    return Object.defineProperty({ ...socket }, 'bufferedAmount', { get: () => buffered.bytes })
  }
  const context = createTestSpeechContext({ clock, sockets, signal: abort.signal })
  const stt = createDeepgramStt({ baseUrl: server.baseUrl, apiKey: server.apiKey, ...options })
  const opening = stt.open({ format }, context)
  opening.catch(() => {})
  let isOpen = false
  void opening.then(
    () => (isOpen = true),
    () => (isOpen = true),
  )
  for (let turn = 0; !isOpen && turn < 2_000; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    if (turn % 100 === 99) await clock.advance(1_000)
  }
  const stream = await opening
  onTestFinished(async () => {
    abort.abort()
    await stream.close()
  })
  const events: SttEvent[] = []
  let isOver = false
  void (async () => {
    for await (const event of stream.events) events.push(event)
    isOver = true
  })()
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 20) {
      await clock.advance(Math.min(20, left))
      await server.settle()
    }
  }
  const settled = { ...clock, advance: pass }
  const audio = createAudioClock({ clock: settled, feed: (frame) => stream.push(frame) })
  return {
    double: server,
    clock,
    stream,
    events,
    isOver: () => isOver,
    say: (text) => audio.play(toneText(text)),
    quiet: (ms) => audio.silence(ms),
    pass,
    finals: () =>
      events.flatMap((event) => (event.type === 'final' && event.eager !== true && event.text !== '' ? [event.text] : [])),
    errors: () =>
      events.flatMap((event) =>
        event.type === 'error' ? [{ code: event.error.code, message: event.error.message, details: event.error.details }] : [],
      ),
  }
}
