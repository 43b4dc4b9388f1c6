import type { AudioChunk } from '@parley/spec'
import type { BuiltInSound } from './built-in-sounds.ts'

/** A loop: a clip of one's own, or a synthesized one. `false` is none. */
export type BackgroundSound = AudioChunk | BuiltInSound | false

/** What sounds behind the agent, for the person only: it is never recognized, in the ledger, or heard text. */
export interface BackgroundOptions {
  /** All through the call, except on hold. @default false */
  ambience: BackgroundSound
  /** While the agent thinks, until its first word. @default false */
  thinking: BackgroundSound
  /** While the caller is on hold. @default 'chime' */
  hold: BackgroundSound
  /** Level of the ambience. @default -24 */
  ambienceDbfs: number
  /** Level of the thinking loop. @default -30 */
  thinkingDbfs: number
  /** Level of the hold music. @default -24 */
  holdDbfs: number
  /** How much quieter all of it is under speech. @default -9 */
  duckingDb: number
  /** How long coming, going and ducking take. @default 300 */
  fadeMs: number
  /** Thinking that is shorter stays silent. @default 300 */
  thinkingAfterMs: number
}

export const defaultBackgroundOptions: Readonly<BackgroundOptions> = Object.freeze({
  ambience: false,
  thinking: false,
  hold: 'chime',
  ambienceDbfs: -24,
  thinkingDbfs: -30,
  holdDbfs: -24,
  duckingDb: -9,
  fadeMs: 300,
  thinkingAfterMs: 300,
})
