import { getConversationState } from '@parley/kit'
import type { Json } from '@parley/spec'
import { noteReceipt, type CallCore } from './call-core.ts'

/** Terms a recognizer is told at most. */
const MAX_TERMS = 100

/** A text of a payload that is longer is a sentence, and no name. */
const MAX_NAME_WORDS = 4
const MAX_NAME_LENGTH = 48

/** What a recognizer is told to expect, and what found no place. */
export interface KeyTerms {
  terms: string[]
  left: string[]
}

/** The caller's own terms first, then names of the context; each once, a hundred at most. */
export function mergeKeyTerms(own: readonly string[], fromContext: readonly string[]): KeyTerms {
  const seen = new Set<string>()
  const all = [...own, ...fromContext]
    .map((term) => term.trim())
    .filter((term) => {
      const key = term.toLowerCase()
      return term !== '' && !seen.has(key) && seen.add(key)
    })
  return { terms: all.slice(0, MAX_TERMS), left: all.slice(MAX_TERMS) }
}

/** Texts of a payload that may be names: short ones, wherever they stand. */
export function namesIn(value: Json): string[] {
  if (typeof value === 'string') {
    const isName =
      value.length <= MAX_NAME_LENGTH && /\p{L}/u.test(value) && value.trim().split(/\s+/).length <= MAX_NAME_WORDS
    return isName ? [value] : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(namesIn)
}

/** Tells the recognizer the names of the agent, its tools and what was handed over, where they have changed. */
export async function expectNames(core: CallCore): Promise<void> {
  const { settings, access, roomId } = core.parts
  if (!settings.keyTermsFromContext || core.isEnding) return
  try {
    const reading = await access.room(roomId)
    if (reading === null || core.isEnding) return
    const { handoff } = getConversationState(reading.room)
    // An agent is an `Agent` or of its shape: the names of its tools are an optional field beside what orchestration reads.
    const agent = (core.activeAgentId === null ? undefined : core.agents.get(core.activeAgentId)) as
      | { name?: string; toolNames?: readonly string[] }
      | undefined
    const isReceiver = handoff !== undefined && handoff.to === core.activeAgentId
    const found = mergeKeyTerms(settings.keyTerms, [
      ...(agent?.name === undefined ? [] : [agent.name]),
      ...(agent?.toolNames ?? []).map((name) => name.replaceAll(/[_\-.]+/g, ' ')),
      ...(isReceiver && handoff.payload !== undefined ? namesIn(handoff.payload) : []),
    ])
    if (found.terms.join('\n') === core.keyTerms.join('\n')) return
    core.keyTerms = found.terms
    if (found.left.length > 0) noteReceipt(core, 'keyTerms', { used: found.terms.length, left: found.left })
    await core.hearing.expect({ keyTerms: found.terms })
  } catch (error) {
    access.reportError(error, 'call', roomId)
  }
}
