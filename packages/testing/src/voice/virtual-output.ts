import {
  createEventEmitter,
  ParleyError,
  type AudioFormat,
  type AudioFrame,
  type AudioOutput,
  type ClearResult,
  type Clock,
  type Disposer,
  type EndpointInfo,
  type OutputEvent,
  type OutputMixer,
  type SampleRate,
} from '@parley/spec'
import { createHeardRecorder, type HeardPiece } from './heard-recorder.ts'

/** Options of `createVirtualOutput`. */
export interface VirtualOutputOptions {
  clock: Clock
  /** Audio that may wait, in milliseconds. @default 10 000 */
  queueMs?: number
  /** @default 'native' */
  pause?: EndpointInfo['capabilities']['pause']
  /** Time that reports of the far end take, in milliseconds; clears are reported at once. @default 0 */
  reportDelayMs?: number
  /** Milliseconds of playing between `progress` events. @default 100 */
  progressMs?: number
  /** Rate of the frames that a mixer fills while nobody speaks. @default 16 000 */
  sampleRateHz?: SampleRate
}

/** An output whose far end is simulated: plays at real speed by the clock and remembers what was heard. */
export interface VirtualOutput extends AudioOutput {
  /** What was heard so far, in order, with times. */
  readonly heard: readonly HeardPiece[]
  /** All that went to the far end, with what a mixer added, in order. */
  readonly sent: readonly HeardPiece[]
  /** Settles what is open as interrupted, stops the timers and ends `events`. Idempotent. */
  close(): void
}

interface Segment {
  utteranceId: string
  segmentId: string
  rate: SampleRate
  channels: number
  gain: number
  pieces: Int16Array[]
  captured: number
  played: number
  isFlushed: boolean
  hasStarted: boolean
  isSettled: boolean
  sinceProgressMs: number
  wake: (() => void)[]
}

const stepMs = 20
const rewindMs = 40

/** The reference of the `AudioOutput` port: the first frame sounds at the instant it is captured, positions are exact. */
export function createVirtualOutput({
  clock,
  queueMs = 10_000,
  pause: pauseKind = 'native',
  reportDelayMs = 0,
  progressMs = 100,
  sampleRateHz = 16_000,
}: VirtualOutputOptions): VirtualOutput {
  const emitter = createEventEmitter<OutputEvent>()
  const recorder = createHeardRecorder()
  const sent = createHeardRecorder()
  let mixer: OutputMixer | undefined
  let isAlwaysOn = false
  let stopBackground: Disposer | undefined
  const taps = new Set<(frame: AudioFrame, audibleAtMs: number) => void>()
  const reports = new Set<Disposer>()
  let epoch = 0
  let line: Segment[] = []
  /** The piece that sounds now. */
  let sounding: { segment: Segment; samples: number; startedAtMs: number } | undefined
  let timer: Disposer | undefined
  let isPaused = false
  let isClosed = false
  /** Played of the utterance before its present segment. */
  let utterance = { id: '', beforeMs: 0 }

  const toMs = (segment: Segment, samples: number): number => (samples * 1000) / (segment.rate * segment.channels)
  /** Played up to this instant, inside a piece too. */
  const positionOf = (segment: Segment): number => {
    if (sounding?.segment !== segment) return toMs(segment, segment.played)
    const elapsedMs = Math.min(clock.monotonicMs() - sounding.startedAtMs, toMs(segment, sounding.samples))
    return toMs(segment, segment.played) + elapsedMs
  }
  const tell = (
    type: OutputEvent['type'],
    segment: Segment,
    more: Partial<OutputEvent> = {},
    delayMs = reportDelayMs,
  ) => {
    const positionMs = Math.floor(positionOf(segment))
    const { utteranceId, segmentId } = segment
    const told = { type, epoch, utteranceId, segmentId, positionMs, confidence: 'confirmed' as const, ...more }
    if (delayMs === 0) return emitter.emit({ ...told, atMs: clock.monotonicMs() })
    const atMs = clock.monotonicMs()
    const dispose = clock.setTimer(delayMs, () => {
      reports.delete(dispose)
      emitter.emit({ ...told, atMs })
    })
    reports.add(dispose)
  }
  const queuedMs = (): number =>
    line.reduce((sum, segment) => sum + toMs(segment, segment.captured) - positionOf(segment), 0)
  const wakeAll = (): void => {
    for (const segment of line) for (const wake of segment.wake.splice(0)) wake()
  }
  const settle = (segment: Segment, interrupted: boolean): void => {
    if (segment.isSettled) return
    segment.isSettled = true
    // What was cut is known here; what ended by itself is known when the far end says so.
    tell('finished', segment, { interrupted }, interrupted ? 0 : reportDelayMs)
    for (const wake of segment.wake.splice(0)) wake()
  }

  /** A piece at the output's rate, with what the mixer adds. */
  const mixed = (heard: Int16Array, segment: Segment): AudioFrame => {
    const samples = atRate(heard, segment.rate, sampleRateHz)
    mixer?.(samples, true)
    return { samples, sampleRateHz, channels: 1, position: 0 }
  }

  /** Lets the next piece sound, if there is one and it may. */
  const sound = (): void => {
    timer = undefined
    if (sounding !== undefined) {
      const { segment, samples, startedAtMs } = sounding
      const heard = slice(segment, segment.played, samples)
      recorder.add(heard, segment, startedAtMs)
      const frame = mixer === undefined ? frameOf(heard, segment) : mixed(heard, segment)
      sent.add(frame.samples, { rate: frame.sampleRateHz }, startedAtMs)
      for (const listener of taps) listener(frame, startedAtMs)
      segment.played += samples
      segment.sinceProgressMs += toMs(segment, samples)
      sounding = undefined
      if (segment.sinceProgressMs >= progressMs) {
        segment.sinceProgressMs = 0
        tell('progress', segment)
      }
      wakeAll()
    }
    for (let head = line[0]; head !== undefined; head = line[0]) {
      if (head.played < head.captured || !head.isFlushed) break
      line.shift()
      utterance = { id: head.utteranceId, beforeMs: before(head) + toMs(head, head.played) }
      settle(head, false)
    }
    const head = line[0]
    if (head === undefined || isPaused || head.played >= head.captured || isBusy()) return
    const size = Math.round((stepMs * head.rate) / 1000) * head.channels
    const samples = Math.min(size, head.captured - head.played)
    sounding = { segment: head, samples, startedAtMs: clock.monotonicMs() }
    timer = clock.setTimer(toMs(head, samples), sound)
    if (head.hasStarted) return
    head.hasStarted = true
    tell('started', head)
  }
  // A listener of an event told above may have started the next piece already.
  const isBusy = (): boolean => sounding !== undefined
  const before = (segment: Segment): number => (utterance.id === segment.utteranceId ? utterance.beforeMs : 0)
  const kick = (): void => {
    if (!isBusy() && !isClosed) sound()
  }

  /** Sends what the mixer makes while nobody speaks. */
  const background = (): void => {
    stopBackground = clock.setTimer(stepMs, () => {
      background()
      if (isBusy() || mixer === undefined) return
      const samples = new Int16Array((stepMs * sampleRateHz) / 1000)
      mixer(samples, false)
      const atMs = clock.monotonicMs()
      sent.add(samples, { rate: sampleRateHz }, atMs)
      for (const listener of taps) listener({ samples, sampleRateHz, channels: 1, position: 0 }, atMs)
    })
  }
  const setAlwaysOn = (next: boolean): void => {
    if (next === isAlwaysOn) return
    isAlwaysOn = next
    stopBackground?.()
    stopBackground = undefined
    if (next) background()
  }

  const clear = (): ClearResult => {
    timer?.()
    timer = undefined
    const head = line[0]
    const positionMs = head === undefined ? 0 : Math.floor(positionOf(head))
    const heardMs = head === undefined ? 0 : Math.floor(before(head) + positionOf(head))
    if (sounding !== undefined) {
      const { segment, startedAtMs } = sounding
      const elapsed = clock.monotonicMs() - startedAtMs
      const samples = Math.min(sounding.samples, Math.round((elapsed * segment.rate) / 1000) * segment.channels)
      recorder.add(slice(segment, segment.played, samples), segment, startedAtMs)
      segment.played += samples
      sounding = undefined
    }
    isPaused = false
    const dropped = line
    line = []
    utterance = { id: '', beforeMs: 0 }
    for (const segment of dropped) settle(segment, true)
    epoch += 1
    const isPlaying = head !== undefined && head.hasStarted
    if (isPlaying) tell('cleared', head, { positionMs }, 0)
    return {
      epoch,
      heardMs,
      ...(isPlaying && { segmentId: head.segmentId, positionMs }),
      confidence: 'confirmed',
    }
  }

  return {
    events: emitter.events,
    on: emitter.on,
    get epoch() {
      return epoch
    },
    open({ utteranceId, segmentId, format, gainDb = 0 }) {
      checkFormat(format)
      const segment: Segment = {
        utteranceId,
        segmentId,
        rate: format.sampleRateHz,
        channels: format.channels,
        gain: 10 ** (gainDb / 20),
        pieces: [],
        captured: 0,
        played: 0,
        isFlushed: false,
        hasStarted: false,
        isSettled: false,
        sinceProgressMs: 0,
        wake: [],
      }
      line.push(segment)
      if (isClosed) {
        line = []
        settle(segment, true)
      }
      return {
        segmentId,
        capture({ samples }) {
          if (segment.isSettled || segment.isFlushed) return 'ok'
          if (queuedMs() >= queueMs) return 'full'
          const copy = samples.slice()
          if (segment.gain !== 1) for (let n = 0; n < copy.length; n++) copy[n] = (copy[n] ?? 0) * segment.gain
          segment.pieces.push(copy)
          segment.captured += copy.length
          kick()
          return 'ok'
        },
        ready() {
          if (segment.isSettled || queuedMs() < queueMs) return Promise.resolve()
          return new Promise((resolve) => segment.wake.push(resolve))
        },
        words() {},
        flush() {
          segment.isFlushed = true
          kick()
        },
      }
    },
    clear,
    pause() {
      if (pauseKind === 'none' || isClosed) return false
      isPaused = true
      return true
    },
    resume() {
      if (!isPaused) return
      isPaused = false
      const head = line[0]
      if (pauseKind === 'rewind' && head !== undefined && !isBusy()) {
        head.played = Math.max(0, head.played - Math.round((rewindMs * head.rate) / 1000) * head.channels)
      }
      kick()
    },
    get queuedMs() {
      return queuedMs()
    },
    get isPlaying() {
      return !isPaused && (isBusy() || line.some((segment) => segment.played < segment.captured))
    },
    get heard() {
      return recorder.pieces
    },
    get sent() {
      return sent.pieces
    },
    setMixer(next, { alwaysOn = false } = {}) {
      if (isClosed) return
      mixer = next
      setAlwaysOn(next !== undefined && alwaysOn)
    },
    tap(listener) {
      taps.add(listener)
      return () => void taps.delete(listener)
    },
    close() {
      if (isClosed) return
      isClosed = true
      setAlwaysOn(false)
      clear()
      for (const dispose of reports) dispose()
      reports.clear()
      emitter.close()
    },
  }
}

function checkFormat({ encoding, channels }: AudioFormat): void {
  if (encoding === 'pcm16' && channels === 1) return
  throw new ParleyError({
    code: 'audio_format_unsupported',
    message: `The virtual output takes mono pcm16, not ${encoding} with ${channels} channels.`,
    details: { encoding, channels },
  })
}

function frameOf(samples: Int16Array, { rate, played }: Segment): AudioFrame {
  return { samples, sampleRateHz: rate, channels: 1, position: played }
}

/** Straight lines between samples: good enough for tones. */
function atRate(samples: Int16Array, from: number, to: number): Int16Array {
  if (from === to) return samples
  return Int16Array.from({ length: Math.round((samples.length * to) / from) }, (_, index) => {
    const at = (index * from) / to
    const left = samples[Math.floor(at)] ?? 0
    return left + ((samples[Math.floor(at) + 1] ?? left) - left) * (at % 1)
  })
}

/** Samples of a segment, over the borders of its pieces. */
function slice(segment: Segment, from: number, count: number): Int16Array {
  const out = new Int16Array(count)
  let at = 0
  for (const piece of segment.pieces) {
    const start = Math.max(from, at)
    const end = Math.min(from + count, at + piece.length)
    if (end > start) out.set(piece.subarray(start - at, end - at), start - from)
    at += piece.length
    if (at >= from + count) break
  }
  return out
}
