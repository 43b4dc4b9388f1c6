import { tickOf } from '@parley/audio'
import {
  createEventEmitter,
  FRAME_MS,
  ParleyError,
  toParleyError,
  type ClearResult,
  type OutputEvent,
} from '@parley/spec'
import type { PacedOutput } from './far-end.ts'
import { createFrameSender, isLastOf } from './frame-sender.ts'
import type { Heard } from './heard-tracker.ts'
import { createOneAtATime } from './one-at-a-time.ts'
import { isAllSent, openSegment, segmentHandle, sentMs, type OpenSegment, type SentFrame } from './open-segment.ts'
import { resolveOutputTimings, type PacedOutputOptions } from './paced-output-options.ts'
import { createPlayhead } from './playhead.ts'
import { createSegmentEvents } from './segment-events.ts'
import { createResamplerShelf, createSegmentQueue } from './segment-queue.ts'

/** Utterances whose place is remembered. */
const recentUtterances = 16

/**
 * Makes the output of an endpoint: takes audio as fast as it is made, sends frames of 20 ms a little ahead of playout, and
 * tells what was played, by the far end's reports, its marks or the clock. The first frame is sent in the very call that
 * captures it when nothing else waits.
 * @throws {ParleyError} `invalid_options`
 */
export function createPacedOutput(options: PacedOutputOptions): PacedOutput {
  const timings = resolveOutputTimings(options)
  const { clock, format, capabilities, link, farBufferMs, onError = () => {} } = options
  const emitter = createEventEmitter<OutputEvent>()
  const shelf = createResamplerShelf(format)
  const sender = createFrameSender({ format, link })
  sender.latencyMs = timings.outputLatencyMs
  const tell = createSegmentEvents({
    clock,
    emitter,
    epoch: () => epoch,
    onSettled(segment) {
      open = open.filter((other) => other !== segment)
      watchedFromMs = clock.monotonicMs()
    },
  })
  const playhead = createPlayhead({
    played: capabilities.played,
    link,
    timings,
    onPlayed(segment) {
      tell.start(segment)
      if (segment.playedMs - segment.toldMs < timings.progressEveryMs) return
      tell.progress(segment, { positionMs: segment.playedMs })
    },
  })
  const tick = tickOf(clock)
  const alone = createOneAtATime()
  let epoch = 0
  let open: OpenSegment[] = []
  /** Frames that were sent and not played when playout was rewound. */
  let resend: SentFrame[] = []
  let watchedFromMs = 0
  /** Frames sent of recent utterances, each counted once: one may go on after another. */
  const sentOf = new Map<string, number>()
  let lastClear: (Heard & { epoch: number }) | undefined
  let isPaused = false
  let isLost = false
  let isClosed = false
  let isAlwaysOn = false

  /** Brings the estimate up to date and tells what follows from it. */
  const follow = (nowMs: number): void => {
    if (isLost) return
    const sounding = playhead.follow(nowMs)
    if (sounding !== undefined) tell.start(sounding)
    settlePlayed()
  }
  const settlePlayed = (): void => {
    for (let first = open[0]; first !== undefined && isAllSent(first); first = open[0]) {
      if (resend.some(({ segment }) => segment === first)) return
      const isByClock = playhead.source === 'clock'
      if ((isByClock ? first.playedMs : first.confirmedMs) < sentMs(first)) return
      // A segment without sound leaves nothing to be unsure of.
      const confidence = isByClock && first.sentFrames > 0 ? 'estimated' : 'confirmed'
      tell.finish(first, { positionMs: first.queue.audioMs, confidence, interrupted: false })
    }
  }
  const nextFrame = (): SentFrame | undefined => {
    const again = resend.shift()
    if (again !== undefined) return again
    const segment = open.find((each) => !isAllSent(each))
    const samples = segment?.queue.shift()
    if (segment === undefined || samples === undefined) return undefined
    if (segment.sentFrames === 0) beginSending(segment)
    sentOf.set(segment.utteranceId, (sentOf.get(segment.utteranceId) ?? 0) + 1)
    return { samples, segment, index: segment.sentFrames++ }
  }
  const beginSending = (segment: OpenSegment): void => {
    segment.utteranceFrames = sentOf.get(segment.utteranceId) ?? 0
    const [oldest] = sentOf.keys()
    if (sentOf.size > recentUtterances && oldest !== undefined) sentOf.delete(oldest)
    sender.tellStart(segment, epoch)
  }
  const markAt = ({ segmentId }: OpenSegment, positionMs: number, nowMs: number): void =>
    playhead.mark(`${epoch}:${segmentId}:${positionMs}`, nowMs + sender.aheadMs(nowMs))
  const send = (frame: SentFrame, nowMs: number): void => {
    const { segment, index } = frame
    sender.send(frame, { epoch, nowMs })
    playhead.sent(frame, nowMs)
    if (segment === undefined) return
    const endMs = (index + 1) * FRAME_MS
    const isLast = isLastOf(segment, index)
    if (isLast || endMs % timings.markEveryMs === 0) markAt(segment, endMs, nowMs)
    if (isLast) sender.tellEnd(segment, epoch)
  }

  /** Sends what is due. */
  const pump = (nowMs: number): void => {
    if (isLost || isClosed) return
    for (;;) {
      if (isPaused || playhead.aheadMs >= timings.aheadMs) break
      if (sender.aheadMs(nowMs) > timings.headroomMs) break
      const frame = nextFrame()
      if (frame === undefined) break
      send(frame, nowMs)
    }
    // Background is sent as late as can be, since speech that comes waits behind it.
    const isSilentPause = isPaused && capabilities.pause === 'native'
    while (isAlwaysOn && !isSilentPause && sender.aheadMs(nowMs) <= FRAME_MS) {
      send({ samples: sender.silence, segment: undefined, index: 0 }, nowMs)
    }
    letProducersGoOn()
  }
  const letProducersGoOn = (): void => {
    for (const segment of open) {
      if (segment.waiting === undefined || !hasRoomFor(segment, timings.queueMs / 20)) continue
      segment.waiting.resolve()
      segment.waiting = undefined
    }
  }
  /** The segment that is sent has a queue of its own, so that those behind it cannot fill it up. */
  const hasRoomFor = (segment: OpenSegment, lengthMs: number): boolean => {
    const isFirst = segment === open.find((each) => !isAllSent(each))
    const waitingMs = isFirst ? segment.queue.waitingMs : open.reduce((sum, { queue }) => sum + queue.waitingMs, 0)
    return waitingMs === 0 || waitingMs + lengthMs <= timings.queueMs
  }

  const replaceSource = (): void => {
    const [segment] = open
    if (segment !== undefined) tell.progress(segment, { positionMs: segment.playedMs, source: 'clock' })
    playhead.trustClock()
  }
  const checkStall = (nowMs: number): void => {
    const [segment] = open
    if (segment === undefined || !segment.queue.isEnded || isPaused || isLost) return
    if (nowMs < watchedFromMs + segment.queue.audioMs + farBufferMs + timings.stallMs) return
    if (playhead.source !== 'clock') replaceSource()
    resend = resend.filter((frame) => frame.segment !== segment)
    tell.finish(segment, { positionMs: segment.playedMs, interrupted: true, stalled: true })
    const message = `Segment ${segment.segmentId} was sent, and the far end did not say that it played. It was given up.`
    onError(new ParleyError({ code: 'voice_output_stalled', message, details: { segmentId: segment.segmentId } }))
  }
  const isBusy = (): boolean => {
    if (isClosed || isLost) return false
    if (isAlwaysOn || playhead.unplayedMs > 0) return true
    if (isPaused) return false
    return playhead.unconfirmed > 0 || resend.length > 0 || open.some(({ queue }) => queue.frames > 0 || queue.isEnded)
  }
  const ticked = {
    tick(nowMs: number): boolean {
      alone(() => work(nowMs))
      return isBusy()
    },
  }
  const work = (nowMs: number): void => {
    follow(nowMs)
    if (!isPaused && !isLost && playhead.isSilent(nowMs)) replaceSource()
    pump(nowMs)
    for (const segment of open) {
      if (!isAllSent(segment) || segment.sentFrames === 0 || segment.isEndTold) continue
      // The end came after the last frame had been sent.
      markAt(segment, sentMs(segment), nowMs)
      sender.tellEnd(segment, epoch)
    }
    follow(nowMs)
    checkStall(nowMs)
  }
  /** After anything changed. */
  const go = (): void => {
    if (isClosed) return
    alone(() => work(clock.monotonicMs()))
    if (isBusy()) tick.add(ticked)
  }

  /** Takes back what was not played, to be sent again. */
  const rewind = (nowMs: number): void => {
    follow(nowMs)
    playhead.hearing()
    const again = playhead.unheardFrames().filter(({ segment }) => segment !== undefined && !segment.isSettled)
    playhead.restart()
    sender.restart(nowMs, { fadeIn: true })
    resend = [...again, ...resend]
  }
  const clearFarEnd = (): void => {
    epoch += 1
    if (capabilities.clear) link.clear?.(epoch)
  }
  const hearingNow = (): Heard | undefined => {
    const last = playhead.hearing()
    return open.some(({ utteranceId }) => utteranceId === last?.segment.utteranceId) ? last : undefined
  }

  return Object.freeze({
    events: emitter.events,
    on: emitter.on,
    get epoch() {
      return epoch
    },
    get positionSource() {
      return playhead.source
    },
    get queuedMs() {
      const again = resend.length * FRAME_MS
      const waitingMs = open.reduce((sum, { queue }) => sum + queue.waitingMs, again)
      return Math.ceil(waitingMs + (isAlwaysOn ? 0 : playhead.unplayedMs))
    },
    get isPlaying() {
      if (isPaused || isLost || isClosed) return false
      return playhead.holdsSpeech || resend.length > 0 || open.some(({ queue }) => queue.frames > 0)
    },
    open(asked) {
      const { format: from, utteranceId, segmentId, gainDb = 0 } = asked
      if (isClosed) {
        throw new ParleyError({
          code: 'voice_call_ended',
          message: `Segment ${segmentId} cannot be opened: the call is over.`,
          details: { segmentId },
        })
      }
      const fail = (error: unknown): void => {
        tell.finish(segment, { positionMs: segment.playedMs, interrupted: true })
        const message = `The audio of segment ${segmentId} cannot be converted.`
        onError(toParleyError(error, { code: 'audio_format_unsupported', message, details: { segmentId } }))
      }
      const queue = createSegmentQueue({ from, to: format, gainDb, shelf, onReady: go, onError: fail })
      const segment = openSegment(asked, queue)
      if (open.length === 0) watchedFromMs = clock.monotonicMs()
      open.push(segment)
      return segmentHandle(segment, {
        hasRoomFor,
        changed() {
          if (queue.isEnded && open[0] === segment) watchedFromMs = clock.monotonicMs()
          go()
        },
        words: (words) => link.words?.({ utteranceId, segmentId }, words),
      })
    },
    clear(): ClearResult {
      const nowMs = clock.monotonicMs()
      const cutEpoch = epoch
      clearFarEnd()
      follow(nowMs)
      const heard = hearingNow()
      const isCutHere = !capabilities.clear && !isPaused && !isLost && heard !== undefined
      const tail = isCutHere ? nextFrame() : undefined
      if (isPaused && capabilities.pause === 'native') link.continue?.(epoch)
      isPaused = false
      playhead.restart()
      sender.restart(nowMs)
      resend = []
      if (tail !== undefined) {
        // Nothing silences the far end but the sound itself.
        send({ samples: sender.fadeOut(tail.samples), segment: undefined, index: 0 }, nowMs)
      }
      lastClear = heard === undefined ? undefined : { ...heard, epoch: cutEpoch }
      playhead.forgetHeard()
      sentOf.clear()
      const confidence = heard?.confidence ?? 'confirmed'
      if (heard !== undefined)
        tell.cleared(heard.segment, { epoch: cutEpoch, positionMs: heard.positionMs, confidence })
      for (const segment of open.slice()) {
        const positionMs = segment === heard?.segment ? heard.positionMs : segment.playedMs
        const isSure = segment.sentFrames === 0 || segment.confirmedMs >= positionMs
        const sure = segment === heard?.segment ? confidence : isSure ? 'confirmed' : 'estimated'
        tell.finish(segment, { epoch: cutEpoch, positionMs, confidence: sure, interrupted: true })
      }
      go()
      if (heard === undefined) return { epoch, heardMs: 0, confidence }
      const { segment, utteranceMs, positionMs } = heard
      const at = Math.floor(Math.min(positionMs, segment.queue.audioMs))
      return { epoch, heardMs: Math.floor(utteranceMs), segmentId: segment.segmentId, positionMs: at, confidence }
    },
    pause() {
      if (capabilities.pause === 'none' || isClosed) return false
      if (isPaused) return true
      const nowMs = clock.monotonicMs()
      if (capabilities.pause === 'native') {
        link.pause?.(epoch)
        follow(nowMs)
        playhead.freeze(nowMs)
      } else {
        clearFarEnd()
        rewind(nowMs)
      }
      isPaused = true
      go()
      return true
    },
    resume() {
      if (!isPaused) return
      const nowMs = clock.monotonicMs()
      isPaused = false
      watchedFromMs = nowMs
      playhead.awaitSign(nowMs)
      if (capabilities.pause === 'native') {
        link.continue?.(epoch)
        playhead.unfreeze(nowMs)
      }
      go()
    },
    played(report) {
      if (report.epoch !== epoch || isClosed) return
      if (playhead.reported(report, clock.monotonicMs())) confirmed()
    },
    markPlayed(name) {
      if (!isClosed && !isLost && playhead.marked(name, clock.monotonicMs())) confirmed()
    },
    cleared(report) {
      if (lastClear === undefined || report.epoch !== epoch || isClosed || !(report.positionMs >= 0)) return
      const { segment, epoch: cutEpoch } = lastClear
      lastClear = undefined
      const positionMs = Math.floor(report.positionMs) - segment.utteranceFrames * FRAME_MS
      const { utteranceId, segmentId } = segment
      const known = {
        epoch: cutEpoch,
        utteranceId,
        segmentId,
        confidence: 'confirmed',
        atMs: clock.monotonicMs(),
      } as const
      emitter.emit({ type: 'cleared', ...known, positionMs: Math.min(Math.max(0, positionMs), segment.queue.audioMs) })
    },
    setOutputLatency(next) {
      if (next >= 0 && Number.isFinite(next)) sender.latencyMs = playhead.latencyMs = next
    },
    tap: (listener) => sender.tap(listener),
    setMixer(next, { alwaysOn = false } = {}) {
      sender.mixer = next
      isAlwaysOn = next !== undefined && alwaysOn
      go()
    },
    lost() {
      if (isLost || isClosed) return
      const nowMs = clock.monotonicMs()
      follow(nowMs)
      playhead.freeze(nowMs)
      isLost = true
    },
    resumed() {
      if (!isLost || isClosed) return
      isLost = false
      const nowMs = clock.monotonicMs()
      playhead.unfreeze(nowMs)
      clearFarEnd()
      rewind(nowMs)
      watchedFromMs = nowMs
      playhead.awaitSign(nowMs)
      go()
    },
    close() {
      if (isClosed) return
      follow(clock.monotonicMs())
      const heard = hearingNow()
      isClosed = true
      tick.remove(ticked)
      for (const segment of open.slice()) {
        const { positionMs, confidence } =
          heard?.segment === segment ? heard : { positionMs: segment.playedMs, confidence: 'estimated' as const }
        tell.finish(segment, { positionMs, confidence, interrupted: true })
      }
      shelf.close()
      emitter.close()
    },
  } satisfies PacedOutput)

  function confirmed(): void {
    const heard = playhead.hearing()?.segment
    if (heard !== undefined && heard.confirmedMs < sentMs(heard)) {
      tell.progress(heard, { positionMs: heard.confirmedMs, confidence: 'confirmed' })
    }
    go()
  }
}
