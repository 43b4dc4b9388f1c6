import { sanitizeUntrustedText, type Json, type Participant, type RoomEvent } from '@parley/spec'
import { z } from 'zod'
import { deskPersonName, isDeskPerson } from '../pages/shared/names.ts'
import { agentProfiles } from '../agents/agent-profiles.ts'

/** What the log says of a conversation. */
export const callFactsSchema = z.strictObject({
  /** Whether anybody answered: without, there is nothing to sum up. */
  hasAnswer: z.boolean(),
  agents: z.array(z.string()),
  /** Why it was handed over, in order. */
  reasons: z.array(z.string()),
  done: z.array(z.string()),
  next: z.array(z.string()),
  lastAnswer: z.string(),
  messageCount: z.int(),
  /** The last lines, for a model. */
  transcript: z.array(z.string()),
})
export type CallFacts = z.output<typeof callFactsSchema>

const mostLines = 80
const mostLineCharacters = 300

/** Reads the facts from a room's log, ascending. Nothing that only colleagues see is told of. Pure. */
export function callFacts(events: readonly RoomEvent[], members: readonly Participant[]): CallFacts {
  const agents = new Set<string>()
  const reasons = new Set<string>()
  const transcript: string[] = []
  let lastAnswer = ''
  let messageCount = 0
  for (const event of events) {
    const { type, content, status, visibility } = event
    if (status === 'blocked' || visibility === 'internal') continue
    if (content.type === 'system' && content.code === 'handoff_announced') {
      const { reason } = fieldsOf(content.data)
      if (typeof reason === 'string' && reason !== '') reasons.add(reason)
    }
    if (type !== 'message' || content.type !== 'text') continue
    const speaker = speakerOf(event, members)
    if (speaker === undefined) continue
    messageCount += 1
    // What is left of a text is information for a model, never an instruction.
    const said = sanitizeUntrustedText(content.text, { max: mostLineCharacters }).text
    transcript.push(`${speaker.name}: ${said}`)
    if (speaker.isCaller) continue
    agents.add(speaker.name)
    // What is told is what was heard; that there was more to come is not left out.
    lastAnswer = content.interrupted === true ? `${content.text} …` : content.text
  }
  const { done, next } = whatHappened(events)
  return {
    hasAnswer: agents.size > 0,
    agents: [...agents],
    reasons: [...reasons],
    done,
    next,
    lastAnswer,
    messageCount,
    transcript: transcript.slice(-mostLines),
  }
}

/** Who speaks to whom; undefined for what the room says of itself. */
function speakerOf(
  { source }: RoomEvent,
  members: readonly Participant[],
): { name: string; isCaller: boolean } | undefined {
  if (source.kind === 'agent') {
    const id = source.channelId ?? ''
    return { name: agentProfiles.find((profile) => profile.id === id)?.name ?? id, isCaller: false }
  }
  if (source.kind !== 'person') return undefined
  const id = source.participantId ?? ''
  const member = members.find((known) => known.id === id)
  const isColleague = isDeskPerson(id) || member?.role === 'agent'
  return { name: member?.displayName ?? (isColleague ? deskPersonName(id) : 'Caller'), isCaller: !isColleague }
}

/** What tools did and what people decided, in the order of the log, and what of it is still to come. */
function whatHappened(events: readonly RoomEvent[]): { done: string[]; next: string[] } {
  const done: string[] = []
  const next: string[] = []
  // By request: a later outcome takes the place of "is deciding".
  const open = new Map<string, string>()
  for (const { type, content, status } of events) {
    if (status === 'blocked') continue
    if (type === 'toolCallEnded' && content.type === 'toolCall' && content.error === undefined) {
      const result = fieldsOf(content.structured ?? content.result)
      const { requestId } = result
      if (content.name === 'issue_credit' && result['status'] === 'pending' && typeof requestId === 'string')
        open.set(requestId, `A colleague decides on ${amountOf(fieldsOf(content.arguments)['cents'])}.`)
      tell(content.name, result, { done, next })
    }
    if (type === 'system' && content.type === 'system' && outcomeCodes.has(content.code)) {
      const { requestId, tool, result } = fieldsOf(content.data)
      if (typeof requestId === 'string') open.delete(requestId)
      if (typeof tool === 'string') tell(tool, fieldsOf(result), { done, next })
    }
  }
  return { done: unique(done), next: unique([...next, ...open.values()]) }
}

const outcomeCodes: ReadonlySet<string> = new Set(['request_outcome', 'tool_outcome'])

/** One result in words, where it is worth telling. */
function tell(tool: string, result: Record<string, Json>, { done, next }: { done: string[]; next: string[] }): void {
  const text = (name: string): string => (typeof result[name] === 'string' ? result[name] : '')
  switch (tool) {
    case 'issue_credit':
      if (result['status'] === 'credited')
        done.push(`${amountOf(result['cents'])} was given for invoice ${text('invoiceId')}.`)
      if (result['status'] === 'rejected') done.push('A credit was asked for and not approved.')
      if (result['status'] === 'expired') done.push('A credit was asked for, and nobody could decide in time.')
      return
    case 'run_line_test':
      if (text('verdict') !== '') done.push(`The line was tested: ${text('verdict')}.`)
      return
    case 'reboot_modem':
      if (result['restarted'] === true) done.push('The modem was restarted.')
      return
    case 'open_ticket':
      if (text('ticketId') !== '') next.push(`Ticket ${text('ticketId')} is open.`)
      return
    case 'schedule_visit':
      if (result['booked'] === true)
        next.push(`${text('technician')} comes on ${text('day')}, ${text('starts')} to ${text('ends')}.`)
      return
    case 'apply_offer':
      if (result['applied'] === true) done.push(`The offer ${text('name')} was put on the account.`)
      return
    case 'change_plan':
      if (result['changed'] === true) done.push(`The plan was changed to ${text('planName')}.`)
      return
  }
}

function amountOf(cents: Json | undefined): string {
  return typeof cents === 'number' ? `a credit of $${(cents / 100).toFixed(2)}` : 'a credit'
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts.map((text) => text.charAt(0).toUpperCase() + text.slice(1)))]
}

function fieldsOf(value: Json | undefined): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
