import type { AudioFrame, SampleRate } from '@parley/spec'

/** What somebody is in a bridged call. */
export type BridgeRole = 'caller' | 'human' | 'supervisor' | 'agent'

/** One line of a bridge. */
export interface BridgeLeg {
  /** Unique in its bridge. */
  id: string
  role: BridgeRole
  /** Rate of the frames it gives to `push`, in hertz. */
  inputRateHz: SampleRate
  /** Rate of the frames that `send` takes, in hertz. */
  outputRateHz: SampleRate
  /** Takes 20 ms of what the others say; the frame is used again after it returns. */
  send(frame: AudioFrame): void
}

/** What a supervisor does beside a call. */
export type BridgeCoachMode = 'off' | 'monitor' | 'whisperHuman' | 'whisperAgent' | 'barge'
