import type { AudioFrame, AudioOutput, Disposer, OutputMixer, Word } from '@parley/spec'

/** Where a sent frame of 20 ms belongs. */
export interface FarFrame {
  /** The epoch it is of: what is older than a far end's newest epoch is dropped there. */
  epoch: number
  /** `background`: no speech in it, only what the mixer made; ids are empty then and positions 0. */
  kind: 'speech' | 'background'
  utteranceId: string
  segmentId: string
  /** First sample, from the start of the segment, ms. */
  positionMs: number
  /** First sample, from the start of the utterance, at the output rate: what the far end reports as played counts like this. */
  utteranceSamples: number
  /** Whether the segment ends with this frame; the rest of it is padded with silence. */
  isLast: boolean
  /** Whether the sound before it was something else: first of a segment run, after a pause, or sent again. */
  gap: boolean
}

/** A segment begins or ends on the wire. */
export interface FarSegment {
  phase: 'start' | 'end'
  epoch: number
  utteranceId: string
  segmentId: string
  agentId?: string
  kind?: string
  /** Length, known at the end, ms. */
  totalMs?: number
}

/** What an endpoint supplies: the wire to the person's end. Nothing here may throw or wait. */
export interface FarEnd {
  /** Sends one frame of 20 ms, linear, at the output format's rate and channels. `samples` is used again after returning. */
  send(samples: Int16Array, frame: FarFrame): void
  /** Tells the far end to drop all it has not played. `epoch` is the new one. */
  clear?(epoch: number): void
  /** Pauses playout at the far end (`capabilities.pause: 'native'`). */
  pause?(epoch: number): void
  /** Goes on after `pause`. */
  continue?(epoch: number): void
  /** Asks to be told (`markPlayed`) when all that was sent before has been played (`capabilities.played: 'mark'`). */
  mark?(name: string): void
  /** Called before the first frame and after the last one of a segment. */
  segment?(segment: FarSegment): void
  /** Where the words of a segment are, from its start. */
  words?(segment: { utteranceId: string; segmentId: string }, words: readonly Word[]): void
}

/** The person's end says how far it has played. */
export interface PlayedReport {
  /** Reports of another epoch than the present one change nothing. */
  epoch: number
  utteranceId: string
  /** From the start of the utterance, ms. */
  positionMs: number
}

/** Where positions of playout are taken from, best first. */
export type PositionSource = 'report' | 'mark' | 'clock'

/** An `AudioOutput` that sends frames of 20 ms in real time; the endpoint feeds back what the far end says. */
export interface PacedOutput extends AudioOutput {
  /** The far end has played up to a position (`capabilities.played: 'report'`). */
  played(report: PlayedReport): void
  /** The far end has played all that was sent before the mark. Unknown names change nothing. */
  markPlayed(name: string): void
  /** The far end's answer to a clear: what was heard, from the start of the utterance that played. `epoch` is the new one. */
  cleared(report: { epoch: number; positionMs: number }): void
  /** What lies between our sending and the person's ear, beyond the far buffer, ms. @default 0 */
  setOutputLatency(latencyMs: number): void
  /** Mixes into every frame from now on; `alwaysOn` sends frames also while nobody speaks. `undefined` ends it. */
  setMixer(mixer: OutputMixer | undefined, options?: { alwaysOn?: boolean }): void
  tap(listener: (frame: AudioFrame, audibleAtMs: number) => void): Disposer
  /** The wire is down: nothing is sent and time stands still until `resumed`. */
  lost(): void
  /** The wire is up again: what was not played is sent again, from the last confirmed position. */
  resumed(): void
  readonly positionSource: PositionSource
  /** Settles what is open as interrupted and ends `events`. Idempotent. */
  close(): void
}
