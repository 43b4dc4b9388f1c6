import type { AudioChunk, Clock, SampleRate } from '@parley/spec'
import type { HeardPiece } from './heard-recorder.ts'
import type { TestEndpoint } from './test-endpoint.ts'
import type { VirtualClock } from '../virtual-clock.ts'

/** What a simulated caller speaks through: a test endpoint, a socket or a phone double. */
export interface CallerDriver {
  /** A virtual clock is advanced by the caller, a real one waited for. */
  clock: Clock | VirtualClock
  /** Rate of the audio it takes. */
  sampleRateHz: SampleRate
  /** Says mono audio; resolves when it has been said. */
  say(audio: AudioChunk): Promise<void>
  dtmf(digit: string): void
  mute(muted: boolean): void
  noise(dbfs: number | undefined): void
  loss(percent: number): void
  hangup(): Promise<void> | void
  /** What the person has heard so far, with instants of `clock`. */
  heard(): readonly HeardPiece[]
  readonly hasEnded: boolean
}

/** Speaks through a test endpoint. */
export function testEndpointDriver(endpoint: TestEndpoint, clock: Clock | VirtualClock): CallerDriver {
  return {
    clock,
    sampleRateHz: endpoint.info.inputFormat.sampleRateHz,
    say: (audio) => endpoint.caller.say(audio),
    dtmf: (digit) => endpoint.caller.dtmf(digit),
    mute: (muted) => endpoint.caller.mute(muted),
    noise: (dbfs) => endpoint.caller.noise(dbfs),
    loss: (percent) => endpoint.caller.loss(percent),
    hangup: () => endpoint.caller.hangup(),
    heard: () => endpoint.output.heard,
    get hasEnded() {
      return endpoint.closedWith !== undefined
    },
  }
}
