import type { ChatMessage, ChatRequest, ContentPart, Json } from '@parley/spec'
import { HANDOFF_NOTE_MARK, isMap, parseInternalNote, parseJson, type HandoffReport, type RequestOutcome } from './internal-note.ts'

/** What begins a turn, or adds to it. */
export type TurnEntry =
  /** Something a person said; `isOverheard` when a colleague answered it. */
  | { kind: 'line'; text: string; isOverheard: boolean }
  | { kind: 'note'; report: HandoffReport }
  | { kind: 'outcome'; outcome: RequestOutcome }

/** A tool call of the agent itself. */
export interface RecordedCall {
  name: string
  arguments: string
  /** Absent while the tool runs, or when it never answered. */
  result?: { value: Json; isError: boolean }
}

/** What went in, what the agent said and which tools it called. */
export interface RecordedTurn {
  entries: TurnEntry[]
  said: string[]
  calls: RecordedCall[]
}

/** Reads the turns of one agent from the messages of a request, oldest first; the last one is the one to go on with. */
export function readConversation({ messages, system = '' }: Pick<ChatRequest, 'messages' | 'system'>): RecordedTurn[] {
  const items = placeNote(messages.flatMap(toItems))
  const colleagues = new Set(items.flatMap((item) => (item.kind === 'note' ? [item.report.fromName] : [])))
  const isLabelled = items.every((item) => item.kind !== 'user' || item.name !== undefined || splitLabel(item.text).label !== '')
  const turns: RecordedTurn[] = []
  let current: RecordedTurn = { entries: [], said: [], calls: [] }
  const inSystem = reportInSystem(system)
  if (inSystem && !items.some(({ kind }) => kind === 'note')) current.entries.push({ kind: 'note', report: inSystem })
  const open = new Map<string, RecordedCall>()
  const add = (entry: TurnEntry): void => {
    if (current.said.length + current.calls.length > 0) {
      turns.push(current)
      current = { entries: [], said: [], calls: [] }
    }
    current.entries.push(entry)
  }
  for (const item of items) {
    if (item.kind === 'said') current.said.push(item.text)
    else if (item.kind === 'call') {
      current.calls.push(item.call)
      open.set(item.callId, item.call)
    } else if (item.kind === 'result') {
      const call = open.get(item.callId)
      if (call) call.result = { value: item.value, isError: item.isError }
    }
    else if (item.kind === 'user') {
      const { speaker, text } = toLine(item, isLabelled)
      if (isColleague(speaker, colleagues)) markOverheard(current)
      else if (text !== '') add({ kind: 'line', text, isOverheard: false })
    } else if (item.kind !== 'remark') add(item)
  }
  turns.push(current)
  return turns
}

type Item =
  | { kind: 'user'; text: string; name?: string }
  | { kind: 'note'; report: HandoffReport }
  | { kind: 'outcome'; outcome: RequestOutcome }
  | { kind: 'remark' }
  | { kind: 'said'; text: string }
  | { kind: 'call'; callId: string; call: RecordedCall }
  | { kind: 'result'; callId: string; value: Json; isError: boolean }

function toItems(message: ChatMessage): Item[] {
  if (message.role === 'user') {
    const text = textOf(message.content)
    const note = parseInternalNote(text)
    if (note) return [note]
    return [{ kind: 'user', text, ...(message.name === undefined ? {} : { name: message.name }) }]
  }
  if (message.role === 'tool') {
    return message.results.map((result) => {
      const text = textOf(result.content)
      const value = parseJson(text) ?? text
      const isError = result.isError === true || (isMap(value) && value['error'] !== undefined && value['error'] !== null)
      return { kind: 'result', callId: result.callId, value, isError }
    })
  }
  const said: Item[] = message.content.trim() === '' ? [] : [{ kind: 'said', text: message.content.trim() }]
  const calls = (message.toolCalls ?? []).map(
    ({ callId, name, arguments: text }): Item => ({ kind: 'call', callId, call: { name, arguments: text } }),
  )
  return [...said, ...calls]
}

/**
 * A note stands first in the context for some turns. It belongs behind the agent's last own handoff, because a colleague
 * can only hand over what the agent had given away before.
 */
function placeNote(items: readonly Item[]): Item[] {
  const [first] = items
  if (first?.kind !== 'note') return [...items]
  const handoffs = items.flatMap((item, index) => (item.kind === 'result' && isAccepted(item.value) ? [index] : []))
  const last = handoffs.at(-1)
  return last === undefined ? [...items] : [...items.slice(1, last + 1), first, ...items.slice(last + 1)]
}

/** Whether a tool result says that a handoff was accepted. */
export function isAccepted(value: Json): boolean {
  return isMap(value) && value['accepted'] === true
}

function reportInSystem(system: string): HandoffReport | undefined {
  const at = system.lastIndexOf(HANDOFF_NOTE_MARK)
  const note = at < 0 ? undefined : parseInternalNote(system.slice(at))
  return note?.kind === 'note' ? note.report : undefined
}

function toLine({ text, name }: { text: string; name?: string }, isLabelled: boolean): { speaker: string; text: string } {
  if (name !== undefined && text.startsWith(`${name}:`)) return { speaker: name, text: text.slice(name.length + 1).trim() }
  const { label, rest } = splitLabel(text)
  if (isLabelled && label !== '') return { speaker: label, text: rest }
  return { speaker: name ?? '', text: text.trim() }
}

function splitLabel(text: string): { label: string; rest: string } {
  const match = /^(\p{Lu}[\p{L}\p{M}\p{N}'._ -]{0,59}(?: \([^()\n]{1,60}\))?): +/u.exec(text)
  return match ? { label: match[1] ?? '', rest: text.slice(match[0].length).trim() } : { label: '', rest: text }
}

// Colleagues carry their role or id in brackets, people do not; and who handed over is known by name.
function isColleague(speaker: string, colleagues: ReadonlySet<string>): boolean {
  return speaker !== '' && (speaker.endsWith(')') || colleagues.has(speaker))
}

function markOverheard({ entries, said, calls }: RecordedTurn): void {
  if (said.length + calls.length > 0) return
  for (const entry of entries) if (entry.kind === 'line') entry.isOverheard = true
}

function textOf(content: string | ContentPart[]): string {
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
}
