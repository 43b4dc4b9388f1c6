import type { VadResult } from '@parley/spec'

/** When sound counts as speech. */
export interface SpeechGateOptions {
  /** @default 0.5 */
  activation?: number
  /** @default 0.35 */
  deactivation?: number
  /** @default 50 */
  minSpeechMs?: number
  /** @default 250 */
  minSilenceMs?: number
}

/** What the gate says of a window: speech began (back-dated), or ended (at the last voiced instant). */
export type GateChange = { type: 'start' | 'end'; atMs: number }

/** Makes starts and ends of speech of a detector's probabilities, with hysteresis. */
export function createSpeechGate({
  activation = 0.5,
  deactivation = 0.35,
  minSpeechMs = 50,
  minSilenceMs = 250,
}: SpeechGateOptions = {}): { push(result: VadResult): GateChange | null; reset(): void } {
  let isOpen = false
  let voicedFromMs: number | null = null
  let lastVoicedMs = 0
  let previousMs: number | null = null
  return {
    push({ probability, atMs }) {
      const windowStartMs = previousMs ?? atMs
      previousMs = atMs
      if (probability >= (isOpen ? deactivation : activation)) {
        voicedFromMs ??= windowStartMs
        lastVoicedMs = atMs
        if (isOpen || atMs - voicedFromMs < minSpeechMs) return null
        isOpen = true
        return { type: 'start', atMs: voicedFromMs }
      }
      if (!isOpen) {
        voicedFromMs = null
        return null
      }
      if (atMs - lastVoicedMs < minSilenceMs) return null
      isOpen = false
      voicedFromMs = null
      return { type: 'end', atMs: lastVoicedMs }
    },
    reset() {
      isOpen = false
      voicedFromMs = null
      previousMs = null
    },
  }
}
