import type { CloseReason } from '@parley/spec'
import type { CallCore } from './call-core.ts'
import type { SayOptions, Speech, SpeechHandle } from './call-types.ts'

/** The lines a call says by itself. */
export interface LineSpeaker {
  /** While a tool of this utterance runs. */
  filler(utteranceId: string): void
  /** "Mm-hm", without taking the floor. */
  backchannel(): void
  apologize(): void
  /** The n-th prompt to somebody who says nothing. */
  prompt(count: number): void
  hangUp(reason: CloseReason): void
}

/** Makes the speaker of a call's own lines. */
export function createLineSpeaker(
  core: () => CallCore,
  say: (text: string | Speech, options: SayOptions) => SpeechHandle,
  hangup: (reason: CloseReason) => void,
): LineSpeaker {
  return {
    filler: (utteranceId) => core().fillers.speak(utteranceId),
    backchannel() {
      void say('Mm-hm.', { kind: 'backchannel', commit: false, priority: 10 })
    },
    apologize() {
      void say(core().parts.lines.apology, { kind: 'apology' })
    },
    prompt(count) {
      const { prompts } = core().parts.lines
      const line = prompts[Math.min(count, prompts.length) - 1]
      if (line !== undefined) void say(line, { kind: 'prompt', commit: false })
    },
    hangUp: (reason) => hangup(reason),
  }
}
