import type { ChannelId } from '@parley/spec'
import { atMost } from './at-most.ts'
import { noteReceipt, rememberTurn, type CallCore } from './call-core.ts'
import type { SayOptions, SpeechOutcome } from './call-types.ts'
import type { Spoken } from './speaking.ts'

/** How long the log of a cut reply is waited for before the turn that cut it is committed, in milliseconds. */
const REPLY_SETTLE_MS = 2_000

/** An utterance is audible now. */
export function noteStarted({ emitter, metrics, spans }: CallCore, spoken: Spoken): void {
  const { utterance } = spoken
  metrics.audible(spoken)
  spans.audible(spoken)
  emitter.emit({ type: 'speechStarted', utteranceId: utterance.id, agentId: utterance.agentId })
}

/** An utterance is over: what was heard of it is shown, remembered and kept. */
export function noteSettled(core: CallCore, spoken: Spoken, outcome: SpeechOutcome): void {
  const { utterance } = spoken
  const { access, roomId } = core.parts
  const isCut = outcome.status === 'interrupted'
  core.metrics.silent()
  core.spans.settled(spoken, outcome)
  core.captions.speech(utterance, { isFinal: true, isCut })
  void core.requests.recheck().catch((error: unknown) => access.reportError(error, 'request', roomId))
  core.captions.heard(utterance.id, { isOver: true, isCut })
  if (utterance.kind !== 'filler' && utterance.kind !== 'backchannel')
    rememberTurn(core, 'assistant', outcome.heardText)
  noteReceipt(core, 'spoken', {
    utteranceId: utterance.id,
    agentId: utterance.agentId,
    kind: utterance.kind,
    status: outcome.status,
    heard: outcome.heardText.length,
    generated: outcome.generatedText.length,
    spans: outcome.spans,
  })
  core.emitter.emit({
    type: 'speechEnded',
    utteranceId: utterance.id,
    agentId: utterance.agentId,
    heardText: outcome.heardText,
  })
  if (Object.keys(outcome.spans).length > 0) core.mustHear.settled(utterance.id, utterance.agentId)
}

/** What is heard of a line becomes the agent's event, before the call's end is in the log. */
export function commitSaid(
  core: CallCore,
  agentId: ChannelId,
  utteranceId: string,
  outcome: PromiseLike<SpeechOutcome>,
  options: SayOptions,
): void {
  const { commits, parts } = core
  const kept = commit(core, agentId, utteranceId, outcome, options).catch((error: unknown) =>
    parts.access.reportError(error, 'call', parts.roomId),
  )
  commits.add(kept)
  void kept.finally(() => commits.delete(kept))
}

async function commit(
  { parts }: CallCore,
  agentId: ChannelId,
  utteranceId: string,
  settled: PromiseLike<SpeechOutcome>,
  { idempotencyKey }: SayOptions,
): Promise<void> {
  const outcome = await settled
  const isReadOnly = parts.tts === undefined
  const text = isReadOnly ? outcome.generatedText : outcome.heardText
  if (text.trim() === '') return
  await parts.kit.sendEvent(parts.roomId, agentId, {
    content: { type: 'text', text, ...(outcome.status === 'interrupted' ? { interrupted: true as const } : {}) },
    metadata: { voice: { callId: parts.id, utteranceId, spans: outcome.spans } },
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  })
}

/** Resolves when what was heard of cut replies is in the log, or is no longer waited for. */
export async function repliesSettled({ replies, speaking, commits, parts }: CallCore): Promise<void> {
  const cut = [...replies.values()].filter(({ utteranceId }) => {
    const spoken = speaking.get(utteranceId)
    return spoken === undefined || spoken.isInterrupted || spoken.isDropped
  })
  const waiting = [...cut.map(({ over }) => over), ...commits]
  if (waiting.length > 0) await atMost(parts.access.clock, REPLY_SETTLE_MS, Promise.allSettled(waiting))
}
