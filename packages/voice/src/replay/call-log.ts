import { ParleyError, type Json } from '@parley/spec'
import type { VoiceSettings } from '../options/voice-settings.ts'
import type { TurnEvent } from '../turn/turn-events.ts'
import type { TurnState } from '../turn/turn-machine.ts'
import type { FrameSummary } from './frame-log.ts'

/** One step of a call: what happened, and what the machine wanted done. Events and effects are as the machine has them. */
export interface LoggedStep {
  readonly atMs: number
  readonly event: Json
  readonly effects: Json
}

/** A call to be played again. */
export interface CallLog {
  /** As the receipt `voice.settings` has them. */
  readonly settings: VoiceSettings
  /** All steps from the first one on, or from `from` on. */
  readonly steps: readonly LoggedStep[]
  /** What the machine knew before the first step here. @default nothing: the call's first step is the first */
  readonly from?: TurnState
  /** Steps of a very long call that came before and were not kept. @default 0 */
  readonly dropped?: number
  /**
   * What sound there was, a second at a time, of the last hour: to tell beside the decisions whether anything was there to
   * be heard, and to compare with a recording. A replay needs none of it. @default none were kept
   */
  readonly frames?: readonly FrameSummary[]
}

/** A stored event; the machine itself is total for everything with a type. */
export function eventOf(event: Json, step: number): TurnEvent {
  if (typeof event === 'object' && event !== null && !Array.isArray(event) && typeof event['type'] === 'string') {
    // Written by the call from an event of the machine.
    return event as unknown as TurnEvent
  }
  throw new ParleyError({
    code: 'content_invalid',
    message: `Step ${step} of the call log has no event. Give the log as the call wrote it.`,
    details: { step },
  })
}
