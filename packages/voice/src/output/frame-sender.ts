import { fade, FADE_MS } from '@parley/audio'
import { FRAME_MS, type AudioFormat, type AudioFrame, type Disposer, type OutputMixer } from '@parley/spec'
import type { FarEnd } from './far-end.ts'
import { isAllSent, type OpenSegment, type SentFrame } from './open-segment.ts'

/** Puts frames on the wire and knows how far ahead of playout they are. */
export interface FrameSender {
  /** Sends one frame at an instant; without a segment it is background. */
  send(frame: SentFrame, options: { epoch: number; nowMs: number }): void
  /** How much of what was sent cannot have been played by then, were it played at once and evenly. */
  aheadMs(nowMs: number): number
  /** A frame of silence, for background. */
  readonly silence: Int16Array
  /** What follows does not go on where the sound was; `fadeIn`: it begins in the middle of a sound. */
  restart(nowMs: number, options?: { fadeIn?: boolean }): void
  fadeOut(samples: Int16Array): Int16Array
  tellStart(segment: OpenSegment, epoch: number): void
  /** Tells once that all of a segment has been sent, if it has. */
  tellEnd(segment: OpenSegment, epoch: number): void
  mixer: OutputMixer | undefined
  /** What lies between the schedule and the person's ear, in ms. */
  latencyMs: number
  /** Hears each frame as it is sent, with the instant it is audible. */
  tap(listener: (frame: AudioFrame, audibleAtMs: number) => void): Disposer
}

/** Makes the sender of one output. */
export function createFrameSender({ format, link }: { format: AudioFormat; link: FarEnd }): FrameSender {
  const { channels } = format
  const frameSamples = (format.sampleRateHz * FRAME_MS) / 1000
  const fadeSamples = (format.sampleRateHz * FADE_MS) / 1000
  const scratch = new Int16Array(frameSamples * channels)
  /** When all that was sent will have been played. */
  let scheduledToMs = 0
  let isGap = true
  let fadesIn = false
  let sentSamples = 0
  const taps = new Set<(frame: AudioFrame, audibleAtMs: number) => void>()

  const sender: FrameSender = {
    silence: new Int16Array(frameSamples * channels),
    mixer: undefined,
    latencyMs: 0,
    tap(listener) {
      taps.add(listener)
      return () => void taps.delete(listener)
    },
    aheadMs: (nowMs) => Math.max(0, scheduledToMs - nowMs),
    restart(nowMs, { fadeIn = false } = {}) {
      scheduledToMs = nowMs
      isGap = true
      fadesIn = fadeIn
    },
    fadeOut: (samples) => fade(samples, { fromGain: 1, toGain: 0, fadeSamples, channels }),
    send({ samples, segment, index }, { epoch, nowMs }) {
      scratch.set(samples)
      if (segment !== undefined && fadesIn) {
        fade(scratch, { fromGain: 0, toGain: 1, fadeSamples, channels })
        fadesIn = false
      }
      sender.mixer?.(scratch, segment !== undefined)
      if (scheduledToMs < nowMs) {
        // The far end has run dry: the schedule begins anew instead of catching up in a burst.
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
        isLast: segment !== undefined && isLastOf(segment, index),
        gap: isGap,
      })
      if (taps.size > 0) {
        const { sampleRateHz } = format
        const frame: AudioFrame = { samples: scratch, sampleRateHz, channels, position: sentSamples }
        for (const listener of taps) listener(frame, scheduledToMs + sender.latencyMs)
      }
      sentSamples += frameSamples
      isGap = false
      scheduledToMs += FRAME_MS
    },
    tellStart({ utteranceId, segmentId, agentId, kind }, epoch) {
      const known = { ...(agentId !== undefined && { agentId }), ...(kind !== undefined && { kind }) }
      link.segment?.({ phase: 'start', epoch, utteranceId, segmentId, ...known })
    },
    tellEnd(segment, epoch) {
      if (segment.isEndTold || segment.sentFrames === 0 || !isAllSent(segment)) return
      segment.isEndTold = true
      const { utteranceId, segmentId, queue } = segment
      link.segment?.({ phase: 'end', epoch, utteranceId, segmentId, totalMs: queue.audioMs })
    },
  }
  return sender
}

/** Whether the segment ends with its frame of that number; a flush after the last frame was sent comes too late to say so. */
export function isLastOf(segment: OpenSegment, index: number): boolean {
  return isAllSent(segment) && index === segment.sentFrames - 1
}
