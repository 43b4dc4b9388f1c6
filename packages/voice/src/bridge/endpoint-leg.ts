import type { AudioFrame, MediaEndpoint, OutputSegment } from '@parley/spec'
import type { BridgeLeg, BridgeRole } from './bridge-leg.ts'

/** A person's media as a leg of a bridge. */
export interface EndpointLeg {
  readonly leg: BridgeLeg
  /** Frames that the person's end had no room for. */
  readonly dropped: number
  /** Ends what is being played. The endpoint stays open. */
  end(): void
}

/**
 * Makes a leg of an endpoint whose output nobody else uses: all of the bridge is one segment. An output that also speaks
 * for an agent takes a `createLiveLayer` instead.
 */
export function createEndpointLeg({
  id,
  role,
  endpoint,
}: {
  id: string
  role: BridgeRole
  endpoint: Pick<MediaEndpoint, 'info' | 'output'>
}): EndpointLeg {
  const { inputFormat, outputFormat } = endpoint.info
  let segment: OutputSegment | undefined
  let dropped = 0

  return {
    leg: {
      id,
      role,
      inputRateHz: inputFormat.sampleRateHz,
      outputRateHz: outputFormat.sampleRateHz,
      send(frame: AudioFrame) {
        segment ??= endpoint.output.open({
          utteranceId: `bridge:${id}`,
          segmentId: `bridge:${id}`,
          format: { encoding: 'pcm16', sampleRateHz: outputFormat.sampleRateHz, channels: 1 },
          kind: 'bridge',
        })
        // Live sound is not waited for.
        if (segment.capture(frame) === 'full') dropped += 1
      },
    },
    get dropped() {
      return dropped
    },
    end() {
      segment?.flush()
      segment = undefined
    },
  }
}
