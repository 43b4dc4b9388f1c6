import { tickOf } from '@parley/audio'
import {
  createEventEmitter,
  FRAME_MS,
  ParleyError,
  toParleyError,
  type ClearResult,
  type OutputEvent,
} from '@parley/spec'
import type { PacedOutput, PositionSource } from './far-end.ts'
import { createFarMarks } from './far-marks.ts'
import { createFrameSender, isLastOf } from './frame-sender.ts'
import { createHeardTracker, type Heard } from './heard-tracker.ts'
import { isAllSent, openSegment, segmentHandle, sentMs, type OpenSegment, type SentFrame } from './open-segment.ts'
import { resolveOutputTimings, type PacedOutputOptions } from './paced-output-options.ts'
import { createPlayoutLine, type PlayoutLine } from './playout-line.ts'
import { createSegmentEvents } from './segment-events.ts'
import { createResamplerShelf, createSegmentQueue } from './segment-queue.ts'

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
  const marks = createFarMarks()
  const heardOf = createHeardTracker()
  const sender = createFrameSender({ format, link })
  const tell = createSegmentEvents({
    clock,
    emitter,
    epoch: () => epoch,
    onSettled(segment) {
      open = open.filter((other) => other !== segment)
      watchedFromMs = clock.monotonicMs()
    },
  })
  const tick = tickOf(clock)
  let epoch = 0
  let open: OpenSegment[] = []
  /** Frames that were sent and not played when playout was rewound. */
  let resend: SentFrame[] = []
  let line = newLine()
  let source: PositionSource = firstSource()
  let latencyMs = timings.outputLatencyMs
  /** Speech frames that the far end has to speak of. */
  let unconfirmed = 0
  let lastSignMs = 0
  let watchedFromMs = 0
  let lastUtterance: { id: string; frames: number } | undefined
  let lastClear: (Heard & { epoch: number }) | undefined
  let isPaused = false
  let isLost = false
  let isClosed = false
  let isAlwaysOn = false
  let markedMs = -1

  function newLine(): PlayoutLine<SentFrame> {
    return createPlayoutLine<SentFrame>({ onPlayed, onConfirmed })
  }
  function firstSource(): PositionSource {
    if (capabilities.played === 'report') return 'report'
    return capabilities.played === 'mark' && link.mark !== undefined ? 'mark' : 'clock'
  }
  function onPlayed({ segment, index }: SentFrame): void {
    if (segment === undefined) return
    tell.start(segment)
    segment.playedMs = Math.max(segment.playedMs, (index + 1) * FRAME_MS)
    heardOf.hear(segment, (index + 1) * FRAME_MS, 'estimated')
    const isWorthTelling = segment.playedMs - segment.toldMs >= timings.progressEveryMs
    if (isWorthTelling) tell.progress(segment, { positionMs: segment.playedMs })
  }
  function onConfirmed({ segment, index }: SentFrame): void {
    if (segment === undefined) return
    unconfirmed -= 1
    segment.confirmedMs = Math.max(segment.confirmedMs, (index + 1) * FRAME_MS)
    heardOf.hear(segment, (index + 1) * FRAME_MS, 'confirmed')
  }
  const limitMs = (): number => (source === 'mark' ? (marks.first?.positionMs ?? Infinity) : Infinity)
  /** Brings the estimate up to date and tells what follows from it. */
  const follow = (nowMs: number): void => {
    if (isLost) return
    const limit = limitMs()
    const positionMs = line.advance(nowMs, limit)
    const sounding = positionMs < limit ? line.soundsAt(nowMs)?.segment : undefined
    if (sounding !== undefined) tell.start(sounding)
    line.forget(line.confirmedMs - timings.rewindMs - FRAME_MS)
    settlePlayed()
  }
  const settlePlayed = (): void => {
    for (let first = open[0]; first !== undefined && isAllSent(first); first = open[0]) {
      if (resend.some(({ segment }) => segment === first)) return
      if ((source === 'clock' ? first.playedMs : first.confirmedMs) < sentMs(first)) return
      // Nothing stands behind a segment without sound, so there is nothing to be unsure of.
      const confidence = source === 'clock' && first.sentFrames > 0 ? 'estimated' : 'confirmed'
      tell.finish(first, { positionMs: first.queue.audioMs, confidence, interrupted: false })
    }
  }
  /** The part of the frame at the playhead that has sounded counts too. */
  const hearPart = (): void => {
    const frame = line.frameAt(line.positionMs)
    const partMs = line.positionMs % FRAME_MS
    if (frame?.segment === undefined || partMs === 0) return
    const confidence = line.confirmedMs >= line.positionMs ? 'confirmed' : 'estimated'
    heardOf.hear(frame.segment, frame.index * FRAME_MS + partMs, confidence)
  }

  const nextFrame = (): SentFrame | undefined => {
    const again = resend.shift()
    if (again !== undefined) return again
    const segment = open.find((each) => !isAllSent(each))
    const samples = segment?.queue.shift()
    if (segment === undefined || samples === undefined) return undefined
    if (segment.sentFrames === 0) beginSending(segment)
    if (lastUtterance !== undefined) lastUtterance.frames += 1
    return { samples, segment, index: segment.sentFrames++ }
  }
  const beginSending = (segment: OpenSegment): void => {
    const { utteranceId } = segment
    if (lastUtterance?.id !== utteranceId) lastUtterance = { id: utteranceId, frames: 0 }
    segment.utteranceFrames = lastUtterance.frames
    sender.tellStart(segment, epoch)
  }
  const markAt = ({ segmentId }: OpenSegment, positionMs: number, nowMs: number): void => {
    if (source !== 'mark' || markedMs === line.sentMs) return
    markedMs = line.sentMs
    const name = `${epoch}:${segmentId}:${positionMs}`
    marks.add({ name, positionMs: line.sentMs, dueAtMs: nowMs + sender.aheadMs(nowMs) + latencyMs })
    link.mark?.(name)
  }
  const send = (frame: SentFrame, nowMs: number): void => {
    const { segment, index } = frame
    sender.send(frame, { epoch, nowMs })
    const needsConfirming = segment !== undefined && source !== 'clock'
    if (needsConfirming && unconfirmed++ === 0) lastSignMs = nowMs
    line.push(frame, nowMs + latencyMs, needsConfirming)
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
      if (isPaused || line.sentMs - line.confirmedMs >= timings.aheadMs) break
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
      if (segment.waiting === undefined || !hasRoomFor(segment, timings.queueMs / 5)) continue
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

  const checkSource = (nowMs: number): void => {
    if (source === 'clock' || unconfirmed === 0 || isPaused || isLost) return
    const expectedMs = source === 'report' ? lastSignMs : Math.max(lastSignMs, marks.first?.dueAtMs ?? nowMs)
    if (nowMs - expectedMs > timings.sourceSilentMs) replaceSource()
  }
  const replaceSource = (): void => {
    source = 'clock'
    marks.clear()
    unconfirmed = 0
    const [segment] = open
    if (segment !== undefined) tell.progress(segment, { positionMs: segment.playedMs, source })
    line.trustClock()
  }
  const checkStall = (nowMs: number): void => {
    const [segment] = open
    if (segment === undefined || !segment.queue.isEnded || isPaused || isLost) return
    if (nowMs < watchedFromMs + segment.queue.audioMs + farBufferMs + timings.stallMs) return
    if (source !== 'clock') replaceSource()
    resend = resend.filter((frame) => frame.segment !== segment)
    tell.finish(segment, { positionMs: segment.playedMs, interrupted: true, stalled: true })
    const message = `Segment ${segment.segmentId} was sent, and the far end did not say that it played. It was given up.`
    onError(new ParleyError({ code: 'voice_output_stalled', message, details: { segmentId: segment.segmentId } }))
  }
  const isBusy = (): boolean => {
    if (isClosed || isLost) return false
    if (isAlwaysOn || line.positionMs < line.sentMs) return true
    return !isPaused && (unconfirmed > 0 || resend.length > 0 || open.some(({ queue }) => queue.frames > 0 || queue.isEnded))
  }
  const ticked = {
    tick(nowMs: number): boolean {
      follow(nowMs)
      checkSource(nowMs)
      pump(nowMs)
      follow(nowMs)
      checkStall(nowMs)
      return isBusy()
    },
  }
  /** After anything changed. */
  const go = (): void => {
    if (isClosed) return
    const nowMs = clock.monotonicMs()
    follow(nowMs)
    pump(nowMs)
    for (const segment of open) {
      // The end came after the last frame had been sent.
      if (isAllSent(segment) && segment.sentFrames > 0 && !segment.isEndTold) {
        markAt(segment, sentMs(segment), nowMs)
        sender.tellEnd(segment, epoch)
      }
    }
    follow(nowMs)
    if (isBusy()) tick.add(ticked)
  }

  /** Takes back what was not played, to be sent again. */
  const rewind = (nowMs: number): void => {
    follow(nowMs)
    hearPart()
    const again = line.from(Math.max(0, line.confirmedMs - timings.rewindMs))
    forgetSent(nowMs, { fadeIn: true })
    resend = [...again.filter(({ segment }) => segment !== undefined && !segment.isSettled), ...resend]
  }
  const forgetSent = (nowMs: number, how?: { fadeIn: boolean }): void => {
    marks.clear()
    line = newLine()
    unconfirmed = 0
    markedMs = -1
    sender.restart(nowMs, how)
  }
  const clearFarEnd = (): void => {
    epoch += 1
    if (capabilities.clear) link.clear?.(epoch)
  }
  const hearingNow = (): Heard | undefined => {
    hearPart()
    const { last } = heardOf
    return open.some(({ utteranceId }) => utteranceId === last?.segment.utteranceId) ? last : undefined
  }

  return Object.freeze({
    events: emitter.events,
    on: emitter.on,
    get epoch() {
      return epoch
    },
    get positionSource() {
      return source
    },
    get queuedMs() {
      const again = resend.length * FRAME_MS
      const waitingMs = open.reduce((sum, { queue }) => sum + queue.waitingMs, again)
      return Math.ceil(waitingMs + (isAlwaysOn ? 0 : line.sentMs - line.positionMs))
    },
    get isPlaying() {
      if (isPaused || isLost || isClosed) return false
      const isOnItsWay = line.from(line.positionMs).some(({ segment }) => segment !== undefined)
      return isOnItsWay || resend.length > 0 || open.some(({ queue }) => queue.frames > 0)
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
      const tail = capabilities.clear || isPaused || isLost ? undefined : nextFrame()
      if (isPaused && capabilities.pause === 'native') link.continue?.(epoch)
      isPaused = false
      forgetSent(nowMs)
      resend = []
      if (tail !== undefined) {
        // Nothing silences the far end but the sound itself.
        send({ samples: sender.fadeOut(tail.samples), segment: undefined, index: 0 }, nowMs)
      }
      lastClear = heard === undefined ? undefined : { ...heard, epoch: cutEpoch }
      heardOf.forget()
      lastUtterance = undefined
      const confidence = heard?.confidence ?? 'confirmed'
      if (heard !== undefined) tell.cleared(heard.segment, { epoch: cutEpoch, positionMs: heard.positionMs, confidence })
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
        line.freeze(nowMs)
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
      lastSignMs = watchedFromMs = nowMs
      if (capabilities.pause === 'native') {
        link.continue?.(epoch)
        line.unfreeze(nowMs)
      }
      go()
    },
    played({ epoch: of, utteranceId, positionMs }) {
      if (of !== epoch || source !== 'report' || isClosed || !(positionMs >= 0)) return
      const nowMs = clock.monotonicMs()
      lastSignMs = nowMs
      // A millisecond or two that the far end lost in converting do not keep a segment open.
      const frames = Math.floor((positionMs + FRAME_MS / 4) / FRAME_MS)
      const partMs = Math.max(0, positionMs - frames * FRAME_MS)
      const isEnd = (frame: SentFrame, end: number): boolean =>
        frame.segment?.utteranceId === utteranceId && frame.segment.utteranceFrames + frame.index + 1 === end
      const startMs = line.find((frame) => isEnd(frame, frames + 1))
      const endMs = startMs === undefined ? line.find((frame) => isEnd(frame, frames)) : undefined
      const ofLineMs = startMs !== undefined ? startMs + partMs : endMs !== undefined ? endMs + FRAME_MS : undefined
      if (ofLineMs !== undefined) confirm(ofLineMs, nowMs)
    },
    markPlayed(name) {
      if (isClosed || isLost) return
      const mark = marks.take(name)
      if (mark === undefined) return
      lastSignMs = clock.monotonicMs()
      confirm(mark.positionMs, lastSignMs)
    },
    cleared(report) {
      if (lastClear === undefined || report.epoch !== epoch || isClosed || !(report.positionMs >= 0)) return
      const { segment, epoch: cutEpoch } = lastClear
      lastClear = undefined
      const positionMs = Math.floor(report.positionMs) - segment.utteranceFrames * FRAME_MS
      const { utteranceId, segmentId } = segment
      const known = { epoch: cutEpoch, utteranceId, segmentId, confidence: 'confirmed', atMs: clock.monotonicMs() } as const
      emitter.emit({ type: 'cleared', ...known, positionMs: Math.min(Math.max(0, positionMs), segment.queue.audioMs) })
    },
    setOutputLatency(next) {
      if (next >= 0 && Number.isFinite(next)) sender.latencyMs = latencyMs = next
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
      line.freeze(nowMs)
      isLost = true
    },
    resumed() {
      if (!isLost || isClosed) return
      isLost = false
      const nowMs = clock.monotonicMs()
      line.unfreeze(nowMs)
      clearFarEnd()
      rewind(nowMs)
      lastSignMs = watchedFromMs = nowMs
      go()
    },
    close() {
      if (isClosed) return
      follow(clock.monotonicMs())
      const heard = hearingNow()
      isClosed = true
      tick.remove(ticked)
      for (const segment of open.slice()) {
        const { positionMs, confidence } = heard?.segment === segment ? heard : { positionMs: segment.playedMs, confidence: 'estimated' as const }
        tell.finish(segment, { positionMs, confidence, interrupted: true })
      }
      shelf.close()
      emitter.close()
    },
  } satisfies PacedOutput)

  function confirm(positionMs: number, nowMs: number): void {
    line.confirm(positionMs, nowMs)
    const heard = heardOf.last?.segment
    if (heard !== undefined && heard.confirmedMs < sentMs(heard)) {
      tell.progress(heard, { positionMs: heard.confirmedMs, confidence: 'confirmed' })
    }
    go()
  }
}
