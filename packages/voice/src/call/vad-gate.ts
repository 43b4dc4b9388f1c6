import type { VadResult } from '@parley/spec'

/** When speech begins and ends (`vad` of the options). */
export interface VadGateOptions {
  activation: number
  deactivation: number
  minSpeechMs: number
  minSilenceMs: number
  maxSpeechMs: number
  hopMs: number
}

export type VadGateEvent =
  | { type: 'vadStart'; speechStartedAtMs: number; probability: number }
  | { type: 'vadEnd'; lastVoicedAtMs: number; probability: number; isForced: boolean }

/** Makes starts and ends of speech of single windows. Pure but for what it remembers. */
export interface VadGate {
  push(result: VadResult): VadGateEvent | undefined
  /** Ends open speech now: no audio comes any more, or it is muted. */
  force(): VadGateEvent | undefined
  readonly isSpeaking: boolean
  reset(): void
}

/** Makes a gate: hysteresis on probability, the start back-dated to the first voiced window. */
export function createVadGate({
  activation,
  deactivation,
  minSpeechMs,
  minSilenceMs,
  maxSpeechMs,
  hopMs,
}: VadGateOptions): VadGate {
  let isSpeaking = false
  let startedAtMs: number | undefined
  let lastVoicedAtMs = 0
  let lastProbability = 0

  const end = (isForced: boolean): VadGateEvent => {
    isSpeaking = false
    startedAtMs = undefined
    return { type: 'vadEnd', lastVoicedAtMs, probability: lastProbability, isForced }
  }

  return {
    push({ probability, atMs }) {
      lastProbability = probability
      const isVoiced = probability >= (startedAtMs === undefined ? activation : deactivation)
      if (isVoiced) {
        startedAtMs ??= atMs - hopMs
        lastVoicedAtMs = atMs
        if (!isSpeaking && atMs - startedAtMs >= minSpeechMs) {
          isSpeaking = true
          return { type: 'vadStart', speechStartedAtMs: startedAtMs, probability }
        }
        return isSpeaking && atMs - startedAtMs >= maxSpeechMs ? end(true) : undefined
      }
      if (!isSpeaking) {
        // Shorter than speech is: a click.
        if (startedAtMs !== undefined && atMs - lastVoicedAtMs >= minSpeechMs) startedAtMs = undefined
        return undefined
      }
      return atMs - lastVoicedAtMs >= minSilenceMs ? end(false) : undefined
    },
    force: () => (isSpeaking ? end(true) : undefined),
    get isSpeaking() {
      return isSpeaking
    },
    reset() {
      isSpeaking = false
      startedAtMs = undefined
    },
  }
}
