import type { RoomEvent } from '@parley/spec'
import { toVerification } from '../tools/verification.ts'
import type { ConversationState } from '@parley/spec'

/** What the supervisor judges a conversation by. */
export interface ConversationFacts {
  /** Times the caller asked for a person. */
  askedForPerson: number
  /** Latest answers in a row that said "I did not understand". */
  notUnderstood: number
  failedVerifications: number
  /** The tool that failed most often, and how often. */
  toolFailures: { tool: string; count: number }
  hasDistress: boolean
  /** Tools that were used, in order, each once. */
  tried: string[]
  lastWords: string
}

const personWords =
  /\b(?:(?:speak|talk) (?:to|with) (?:an? )?(?:person|human|someone|somebody|agent|representative|manager)|real (?:person|human)|human being|a person|a human|an agent|representative)\b/i
const distressWords =
  /\b(?:kill (?:myself|you|him|her|them)|hurt (?:myself|you|somebody|someone)|suicide|end my life|going to (?:sue|attack|bomb)|bomb|threaten|emergency|call the police|in danger)\b/i
// The first words of every fallback in rules/.
const notUnderstoodWords = /^sorry, i did not understand/i

/** Reads the facts from a room's log, ascending. Pure. */
export function readFacts(events: readonly RoomEvent[], state: Pick<ConversationState, 'context'>): ConversationFacts {
  const failures = new Map<string, number>()
  const tried = new Set<string>()
  let askedForPerson = 0
  let notUnderstood = 0
  let hasDistress = false
  let lastWords = ''
  for (const { type, source, content, status } of events) {
    if (status === 'blocked') continue
    if (type === 'toolCallEnded' && content.type === 'toolCall') {
      tried.add(content.name)
      if (content.error !== undefined) failures.set(content.name, (failures.get(content.name) ?? 0) + 1)
    }
    if (type !== 'message' || content.type !== 'text') continue
    if (source.kind === 'person') {
      lastWords = content.text
      if (personWords.test(content.text)) askedForPerson += 1
      hasDistress ||= distressWords.test(content.text)
    } else if (source.kind === 'agent') {
      notUnderstood = notUnderstoodWords.test(content.text) ? notUnderstood + 1 : 0
    }
  }
  const [tool = '', count = 0] = [...failures].toSorted((a, b) => b[1] - a[1])[0] ?? []
  const { attempts } = toVerification(state.context['verification'])
  return {
    askedForPerson,
    notUnderstood,
    failedVerifications: attempts,
    toolFailures: { tool, count },
    hasDistress,
    tried: [...tried],
    lastWords,
  }
}

/** Why a colleague is needed, or undefined. */
export interface HumanNeed {
  reason: string
  urgency: 'normal' | 'high'
}

/** The supervisor's rules, most urgent first. Pure. */
export function humanNeed(facts: ConversationFacts): HumanNeed | undefined {
  if (facts.hasDistress) return { reason: 'words of threat or distress', urgency: 'high' }
  if (facts.failedVerifications >= 3) return { reason: 'verification failed three times', urgency: 'normal' }
  if (facts.askedForPerson >= 2) return { reason: 'the caller asked twice for a person', urgency: 'normal' }
  if (facts.notUnderstood >= 3) return { reason: 'three answers in a row not understood', urgency: 'normal' }
  if (facts.toolFailures.count >= 2) return { reason: `${facts.toolFailures.tool} failed twice`, urgency: 'normal' }
  return undefined
}
