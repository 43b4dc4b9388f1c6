import type { Clock, HandoffParticipant, HandoffPlan } from '@parley/spec'
import type { TurnEvent } from '../turn/turn-events.ts'

/** How long the speech of the outgoing agent may go on before the switch, in milliseconds. */
export const FINISH_MS = 6_000

/** All of the preparation, a little below what the room waits for it, in milliseconds. */
const PREPARE_MS = 7_500

/** What a handoff in mid-call needs of the call. */
export interface CallHandoffParts {
  clock: Clock
  feed(event: TurnEvent): void
  /** Whether an agent has something to think with: config-only agents need speech-to-speech. */
  canSpeak(agentId: string): boolean
  /** Opens the voice of an agent; rejects with why it cannot be had. */
  readyVoice(agentId: string): Promise<void>
  /** Resolves when nothing of the present speech is left to be heard. */
  quiet(): Promise<void>
  interrupt(): void
  /** The outgoing agent's last sentence, where it has one. */
  farewell(plan: HandoffPlan, limits: { maxMs: number; signal: AbortSignal }): Promise<void>
  /** Agent, voice, terms and language change in one step. */
  switchTo(plan: HandoffPlan): void
}

/** A call takes part in handoffs in two phases: it readies the voice and lets the speech end, then it switches. */
export function createCallHandoffs(parts: CallHandoffParts): HandoffParticipant {
  return {
    async prepare(plan, { signal }) {
      const { feed } = parts
      feed({ type: 'command', command: { kind: 'freeze' } })
      const target = plan.to
      const startedMs = parts.clock.monotonicMs()
      try {
        if (target !== null && !parts.canSpeak(target)) {
          return thawed(parts, `${target} has no model: on a call like this one it cannot speak.`)
        }
        const ready = target === null ? Promise.resolve() : parts.readyVoice(target)
        await Promise.all([withAbort(ready, signal), endSpeech(parts, plan, signal)])
        const leftMs = PREPARE_MS - (parts.clock.monotonicMs() - startedMs)
        await withAbort(parts.farewell(plan, { maxMs: leftMs, signal }), signal)
        return { ok: true }
      } catch (error) {
        return thawed(parts, error instanceof Error ? error.message : 'The voice could not be opened.')
      }
    },
    async commit(plan) {
      parts.switchTo(plan)
      parts.feed({ type: 'command', command: { kind: 'thaw' } })
    },
    async rollback() {
      parts.feed({ type: 'command', command: { kind: 'thaw' } })
    },
  }
}

function thawed(parts: CallHandoffParts, reason: string): { ok: false; reason: string } {
  parts.feed({ type: 'command', command: { kind: 'thaw' } })
  return { ok: false, reason }
}

/** A person who takes the room over does not wait for the agent: the room's mode cuts it as soon as it changes. */
async function endSpeech(parts: CallHandoffParts, { to, request }: HandoffPlan, signal: AbortSignal): Promise<void> {
  if (to === null && request.by.kind === 'person') return
  if (request.urgent) return parts.interrupt()
  await finish(parts, signal)
}

/** Lets the present speech end, but not for ever. */
async function finish({ clock, quiet, interrupt }: CallHandoffParts, signal: AbortSignal): Promise<void> {
  const late = Promise.withResolvers<'late'>()
  const cancel = clock.setTimer(FINISH_MS, () => late.resolve('late'))
  try {
    const end = await withAbort(Promise.race([quiet(), late.promise]), signal)
    if (end === 'late') interrupt()
  } finally {
    cancel()
  }
}

function withAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
