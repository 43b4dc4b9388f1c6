import type { AudioChunk } from '@parley/spec'

/** One thing a simulated caller does. */
export type CallerStep =
  | { do: 'say'; what: string | AudioChunk | Uint8Array; voice?: string }
  | { do: 'wait'; ms: number }
  | { do: 'afterAgent'; what: 'sentence' | 'end'; withinMs: number }
  | { do: 'interruptAt'; word: string; withinMs: number }
  | { do: 'cough'; ms: number; dbfs: number }
  | { do: 'dtmf'; digits: string }
  | { do: 'mute'; muted: boolean }
  | { do: 'noise'; dbfs: number | undefined }
  | { do: 'loss'; percent: number }
  | { do: 'expectHeard'; what: string | RegExp; withinMs: number }
  | { do: 'expectSilence'; ms: number }
  | { do: 'hangup' }

/** Steps of a simulated caller's script, done one after the other. */
export interface CallerSteps {
  /** Says a text, or plays audio (samples, or the bytes of a WAV file); the next step begins when it has been said. */
  say(what: string | AudioChunk | Uint8Array, options?: { voice?: string }): CallerStep
  wait(ms: number): CallerStep
  /** Waits until the agent has ended a sentence, or has said something and been silent for 400 ms. @default within 30 000 ms */
  afterAgent(what: 'sentence' | 'end', options?: { withinMs?: number }): CallerStep
  /** Waits until the agent has said a word: the next step speaks into what follows. @default within 30 000 ms */
  interruptAt(word: string, options?: { withinMs?: number }): CallerStep
  /** A short loud noise. @default 200 ms, -15 dBFS */
  cough(options?: { ms?: number; dbfs?: number }): CallerStep
  dtmf(digits: string): CallerStep
  mute(muted?: boolean): CallerStep
  /** Noise under everything from now on; `undefined` ends it. */
  noise(dbfs: number | undefined): CallerStep
  /** Loses that share of the caller's frames from now on. */
  loss(percent: number): CallerStep
  /** Waits until it was heard, after what earlier expectations matched. @default within 10 000 ms */
  expectHeard(what: string | RegExp, options?: { withinMs?: number }): CallerStep
  /** Nothing may be heard for so long. */
  expectSilence(ms: number): CallerStep
  hangup(): CallerStep
}

/**
 * The steps a simulated caller knows.
 * @example createSimulatedCaller([caller.afterAgent('end'), caller.say('my refund'), caller.expectHeard(/42/)], { endpoint, clock })
 */
export const caller: CallerSteps = {
  say: (what, { voice } = {}) => ({ do: 'say', what, ...(voice !== undefined && { voice }) }),
  wait: (ms) => ({ do: 'wait', ms }),
  afterAgent: (what, { withinMs = 30_000 } = {}) => ({ do: 'afterAgent', what, withinMs }),
  interruptAt: (word, { withinMs = 30_000 } = {}) => ({ do: 'interruptAt', word, withinMs }),
  cough: ({ ms = 200, dbfs = -15 } = {}) => ({ do: 'cough', ms, dbfs }),
  dtmf: (digits) => ({ do: 'dtmf', digits }),
  mute: (muted = true) => ({ do: 'mute', muted }),
  noise: (dbfs) => ({ do: 'noise', dbfs }),
  loss: (percent) => ({ do: 'loss', percent }),
  expectHeard: (what, { withinMs = 10_000 } = {}) => ({ do: 'expectHeard', what, withinMs }),
  expectSilence: (ms) => ({ do: 'expectSilence', ms }),
  hangup: () => ({ do: 'hangup' }),
}
