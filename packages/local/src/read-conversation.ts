import type { ChatMessage, ChatRequest, ContentPart, Json } from '@parley/spec'
import { HANDOFF_TOOL_NAME } from './dialogue-step.ts'
import {
  HANDOFF_NOTE_MARK,
  isMap,
  parseInternalNote,
  parseJson,
  type HandoffReport,
  type RequestOutcome,
} from './internal-note.ts'
import { targetsOf } from './offered-tools.ts'

/** What begins a turn, or adds to it. */
export type TurnEntry =
  /** Something a person said; `isOverheard` when a colleague answered it. */
  | { kind: 'line'; text: string; isOverheard: boolean }
  | { kind: 'note'; report: HandoffReport }
  | { kind: 'outcome'; outcome: RequestOutcome }
  | { kind: 'opening' }

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

/**
 * Reads the turns of one agent from the messages of a request, oldest first; the last one is the one to go on with.
 * `isOpening`: the caller says that the agent takes over in it.
 */
export function readConversation(
  { messages, system = '', tools = [] }: Pick<ChatRequest, 'messages' | 'system' | 'tools'>,
  isOpening = false,
): RecordedTurn[] {
  const items = placeNote(messages.flatMap(toItems), isOpening)
  const colleagues = new Set([
    ...items.flatMap((item) => (item.kind === 'note' ? [item.report.from, item.report.fromName] : [])),
    ...tools.flatMap(({ name, parameters }) => (name === HANDOFF_TOOL_NAME ? (targetsOf(parameters) ?? []) : [])),
  ])
  const isLabelled = items.every(
    (item) => item.kind !== 'user' || item.name !== undefined || splitLabel(item.text).label !== '',
  )
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
    } else if (item.kind === 'user') {
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
  | { kind: 'opening' }
  | { kind: 'remark' }
  | { kind: 'said'; text: string }
  | { kind: 'call'; callId: string; call: RecordedCall }
  | { kind: 'result'; callId: string; name: string; value: Json; isError: boolean }

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
      const isError =
        result.isError === true || (isMap(value) && value['error'] !== undefined && value['error'] !== null)
      return { kind: 'result', callId: result.callId, name: result.name, value, isError }
    })
  }
  const said: Item[] =
    message.content.trim() === ''
      ? []
      : [{ kind: 'said', text: message.content.replace(/\[interrupted\]$/u, '').trim() }]
  const calls = (message.toolCalls ?? []).map(({ callId, name, arguments: text }): Item => ({
    kind: 'call',
    callId,
    call: { name, arguments: text },
  }))
  return [...said, ...calls]
}

/**
 * The last note stands wherever the memory put it, in each of several turns. It belongs to the turn in which the agent
 * took over: the present one when it says so, else the one behind the agent's last own handoff, else the first.
 */
function placeNote(items: readonly Item[], isOpening: boolean): Item[] {
  const at = items.findLastIndex(({ kind }) => kind === 'note')
  const note = items[at]
  if (!note) return [...items]
  const others = items.filter((_, index) => index !== at)
  const present = others.findLastIndex(({ kind }) => kind === 'opening')
  const end = present >= 0 ? present : isOpening && others.at(-1)?.kind !== 'result' ? others.length : -1
  const isOwn = ({ kind }: Item): boolean => kind === 'said' || kind === 'call' || kind === 'result'
  const before =
    end >= 0
      ? others.slice(0, end).findLastIndex(isOwn)
      : others.slice(0, -1).findLastIndex((item) => item.kind === 'result' && isAccepted(item))
  return others.toSpliced(before + 1, 0, note)
}

function isAccepted({ name, value }: Extract<Item, { kind: 'result' }>): boolean {
  return name === HANDOFF_TOOL_NAME && isMap(value) && value['accepted'] === true
}

function reportInSystem(system: string): HandoffReport | undefined {
  const at = system.lastIndexOf(HANDOFF_NOTE_MARK)
  const note = at < 0 ? undefined : parseInternalNote(system.slice(at))
  return note?.kind === 'note' ? note.report : undefined
}

function toLine(
  { text, name }: { text: string; name?: string },
  isLabelled: boolean,
): { speaker: string; text: string } {
  if (name !== undefined && text.startsWith(`${name}:`))
    return { speaker: name, text: text.slice(name.length + 1).trim() }
  const { label, rest } = splitLabel(text)
  if (isLabelled && label !== '') return { speaker: label, text: rest }
  return { speaker: name ?? '', text: text.trim() }
}

// People are shown by their display name, or by an id without spaces.
function splitLabel(text: string): { label: string; rest: string } {
  const match = /^((?:\p{Lu}[\p{L}\p{M}\p{N}'._ -]{0,59}|[\p{L}\p{N}_.@-]{1,60})(?: \([^()\n]{1,60}\))?): +/u.exec(text)
  return match ? { label: match[1] ?? '', rest: text.slice(match[0].length).trim() } : { label: '', rest: text }
}

// Colleagues carry their id in brackets, people do not; who handed over and whom one may hand over to is known by name.
function isColleague(speaker: string, colleagues: ReadonlySet<Json>): boolean {
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
