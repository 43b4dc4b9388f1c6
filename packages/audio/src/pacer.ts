import { FRAME_MS } from '@parley/spec'
import type { AudioFrame, Clock, SampleRate } from '@parley/spec'

import { fade, FADE_MS } from './fade.ts'
import { checkNumbers, frameSamplesOf } from './format-checks.ts'
import { createFrameQueue } from './frame-queue.ts'
import { TICK_MS, tickOf } from './pacer-tick.ts'

/** Options of `createPacer`. */
export interface PacerOptions<T> {
  clock: Clock
  sampleRateHz: SampleRate
  /** @default 1 */
  channels?: 1 | 2
  /** Length of a frame in milliseconds. @default 20 */
  frameMs?: number
  /** How much is sent at once when sending begins, in milliseconds. @default 80 */
  prebufferMs?: number
  /** How far sending is ahead of playing, in milliseconds. @default 60 */
  headroomMs?: number
  /** How much may wait, in milliseconds. @default 10 000 */
  queueMs?: number
  /** Gets each frame when it is due; frame and info are the same objects each time. */
  send(frame: AudioFrame, info: PacedInfo<T>): void
  /** Called when nothing waits any more: all was sent. Not called by `clear` or `close`. */
  onDrained?(): void
}

/** What comes with a frame. */
export interface PacedInfo<T> {
  /** What its first sample was pushed with. */
  tag: T | undefined
  /** Whether it ends what was flushed; a flush after the last whole frame was sent comes too late to say so. */
  isLast: boolean
}

/** Sends audio at the pace at which it is played, a little ahead. */
export interface Pacer<T> {
  /** Takes audio of any length. Nothing of it is taken if that would be more than may wait. After `close` it is dropped. */
  push(frame: AudioFrame, tag?: T): 'ok' | 'full'
  /** Fills a begun frame with silence, so that it can be sent. */
  flush(): void
  /** Drops all that waits. A frame that would have followed is sent at once, faded out, unless `fade` is false. */
  clear(options?: PacerCut): void
  /** Stops sending; what waits is kept. The next frame is sent at once, faded out at its end, unless `fade` is false. */
  pause(options?: PacerCut): void
  /** Goes on; the first frame is faded in if the last was faded out. */
  resume(): void
  /** What waits, in milliseconds. */
  readonly queuedMs: number
  /** Whether frames are being sent. */
  readonly isRunning: boolean
  /** Resolves when a fifth of the queue is free, or at `close`. */
  ready(): Promise<void>
  /** Drops all and stops. Idempotent. */
  close(): void
}

/** How sending is cut off. */
export interface PacerCut {
  /** Whether one more frame is sent, faded out. Not wanted where the far end stops by itself. @default true */
  fade?: boolean
}

/** After a stall longer than this the schedule begins anew, in milliseconds. */
const stallMs = 200
const known = [
  'clock',
  'sampleRateHz',
  'channels',
  'frameMs',
  'prebufferMs',
  'headroomMs',
  'queueMs',
  'send',
  'onDrained',
]

/**
 * Makes a pacer: frame n is sent at `start + n * frameMs - headroomMs` of the clock, the first ones (`prebufferMs`) at once, in
 * the very call of `push`. Where the far end has run dry, or sending is late by more than 200 ms, the schedule begins anew.
 * All pacers of a clock share one timer. In steady state nothing is allocated per frame.
 * @throws {ParleyError} `invalid_options`
 */
export function createPacer<T = undefined>(options: PacerOptions<T>): Pacer<T> {
  const { clock, sampleRateHz, channels = 1, frameMs = FRAME_MS, send, onDrained } = options
  const { prebufferMs = 80, headroomMs = 60, queueMs = 10_000 } = options
  checkNumbers('A pacer', options, known, {
    channels: { value: channels, min: 1, max: 2 },
    prebufferMs: { value: prebufferMs, min: 0, max: 10_000 },
    headroomMs: { value: headroomMs, min: 0, max: 10_000 },
    queueMs: { value: queueMs, min: frameMs, max: 600_000 },
  })
  const frameSamples = frameSamplesOf('A pacer', sampleRateHz, frameMs)
  const fadeSamples = Math.min(frameSamples, Math.round((sampleRateHz * FADE_MS) / 1_000))
  const queue = createFrameQueue<T>(frameSamples * channels)
  const samples = new Int16Array(frameSamples * channels)
  const frame: AudioFrame = { samples, sampleRateHz, channels, position: 0 }
  const tick = tickOf(clock)
  let position = 0
  /** When what was sent since the anchor began to play; undefined before anything was sent. */
  let startMs: number | undefined
  let sentFrames = 0
  let isTicking = false
  let isPaused = false
  let isFadedOut = false
  let isClosed = false
  let clears = 0
  let waiting: { promise: Promise<void>; resolve: () => void } | undefined

  const queuedMs = (): number => queue.frames * frameMs + (queue.begun / channels / sampleRateHz) * 1_000
  const isDry = (nowMs: number): boolean => startMs === undefined || nowMs >= startMs + sentFrames * frameMs

  const dueMs = (nowMs: number): number => {
    const aheadMs = sentFrames * frameMs
    return aheadMs < prebufferMs ? nowMs : (startMs ?? nowMs) + aheadMs - headroomMs
  }

  const sendNext = (change?: 'fadeOutAll' | 'fadeOutEnd'): void => {
    const taken = queue.take(samples)
    if (taken === undefined) return
    if (isFadedOut) fade(samples, { fromGain: 0, toGain: 1, fadeSamples, channels })
    isFadedOut = false
    if (change !== undefined) {
      const startSample = change === 'fadeOutEnd' ? frameSamples - fadeSamples : 0
      fade(samples, { fromGain: 1, toGain: 0, fadeSamples, startSample, channels })
    }
    frame.position = position
    position += frameSamples
    sentFrames += 1
    send(frame, taken)
  }

  const settle = (): void => {
    if (waiting === undefined || queuedMs() > queueMs * 0.8) return
    waiting.resolve()
    waiting = undefined
  }

  /** Sends what is due; `false` when there is no reason to come again. */
  const pump = (nowMs: number, slackMs: number): boolean => {
    if (isPaused || isClosed || queue.frames === 0) return false
    // Sound that ran out begins anew; sound that was only sent late is caught up with, up to a point.
    if ((!isTicking && isDry(nowMs)) || nowMs - dueMs(nowMs) > stallMs) {
      startMs = nowMs
      sentFrames = 0
    }
    const clearsBefore = clears
    while (!isPaused && !isClosed && queue.frames > 0 && dueMs(nowMs) <= nowMs + slackMs) sendNext()
    settle()
    if (queue.frames > 0) return !isPaused && !isClosed
    if (queue.begun === 0 && !isClosed && clears === clearsBefore) onDrained?.()
    // What was told of it may have pushed more.
    return queue.frames > 0 && !isPaused && !isClosed
  }

  // A frame is sent at the tick nearest to its instant, so half a tick early or late.
  const ticked = {
    tick(nowMs: number): boolean {
      isTicking = pump(nowMs, TICK_MS / 2)
      return isTicking
    },
  }

  const start = (): void => {
    if (!pump(clock.monotonicMs(), 0)) return
    isTicking = true
    tick.add(ticked)
  }

  const stop = (): void => {
    isTicking = false
    tick.remove(ticked)
  }

  const cut = (wantsFade: boolean, change: 'fadeOutAll' | 'fadeOutEnd'): void => {
    if (!wantsFade || isPaused || isDry(clock.monotonicMs())) return
    sendNext(change)
    isFadedOut = change === 'fadeOutEnd'
  }

  return Object.freeze({
    push(pushed: AudioFrame, tag?: T): 'ok' | 'full' {
      if (isClosed) return 'ok'
      const lengthMs = (pushed.samples.length / channels / sampleRateHz) * 1_000
      const before = queuedMs()
      // A piece longer than the whole queue is taken when nothing else waits: it could never be sent otherwise.
      if (before > 0 && before + lengthMs > queueMs) return 'full'
      queue.push(pushed.samples, tag)
      start()
      return 'ok'
    },
    flush(): void {
      if (isClosed) return
      queue.flush()
      start()
    },
    clear({ fade: wantsFade = true }: PacerCut = {}): void {
      stop()
      if (!isClosed) cut(wantsFade, 'fadeOutAll')
      clears += 1
      queue.clear()
      // What follows is other audio, which begins by itself.
      isFadedOut = false
      settle()
    },
    pause({ fade: wantsFade = true }: PacerCut = {}): void {
      if (isPaused || isClosed) return
      stop()
      cut(wantsFade, 'fadeOutEnd')
      isPaused = true
    },
    resume(): void {
      if (!isPaused || isClosed) return
      isPaused = false
      start()
    },
    get queuedMs(): number {
      return queuedMs()
    },
    get isRunning(): boolean {
      return queue.frames > 0 && !isPaused && !isClosed
    },
    ready(): Promise<void> {
      if (isClosed || queuedMs() <= queueMs * 0.8) return Promise.resolve()
      waiting ??= Promise.withResolvers<void>()
      return waiting.promise
    },
    close(): void {
      if (isClosed) return
      isClosed = true
      stop()
      queue.clear()
      waiting?.resolve()
      waiting = undefined
    },
  })
}
