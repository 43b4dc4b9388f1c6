import { FRAME_MS, type EndpointInfo } from '@parley/spec'
import type { FarEnd, PlayedReport, PositionSource } from './far-end.ts'
import { createFarMarks } from './far-marks.ts'
import { createHeardTracker, type Heard } from './heard-tracker.ts'
import type { OpenSegment, SentFrame } from './open-segment.ts'
import type { OutputTimings } from './paced-output-options.ts'
import { createPlayoutLine, type PlayoutLine } from './playout-line.ts'

/** Where the person's ear is in what was sent: by the far end's reports, its marks, or the clock. */
export interface Playhead {
  readonly source: PositionSource
  /** What was sent and is not played by the estimate, ms. */
  readonly unplayedMs: number
  /** What was sent and not confirmed, ms. */
  readonly aheadMs: number
  /** Speech frames that the far end has to speak of. */
  readonly unconfirmed: number
  /** Whether speech is on its way. */
  readonly holdsSpeech: boolean
  /** From our sending to the person's ear, ms. */
  latencyMs: number
  sent(frame: SentFrame, nowMs: number): void
  /** Has the far end tell when what was sent so far has been played, where it can; `dueAtMs` is when that should be. */
  mark(name: string, dueAtMs: number): void
  /** Brings the estimate up to date; gives the segment that sounds. */
  follow(nowMs: number): OpenSegment | undefined
  /** Takes a report of the far end; `false` if it is of nothing that was sent. */
  reported(report: PlayedReport, nowMs: number): boolean
  marked(name: string, nowMs: number): boolean
  /** Whether the source has said nothing for too long. */
  isSilent(nowMs: number): boolean
  /** The silence that counts begins now. */
  awaitSign(nowMs: number): void
  trustClock(): void
  freeze(nowMs: number): void
  unfreeze(nowMs: number): void
  /** What was heard of the utterance that sounded last. */
  hearing(): Heard | undefined
  forgetHeard(): void
  /** Frames from a little before the last confirmed one. */
  unheardFrames(): SentFrame[]
  /** The far end has dropped what it was sent. */
  restart(): void
}

/** Makes the playhead of one output. */
export function createPlayhead(options: {
  played: EndpointInfo['capabilities']['played']
  link: FarEnd
  timings: OutputTimings
  /** A frame of a segment has been played, by the estimate; again after it was sent again. */
  onPlayed(segment: OpenSegment): void
}): Playhead {
  const { played, link, timings, onPlayed } = options
  const marks = createFarMarks()
  const heard = createHeardTracker()
  let source: PositionSource = played === 'mark' && link.mark === undefined ? 'clock' : played
  let line = newLine()
  let unconfirmed = 0
  let lastSignMs = 0
  let markedMs = -1

  function newLine(): PlayoutLine<SentFrame> {
    // Who hears of a frame may clear everything, and the rest of the old line is nobody's then.
    const own = createPlayoutLine<SentFrame>({
      onPlayed({ segment, index }) {
        if (segment === undefined || own !== line) return
        const endMs = (index + 1) * FRAME_MS
        segment.playedMs = Math.max(segment.playedMs, endMs)
        heard.hear(segment, endMs, 'estimated')
        onPlayed(segment)
      },
      onConfirmed({ segment, index }) {
        if (segment === undefined || own !== line) return
        unconfirmed -= 1
        const endMs = (index + 1) * FRAME_MS
        segment.confirmedMs = Math.max(segment.confirmedMs, endMs)
        heard.hear(segment, endMs, 'confirmed')
      },
    })
    return own
  }
  const confirm = (positionMs: number, nowMs: number): void => {
    lastSignMs = nowMs
    line.confirm(positionMs, nowMs)
  }
  /** Position on the line of what an utterance's own position means. */
  const placeOf = ({ utteranceId, positionMs }: PlayedReport): number | undefined => {
    // A millisecond or two that the far end lost in converting do not keep a segment open.
    const frames = Math.floor((positionMs + FRAME_MS / 4) / FRAME_MS)
    const partMs = Math.max(0, positionMs - frames * FRAME_MS)
    const endingAt = (end: number): number | undefined =>
      line.find(
        ({ segment, index }) => segment?.utteranceId === utteranceId && segment.utteranceFrames + index + 1 === end,
      )
    const startMs = endingAt(frames + 1)
    if (startMs !== undefined) return startMs + partMs
    const lastMs = endingAt(frames)
    return lastMs === undefined ? undefined : lastMs + FRAME_MS
  }

  const playhead: Playhead = {
    latencyMs: timings.outputLatencyMs,
    get source() {
      return source
    },
    get unplayedMs() {
      return line.sentMs - line.positionMs
    },
    get aheadMs() {
      return line.sentMs - line.confirmedMs
    },
    get unconfirmed() {
      return unconfirmed
    },
    get holdsSpeech() {
      return line.from(line.positionMs).some(({ segment }) => segment !== undefined)
    },
    sent(frame, nowMs) {
      const needsConfirming = frame.segment !== undefined && source !== 'clock'
      if (needsConfirming && unconfirmed++ === 0) lastSignMs = nowMs
      line.push(frame, nowMs + playhead.latencyMs, needsConfirming)
    },
    mark(name, dueAtMs) {
      if (source !== 'mark' || markedMs === line.sentMs) return
      markedMs = line.sentMs
      marks.add({ name, positionMs: line.sentMs, dueAtMs: dueAtMs + playhead.latencyMs })
      link.mark?.(name)
    },
    follow(nowMs) {
      // Until the next mark comes back, the clock does not pass it.
      const limitMs = source === 'mark' ? (marks.first?.positionMs ?? Infinity) : Infinity
      const positionMs = line.advance(nowMs, limitMs)
      line.forget(line.confirmedMs - timings.rewindMs - FRAME_MS)
      return positionMs < limitMs ? line.soundsAt(nowMs)?.segment : undefined
    },
    reported(report, nowMs) {
      if (source !== 'report' || !(report.positionMs >= 0)) return false
      lastSignMs = nowMs
      const placeMs = placeOf(report)
      if (placeMs !== undefined) confirm(placeMs, nowMs)
      return placeMs !== undefined
    },
    marked(name, nowMs) {
      const mark = marks.take(name)
      if (mark !== undefined) confirm(mark.positionMs, nowMs)
      return mark !== undefined
    },
    isSilent(nowMs) {
      if (source === 'clock' || unconfirmed === 0) return false
      const expectedMs = source === 'report' ? lastSignMs : Math.max(lastSignMs, marks.first?.dueAtMs ?? nowMs)
      return nowMs - expectedMs > timings.sourceSilentMs
    },
    awaitSign: (nowMs) => void (lastSignMs = nowMs),
    trustClock() {
      source = 'clock'
      marks.clear()
      unconfirmed = 0
      line.trustClock()
    },
    freeze: (nowMs) => line.freeze(nowMs),
    unfreeze: (nowMs) => line.unfreeze(nowMs),
    hearing() {
      // The part of the frame at the playhead that has sounded counts too.
      const frame = line.frameAt(line.positionMs)
      const partMs = line.positionMs % FRAME_MS
      if (frame?.segment !== undefined && partMs > 0) {
        const confidence = line.confirmedMs >= line.positionMs ? 'confirmed' : 'estimated'
        heard.hear(frame.segment, frame.index * FRAME_MS + partMs, confidence)
      }
      return heard.last
    },
    forgetHeard: () => heard.forget(),
    unheardFrames: () => line.from(Math.max(0, line.confirmedMs - timings.rewindMs)),
    restart() {
      marks.clear()
      line = newLine()
      unconfirmed = 0
      markedMs = -1
    },
  }
  return playhead
}
