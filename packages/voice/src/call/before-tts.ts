import { hookPayload, hookScope, noteReceipt, type CallCore } from './call-core.ts'
import type { Utterance } from './utterance.ts'

/** A sentence as the hooks leave it; `null` is neither spoken nor captioned. No promise is made where nobody asks. */
export function beforeTts(
  core: CallCore,
  { id, agentId }: Utterance,
  text: string,
): string | null | Promise<string | null> {
  const { access } = core.parts
  const scope = hookScope(core)
  if (!access.hasHook('beforeTts', scope)) return text
  const payload = { ...hookPayload(core), text, agentId, utteranceId: id }
  const outcome = access.runHook('beforeTts', payload, scope)
  const decide = (decided: Awaited<typeof outcome>): string | null => {
    if (decided.blocked === undefined) return decided.payload.text
    noteReceipt(core, 'sentenceBlocked', { utteranceId: id, reason: decided.blocked.reason, by: decided.blocked.by })
    return null
  }
  return outcome instanceof Promise ? outcome.then(decide) : decide(outcome)
}
