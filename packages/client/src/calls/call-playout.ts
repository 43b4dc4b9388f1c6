import type { CallFrame, CallRate } from '@parley/spec'
import type { CallPlayout, PlayedSamples } from './call-devices.ts'

/** What the person's end says about playout. */
export type PlayoutReport =
  | { type: 'played'; epoch: number; utteranceId: string; positionMs: number; bufferedMs: number; done?: boolean }
  | { type: 'cleared' | 'paused'; epoch: number; positionMs: number }

/** The agent's sound at the person's end: plays frames once, and says how far. */
export interface PlayoutTracker {
  /** Frames that follow are of this segment. */
  segment(segment: { epoch: number; utteranceId: string; phase: 'start' | 'end' }): void
  /** `false` for a frame of an older epoch or codec: it is ignored. */
  frame(frame: CallFrame): boolean
  clear(epoch: number): void
  pause(epoch: number): void
  resume(): void
  readonly underruns: number
}

interface Piece {
  /** Place in all that was pushed, samples. */
  start: number
  length: number
  epoch: number
  utteranceId: string
  /** Of its first sample in the utterance. */
  position: number
  isLast: boolean
}

const maxUtterances = 16

/**
 * Follows what a speaker plays. Frames that come again after a loss are left out as far as they were taken before;
 * background sound, which is of no segment, is played and not reported.
 */
export function createPlayoutTracker({
  device,
  rate,
  epoch: firstEpoch = 0,
  decode,
  send,
}: {
  device: CallPlayout
  rate: CallRate
  /** Frames of older ones are ignored. @default 0 */
  epoch?: number
  /** Samples of a payload; undefined for a codec that is not the call's. */
  decode(frame: CallFrame): Int16Array | undefined
  send(report: PlayoutReport): void
}): PlayoutTracker {
  let epoch = firstEpoch
  let utteranceId = ''
  let pushed = 0
  let pieces: Piece[] = []
  /** Where the next new sample of each utterance is. */
  const next = new Map<string, number>()
  let latest: PlayedSamples = { played: 0, buffered: 0, underruns: 0 }

  const toMs = (samples: number): number => Math.floor((samples * 1_000) / rate)
  const adopt = (newer: number): void => {
    epoch = newer
    next.clear()
  }
  /** What was heard of which utterance when so many samples had sounded. */
  const placeAt = (played: number): { piece: Piece; position: number } | undefined => {
    let found: Piece | undefined
    for (const piece of pieces) {
      if (piece.utteranceId === '') continue
      if (piece.start >= played && found !== undefined) break
      if (piece.start < played || found === undefined) found = piece
    }
    if (found === undefined) return undefined
    return { piece: found, position: found.position + Math.max(0, Math.min(found.length, played - found.start)) }
  }
  const heardSamples = ({ played, buffered }: PlayedSamples): number => {
    // What has ended long enough ago is heard to its end; the speaker counts ahead of the ear.
    const latency = buffered === 0 ? 0 : Math.round((device.outputLatencyMs * rate) / 1_000)
    return Math.max(0, played - latency)
  }
  const positionMs = (progress: PlayedSamples): number => toMs(placeAt(heardSamples(progress))?.position ?? 0)
  const forgetPlayed = (played: number): void => {
    const current = pieces.findLastIndex((piece) => piece.start < played)
    // The piece before is kept: the ear is behind the count.
    if (current > 50) pieces = pieces.slice(current - 50)
  }
  const report = (progress: PlayedSamples): void => {
    latest = progress
    const place = placeAt(heardSamples(progress))
    if (place === undefined || place.piece.epoch !== epoch) return
    const isDone = progress.buffered === 0 && place.piece.isLast
    send({
      type: 'played',
      epoch,
      utteranceId: place.piece.utteranceId,
      positionMs: toMs(place.position),
      bufferedMs: toMs(progress.buffered),
      ...(isDone ? { done: true } : {}),
    })
    forgetPlayed(progress.played)
  }
  device.onProgress(report)

  return {
    segment(segment) {
      if (segment.epoch > epoch) adopt(segment.epoch)
      if (segment.epoch !== epoch) return
      utteranceId = segment.phase === 'start' ? segment.utteranceId : ''
      if (segment.phase === 'start') return
      // The end may be known only after the last frame was sent.
      const last = pieces.findLast((piece) => piece.utteranceId === segment.utteranceId)
      if (last === undefined || last.isLast) return
      last.isLast = true
      device.push(new Int16Array(0), true)
      if (latest.played >= pushed) report(latest)
    },
    frame(frame) {
      if (frame.epoch < epoch) return false
      const samples = decode(frame)
      if (samples === undefined || frame.rate !== rate) return false
      if (frame.epoch > epoch) adopt(frame.epoch)
      const known = utteranceId === '' ? undefined : next.get(utteranceId)
      const repeated = known === undefined ? 0 : Math.max(0, known - frame.position)
      if (repeated >= samples.length) return true
      const fresh = samples.subarray(repeated)
      const position = frame.position + repeated
      pieces.push({ start: pushed, length: fresh.length, epoch, utteranceId, position, isLast: frame.last })
      pushed += fresh.length
      if (utteranceId !== '') {
        next.set(utteranceId, position + fresh.length)
        const oldest = next.keys().next().value
        if (next.size > maxUtterances && oldest !== undefined) next.delete(oldest)
      }
      device.push(fresh, frame.last || utteranceId === '')
      return true
    },
    clear(newer) {
      if (newer <= epoch) return
      adopt(newer)
      utteranceId = ''
      void device.clear().then((progress) => {
        send({ type: 'cleared', epoch: newer, positionMs: positionMs(progress) })
      })
    },
    pause(of) {
      if (of !== epoch) return
      void device.pause().then((progress) => {
        latest = progress
        send({ type: 'paused', epoch: of, positionMs: positionMs(progress) })
      })
    },
    resume: () => device.resume(),
    get underruns() {
      return latest.underruns
    },
  }
}
