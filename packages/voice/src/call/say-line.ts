import type { CloseReason } from '@parley/spec'
import type { CallCore } from './call-core.ts'
import type { SayOptions, Speech, SpeechHandle } from './call-types.ts'

/** The lines a call says by itself. */
export interface LineSpeaker {
  /** While a tool runs. */
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
  let fillers = 0
  let last: string | undefined
  return {
    filler() {
      const { lines, rotate } = core().parts.settings.filler
      const line = lines.length === 0 ? undefined : lines[rotate ? fillers % lines.length : 0]
      if (line === undefined || (line === last && lines.length > 1)) return
      fillers += 1
      last = line
      void say(line, { kind: 'filler', commit: false, priority: 10 })
    },
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
