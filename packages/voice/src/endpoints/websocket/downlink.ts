import { encodePcma, encodePcmu } from '@parley/audio'
import type { CallFrame } from '@parley/spec'
import type { FarEnd, FarFrame, FarSegment } from '../../output/far-end.ts'
import type { CallAudio } from './call-audio.ts'
import type { UnnumberedMessage } from './message-log.ts'

const maxKnownSegments = 64
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Speech on its way to a person's end: frames, and which segment they are of. */
export interface Downlink {
  readonly link: FarEnd
  /** The utterance whose frames were sent last. */
  readonly playing: string | undefined
}

/**
 * Makes the wire of an output. A segment is announced before each run of its frames, also where some are sent again,
 * so that the person's end always knows what it plays.
 */
export function createDownlink({
  audio,
  send,
  sendFrame,
}: {
  audio: CallAudio['down']
  send(message: UnnumberedMessage): void
  sendFrame(frame: CallFrame): void
}): Downlink {
  const known = new Map<string, FarSegment>()
  let announced: string | undefined
  let playing: string | undefined
  let sequence = 0

  const announce = ({ epoch, utteranceId, segmentId }: FarFrame): void => {
    if (announced === segmentId) return
    announced = segmentId
    playing = utteranceId
    const { agentId = null, kind = 'reply' } = known.get(segmentId) ?? {}
    send({ type: 'segment', epoch, utteranceId, segmentId, agentId, kind, phase: 'start' })
  }

  return {
    link: {
      send(samples, frame) {
        if (frame.kind === 'speech') announce(frame)
        sendFrame({
          codec: audio.codec,
          rate: audio.rate,
          gap: frame.gap,
          last: frame.isLast,
          priority: false,
          sequence,
          position: frame.utteranceSamples,
          epoch: frame.epoch,
          payload: encode(samples, audio.codec),
        })
        sequence = (sequence + 1) >>> 0
      },
      clear(epoch) {
        announced = undefined
        send({ type: 'clear', epoch })
      },
      pause: (epoch) => send({ type: 'pause', epoch }),
      continue: (epoch) => send({ type: 'continue', epoch }),
      segment(segment) {
        if (segment.phase === 'start') {
          known.set(segment.segmentId, segment)
          const oldest = known.keys().next().value
          if (known.size > maxKnownSegments && oldest !== undefined) known.delete(oldest)
          return
        }
        const start = known.get(segment.segmentId)
        known.delete(segment.segmentId)
        if (start === undefined) return
        if (announced === segment.segmentId) announced = undefined
        const { agentId = start.agentId ?? null, kind = start.kind ?? 'reply', totalMs } = segment
        const { epoch, utteranceId, segmentId } = segment
        send({
          type: 'segment',
          epoch,
          utteranceId,
          segmentId,
          agentId,
          kind,
          phase: 'end',
          ...(totalMs === undefined ? {} : { totalMs: Math.floor(totalMs) }),
        })
      },
    },
    get playing() {
      return playing
    },
  }
}

/** Bytes of samples; of linear ones a view, which is copied into the frame at once. */
function encode(samples: Int16Array, codec: CallAudio['down']['codec']): Uint8Array {
  if (codec === 'pcmu') return encodePcmu(samples)
  if (codec === 'pcma') return encodePcma(samples)
  if (isLittleEndian) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  const bytes = new Uint8Array(samples.length * 2)
  const view = new DataView(bytes.buffer)
  samples.forEach((sample, index) => view.setInt16(index * 2, sample, true))
  return bytes
}
