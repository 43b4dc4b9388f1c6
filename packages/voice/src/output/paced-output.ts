import { fade, FADE_MS, tickOf } from '@parley/audio'
import {
  createEventEmitter,
  FRAME_MS,
  ParleyError,
  toParleyError,
  type ClearResult,
  type OutputEvent,
  type PositionConfidence,
} from '@parley/spec'
import type { OutputMixer, PacedOutput, PositionSource } from './far-end.ts'
import { createFarMarks } from './far-marks.ts'
import { isAllSent, openSegment, segmentHandle, sentMs, type OpenSegment, type SentFrame } from './open-segment.ts'
import { resolveOutputTimings, type PacedOutputOptions } from './paced-output-options.ts'
import { createPlayoutLine, type PlayoutLine } from './playout-line.ts'
import { createResamplerShelf, createSegmentQueue } from './segment-queue.ts'

/** How far the person has heard an utterance. */
interface Heard {
  segment: OpenSegment
  positionMs: number
  utteranceMs: number
  confidence: PositionConfidence
}

/**
 * Makes the output of an endpoint: takes audio as fast as it is made, sends frames of 20 ms a little ahead of playout, and
 * tells what was played, by the far end's reports, its marks or the clock. The first frame is sent in the very call that
 * captures it when nothing else waits.
 * @throws {ParleyError} `invalid_options`
 */
export function createPacedOutput(options: PacedOutputOptions): PacedOutput {
  const timings = resolveOutputTimings(options)
  const { clock, format, capabilities, link, farBufferMs, onError = () => {} } = options
  const frameSamples = (format.sampleRateHz * FRAME_MS) / 1000
  const fadeSamples = (format.sampleRateHz * FADE_MS) / 1000
  const scratch = new Int16Array(frameSamples * format.channels)
  const silence = new Int16Array(frameSamples * format.channels)
  const emitter = createEventEmitter<OutputEvent>()
  const shelf = createResamplerShelf(format)
  const marks = createFarMarks()
  const tick = tickOf(clock)
  let epoch = 0
  let open: OpenSegment[] = []
  /** Frames that were sent and not played when playout was rewound. */
  let resend: SentFrame[] = []
  let line = newLine()
  let source: PositionSource = firstSource()
  /** When all that was sent will have been played, if the far end plays at once and evenly. */
  let scheduledToMs = 0
  let latencyMs = timings.outputLatencyMs
  /** Speech frames that the far end has to speak of. */
  let unconfirmed = 0
  let lastSignMs = 0
  let watchedFromMs = 0
  let lastUtterance: { id: string; frames: number } | undefined
  let lastHeard: Heard | undefined
  let lastClear: (Heard & { epoch: number }) | undefined
  let isPaused = false
  let isLost = false
  let isClosed = false
  /** The next frame does not go on where the last one ended. */
  let isGap = true
  let fadesIn = false
  let mixer: OutputMixer | undefined
  let isAlwaysOn = false

  function newLine(): PlayoutLine<SentFrame> {
    return createPlayoutLine<SentFrame>({ onPlayed, onConfirmed })
  }
  function firstSource(): PositionSource {
    if (capabilities.played === 'report') return 'report'
    return capabilities.played === 'mark' && link.mark !== undefined ? 'mark' : 'clock'
  }
  const emit = (type: OutputEvent['type'], segment: OpenSegment, more: Partial<OutputEvent>): void => {
    const { utteranceId, segmentId, queue } = segment
    const positionMs = Math.max(segment.toldMs, Math.floor(Math.min(more.positionMs ?? 0, queue.audioMs)))
    segment.toldMs = positionMs
    const confidence = more.confidence ?? 'estimated'
    emitter.emit({ type, epoch, utteranceId, segmentId, atMs: clock.monotonicMs(), ...more, positionMs, confidence })
  }
  const start = (segment: OpenSegment): void => {
    if (segment.isStarted || segment.isSettled) return
    segment.isStarted = true
    emit('started', segment, { confidence: segment.confirmedMs > 0 ? 'confirmed' : 'estimated' })
  }
  const settle = (segment: OpenSegment, more: Partial<OutputEvent>): void => {
    if (segment.isSettled) return
    segment.isSettled = true
    open = open.filter((other) => other !== segment)
    segment.queue.drop()
    segment.waiting?.resolve()
    watchedFromMs = clock.monotonicMs()
    emit('finished', segment, more)
  }

  function onPlayed({ segment, index }: SentFrame): void {
    if (segment === undefined) return
    start(segment)
    segment.playedMs = Math.max(segment.playedMs, (index + 1) * FRAME_MS)
    hear(segment, (index + 1) * FRAME_MS, 'estimated')
    const isWorthTelling = segment.playedMs - segment.toldMs >= timings.progressEveryMs
    if (isWorthTelling && !segment.isSettled) emit('progress', segment, { positionMs: segment.playedMs })
  }
  function onConfirmed({ segment, index }: SentFrame): void {
    if (segment === undefined) return
    unconfirmed -= 1
    segment.confirmedMs = Math.max(segment.confirmedMs, (index + 1) * FRAME_MS)
    hear(segment, (index + 1) * FRAME_MS, 'confirmed')
  }
  function hear(segment: OpenSegment, positionMs: number, confidence: PositionConfidence): void {
    const utteranceMs = segment.utteranceFrames * FRAME_MS + positionMs
    const isSame = lastHeard?.segment.utteranceId === segment.utteranceId
    if (isSame && lastHeard !== undefined && lastHeard.utteranceMs > utteranceMs) return
    if (isSame && lastHeard?.utteranceMs === utteranceMs && confidence === 'estimated') return
    lastHeard = { segment, positionMs, utteranceMs, confidence }
  }

  const limitMs = (): number => (source === 'mark' ? (marks.first?.positionMs ?? Infinity) : Infinity)
  /** Brings the estimate up to date and tells what follows from it. */
  const follow = (nowMs: number): void => {
    if (isLost) return
    const limit = limitMs()
    const positionMs = line.advance(nowMs, limit)
    const sounding = positionMs < limit ? line.soundsAt(nowMs)?.segment : undefined
    if (sounding !== undefined) start(sounding)
    line.forget(line.confirmedMs - timings.rewindMs - FRAME_MS)
    settlePlayed()
  }
  const settlePlayed = (): void => {
    for (let first = open[0]; first !== undefined && isAllSent(first); first = open[0]) {
      if (resend.some(({ segment }) => segment === first)) return
      if ((source === 'clock' ? first.playedMs : first.confirmedMs) < sentMs(first)) return
      // Nothing stands behind a segment without sound, so there is nothing to be unsure of.
      const confidence = source === 'clock' && first.sentFrames > 0 ? 'estimated' : 'confirmed'
      settle(first, { positionMs: first.queue.audioMs, confidence, interrupted: false })
    }
  }
  /** The part of the frame at the playhead that has sounded counts too. */
  const hearPart = (): void => {
    const frame = line.frameAt(line.positionMs)
    const partMs = line.positionMs % FRAME_MS
    if (frame?.segment === undefined || partMs === 0) return
    hear(frame.segment, frame.index * FRAME_MS + partMs, line.confirmedMs >= line.positionMs ? 'confirmed' : 'estimated')
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
    const { utteranceId, segmentId, agentId, kind } = segment
    if (lastUtterance?.id !== utteranceId) lastUtterance = { id: utteranceId, frames: 0 }
    segment.utteranceFrames = lastUtterance.frames
    const known = { ...(agentId !== undefined && { agentId }), ...(kind !== undefined && { kind }) }
    link.segment?.({ phase: 'start', epoch, utteranceId, segmentId, ...known })
  }
  const tellEnd = (segment: OpenSegment): void => {
    if (segment.isEndTold || segment.sentFrames === 0 || !isAllSent(segment)) return
    segment.isEndTold = true
    const { utteranceId, segmentId, queue } = segment
    link.segment?.({ phase: 'end', epoch, utteranceId, segmentId, totalMs: queue.audioMs })
  }
  const markAt = ({ segmentId }: OpenSegment, positionMs: number, nowMs: number): void => {
    if (source !== 'mark' || line.sentMs === 0) return
    const name = `${epoch}:${segmentId}:${positionMs}`
    if (isMarkedAt === line.sentMs) return
    isMarkedAt = line.sentMs
    marks.add({ name, positionMs: line.sentMs, dueAtMs: Math.max(nowMs, scheduledToMs) + latencyMs })
    link.mark?.(name)
  }
  let isMarkedAt = -1

  const send = (frame: SentFrame, nowMs: number): void => {
    const { segment, index } = frame
    scratch.set(frame.samples)
    if (segment !== undefined && fadesIn) {
      fade(scratch, { fromGain: 0, toGain: 1, fadeSamples, channels: format.channels })
      fadesIn = false
    }
    mixer?.(scratch, segment !== undefined)
    const isLast = segment !== undefined && isAllSent(segment) && index === segment.sentFrames - 1
    if (scheduledToMs < nowMs) {
      scheduledToMs = nowMs
      isGap = true
    }
    link.send(scratch, {
      epoch,
      kind: segment === undefined ? 'background' : 'speech',
      utteranceId: segment?.utteranceId ?? '',
      segmentId: segment?.segmentId ?? '',
      positionMs: index * FRAME_MS,
      utteranceSamples: segment === undefined ? 0 : (segment.utteranceFrames + index) * frameSamples,
      isLast,
      gap: isGap,
    })
    isGap = false
    scheduledToMs += FRAME_MS
    const needsConfirming = segment !== undefined && source !== 'clock'
    if (needsConfirming && unconfirmed++ === 0) lastSignMs = nowMs
    line.push(frame, nowMs + latencyMs, needsConfirming)
    if (segment === undefined) return
    const endMs = (index + 1) * FRAME_MS
    if (isLast || endMs % timings.markEveryMs === 0) markAt(segment, endMs, nowMs)
    if (isLast) tellEnd(segment)
  }

  /** Sends what is due. */
  const pump = (nowMs: number): void => {
    if (isLost || isClosed) return
    for (;;) {
      if (isPaused || line.sentMs - line.confirmedMs >= timings.aheadMs) break
      if (scheduledToMs - nowMs > timings.headroomMs) break
      const frame = nextFrame()
      if (frame === undefined) break
      send(frame, nowMs)
    }
    // Background is sent as late as can be, since speech that comes waits behind it.
    const isSilentPause = isPaused && capabilities.pause === 'native'
    while (isAlwaysOn && mixer !== undefined && !isSilentPause && scheduledToMs - nowMs <= FRAME_MS) {
      send({ samples: silence, segment: undefined, index: 0 }, nowMs)
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
    if (segment !== undefined) emit('progress', segment, { positionMs: segment.playedMs, source })
    line.trustClock()
  }
  const checkStall = (nowMs: number): void => {
    const [segment] = open
    if (segment === undefined || !segment.queue.isEnded || isPaused || isLost) return
    if (nowMs < watchedFromMs + segment.queue.audioMs + farBufferMs + timings.stallMs) return
    if (source !== 'clock') replaceSource()
    resend = resend.filter((frame) => frame.segment !== segment)
    settle(segment, { positionMs: segment.playedMs, interrupted: true, stalled: true })
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
        tellEnd(segment)
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
    forgetSent(nowMs)
    resend = [...again.filter(({ segment }) => segment !== undefined && !segment.isSettled), ...resend]
    fadesIn = true
  }
  const forgetSent = (nowMs: number): void => {
    marks.clear()
    line = newLine()
    unconfirmed = 0
    isMarkedAt = -1
    scheduledToMs = nowMs
    isGap = true
  }
  const clearFarEnd = (): void => {
    epoch += 1
    if (capabilities.clear) link.clear?.(epoch)
  }
  const hearingNow = (): Heard | undefined => {
    hearPart()
    return open.some(({ utteranceId }) => utteranceId === lastHeard?.segment.utteranceId) ? lastHeard : undefined
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
        settle(segment, { positionMs: segment.playedMs, interrupted: true })
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
      fadesIn = false
      if (tail !== undefined) {
        // Nothing silences the far end but the sound itself.
        fade(tail.samples, { fromGain: 1, toGain: 0, fadeSamples, channels: format.channels })
        send({ samples: tail.samples, segment: undefined, index: 0 }, nowMs)
      }
      lastClear = heard === undefined ? undefined : { ...heard, epoch: cutEpoch }
      lastHeard = undefined
      lastUtterance = undefined
      const confidence = heard?.confidence ?? 'confirmed'
      if (heard !== undefined) emit('cleared', heard.segment, { epoch: cutEpoch, positionMs: heard.positionMs, confidence })
      for (const segment of open.slice()) {
        const positionMs = segment === heard?.segment ? heard.positionMs : segment.playedMs
        const isSure = segment.sentFrames === 0 || segment.confirmedMs >= positionMs
        const sure = segment === heard?.segment ? confidence : isSure ? 'confirmed' : 'estimated'
        settle(segment, { epoch: cutEpoch, positionMs, confidence: sure, interrupted: true })
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
      if (next >= 0 && Number.isFinite(next)) latencyMs = next
    },
    setMixer(next, { alwaysOn = false } = {}) {
      mixer = next
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
        settle(segment, { positionMs, confidence, interrupted: true })
      }
      shelf.close()
      emitter.close()
    },
  } satisfies PacedOutput)

  function confirm(positionMs: number, nowMs: number): void {
    line.confirm(positionMs, nowMs)
    const heard = lastHeard?.segment
    if (heard !== undefined && !heard.isSettled && heard.confirmedMs < sentMs(heard)) {
      emit('progress', heard, { positionMs: Math.max(heard.confirmedMs, heard.toldMs), confidence: 'confirmed' })
    }
    go()
  }
}
