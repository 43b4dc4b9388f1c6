import type { ChannelId, ChatMessage, ContentPart, Json, ModelCard, RoomEvent, ToolCallContent } from '@parley/spec'
import { contentMedia, contentText } from './content-text.ts'

/** Whose eyes a log is read with. */
export interface Reading {
  agentId: ChannelId
  card: ModelCard
  /** The name a speaker is shown by; undefined where none is needed. */
  speakerOf(event: RoomEvent): string | undefined
}

/** Which event a message stands for; kept as long as its turn. */
export type MessageOrigins = Map<ChatMessage, string>

/**
 * Turns a window of the log into what a model reads: the agent's own words as `assistant`, everyone else as `user` with
 * their name, own tool calls with their results. Blocked, deleted and redacted events are absent.
 * @param only - the events whose messages are noted in `origins`; all of them where it is missing
 */
export function toContextMessages(
  events: readonly RoomEvent[],
  reading: Reading,
  origins: MessageOrigins = new Map(),
  only?: ReadonlySet<string>,
): ChatMessage[] {
  const messages: ChatMessage[] = []
  let lastTurn: string | undefined
  for (const event of events) {
    if (event.status === 'blocked' || event.deleted !== undefined || event.redacted !== undefined) continue
    // A yes, no or value that answered a request is in the result of the call that asked.
    if (event.routing?.reason === 'request') continue
    if (event.content.type === 'toolCall') {
      // The end of a call holds the call and its result, so a pair is never torn apart.
      if (event.type !== 'toolCallEnded' || event.source.channelId !== reading.agentId) continue
      addCall(messages, event.content, lastTurn !== undefined && lastTurn === event.turnId)
      lastTurn = event.turnId
      continue
    }
    const message = toMessage(event, reading)
    if (message === undefined) continue
    lastTurn = message.role === 'assistant' ? event.turnId : undefined
    messages.push(message)
    if (only === undefined || only.has(event.id)) origins.set(message, event.id)
  }
  return messages
}

function toMessage(event: RoomEvent, reading: Reading): ChatMessage | undefined {
  if (event.type === 'system' || event.content.type === 'system') return outcomeMessage(event)
  if (event.type !== 'message' && event.type !== 'dtmf' && event.type !== 'note') return undefined
  const text = contentText(event.content)
  if (text === null) return undefined
  const isOwn = event.source.kind === 'agent' && event.source.channelId === reading.agentId
  if (isOwn) {
    const isCut = event.content.type === 'text' && event.content.interrupted === true
    return text === '' ? undefined : { role: 'assistant', content: isCut ? `${text} [interrupted]` : text }
  }
  const speaker = reading.speakerOf(event)
  const said = speaker === undefined ? text : `${speaker}: ${text}`
  const media = contentMedia(event.content, reading.card)
  const content: string | ContentPart[] = media.length === 0 ? said : [{ type: 'text', text: said }, ...media]
  return { role: 'user', content }
}

/** What came of a request to a person or of a tool that ran on after its turn. */
function outcomeMessage({ content }: RoomEvent): ChatMessage | undefined {
  if (content.type !== 'system') return undefined
  const { code, data = {} } = content
  if (code === 'reminder') return { role: 'user', content: `[Reminder]\n${JSON.stringify(data)}` }
  if (code !== 'request_outcome' && code !== 'tool_outcome') return undefined
  const facts = typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {}
  const tool = wordOf(facts['tool'])
  const head =
    code === 'request_outcome' ? `[Request outcome: ${tool} ${wordOf(facts['status'])}]` : `[Tool outcome: ${tool}]`
  return { role: 'user', content: `${head}\n${JSON.stringify(data)}` }
}

function wordOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** Adds a call and its result; calls of one turn that follow each other share their messages. */
function addCall(messages: ChatMessage[], call: ToolCallContent, isSameTurn: boolean): void {
  const part = { callId: call.callId, name: call.name, arguments: JSON.stringify(call.arguments) }
  const isFailed = call.error !== undefined
  const value = isFailed ? { error: call.error ?? null } : (call.result ?? null)
  const result = {
    callId: call.callId,
    name: call.name,
    content: typeof value === 'string' ? value : JSON.stringify(value),
    ...(isFailed ? { isError: true } : {}),
  }
  const last = messages.at(-1)
  const before = messages.at(-2)
  if (isSameTurn && last?.role === 'tool' && before?.role === 'assistant') {
    before.toolCalls = [...(before.toolCalls ?? []), part]
    last.results.push(result)
    return
  }
  if (isSameTurn && last?.role === 'assistant' && last.toolCalls === undefined) last.toolCalls = [part]
  else messages.push({ role: 'assistant', content: '', toolCalls: [part] })
  messages.push({ role: 'tool', results: [result] })
}
