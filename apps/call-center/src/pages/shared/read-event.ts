import type { Json, RoomEvent } from '@parley/spec'
import { deskPersonName } from './names.ts'
import type { HandoffRow, SourceLink, Speaker, TimelineRow } from './timeline-rows.ts'

/** Code of the line that people are shown when a conversation is handed over. */
export const handoffAnnounced = 'handoff_announced'

/** The row that an event of the log is shown as; undefined for one that says nothing to people. */
export function readEvent(event: RoomEvent): TimelineRow | undefined {
  const { content, id, createdAt: at, source } = event
  const key = `event:${id}`
  const isInternal = event.visibility === 'internal'
  if (event.status === 'blocked') return undefined
  switch (content.type) {
    case 'note':
      return { kind: 'note', key, speaker: speakerOf(event), at, text: content.text }
    case 'toolCall':
      return readTool(event)
    case 'system':
      return readSystem(event)
    case 'edit':
    case 'delete':
    case 'reaction':
      return undefined
    default: {
      if (event.type !== 'message' && event.type !== 'dtmf') return undefined
      return {
        kind: 'message',
        key: event.idempotencyKey !== undefined && source.kind === 'person' ? `own:${event.idempotencyKey}` : key,
        speaker: speakerOf(event),
        text: textOf(content),
        at,
        status: 'committed',
        sources: sourcesOf(event.metadata['sources']),
        isInternal,
        isEdited: event.edited !== undefined,
        ...(content.type === 'text' && content.interrupted === true ? { isCut: true } : {}),
        eventId: id,
        ...voiceOf(event.metadata['voice']),
      }
    }
  }
}

function voiceOf(value: Json | undefined): { utteranceId?: string; source?: string } {
  const { utteranceId, source } = fieldsOf(value)
  return {
    ...(typeof utteranceId === 'string' ? { utteranceId } : {}),
    ...(typeof source === 'string' ? { source } : {}),
  }
}

/** What content says, as plain text. */
export function textOf(content: RoomEvent['content']): string {
  switch (content.type) {
    case 'text':
    case 'note':
    case 'system':
      return content.text
    case 'rich':
      return content.plainText ?? content.body
    case 'dtmf':
      return `Keypad: ${content.digits}`
    case 'composite':
      return content.parts.map(textOf).join('\n')
    case 'template':
      return content.text ?? ''
    case 'media':
      return content.caption ?? content.filename ?? 'A file'
    case 'redacted':
      return 'This message was removed.'
    default:
      return ''
  }
}

/** Who an event comes from. */
export function speakerOf({ source }: Pick<RoomEvent, 'source'>): Speaker {
  return {
    kind: source.kind,
    id: (source.kind === 'agent' ? source.channelId : source.participantId) ?? source.channelId ?? 'system',
  }
}

function readTool({ content, source, createdAt, type }: RoomEvent): TimelineRow | undefined {
  if (content.type !== 'toolCall') return undefined
  const status =
    type === 'toolCallStarted'
      ? 'running'
      : content.status === 'failed' || content.error !== undefined
        ? 'failed'
        : 'done'
  return {
    kind: 'tool',
    key: `tool:${content.callId}`,
    name: content.name,
    agentId: source.channelId ?? '',
    startedMs: Date.parse(createdAt) - (content.durationMs ?? 0),
    status,
    arguments: content.arguments,
    ...(content.durationMs === undefined ? {} : { durationMs: content.durationMs }),
    ...(content.structured === undefined && content.result === undefined
      ? {}
      : { result: content.structured ?? content.result ?? null }),
  }
}

function readSystem(event: RoomEvent): TimelineRow | undefined {
  const { content, id, createdAt: at, visibility } = event
  if (content.type !== 'system') return undefined
  const key = `event:${id}`
  const isInternal = visibility === 'internal'
  const data = fieldsOf(content.data)
  if (content.code === handoffAnnounced || content.code === 'handoff') return readHandoff(key, at, data)
  const text = noticeOf(event.type, content.code, content.text, data)
  const isForTeam = isInternal || event.type === 'requestOpened' || event.type === 'requestClosed'
  return text === undefined ? undefined : { kind: 'notice', key, at, text, isInternal: isForTeam }
}

function readHandoff(key: string, at: string, data: Record<string, Json>): HandoffRow {
  const text = (name: string): string | undefined => {
    const value = data[name]
    return typeof value === 'string' ? value : undefined
  }
  const [fromName, toName, summary] = [text('fromName'), text('toName'), text('summary')]
  return {
    kind: 'handoff',
    // The record for colleagues and the line for people tell of the same handoff.
    key: text('handoffId') === undefined ? key : `handoff:${text('handoffId')}`,
    at,
    from: text('from') ?? null,
    to: text('to') ?? 'human',
    reason: text('reason') ?? '',
    ...(fromName === undefined ? {} : { fromName }),
    ...(toName === undefined ? {} : { toName }),
    ...(summary === undefined ? {} : { summary }),
    ...(data['payload'] === undefined ? {} : { payload: data['payload'] }),
  }
}

/** Internal remarks of the room that colleagues are shown. */
const shownCodes: ReadonlySet<string> = new Set(['human_claimed', 'tool_outcome'])

/** What lifecycle events say; undefined for those that are shown elsewhere or not at all. */
function noticeOf(type: RoomEvent['type'], code: string, text: string, data: Record<string, Json>): string | undefined {
  switch (type) {
    case 'message':
      return text
    case 'roomClosed':
      return 'The conversation has ended.'
    case 'roomReopened':
      return 'The conversation is open again.'
    case 'roomPaused':
      return 'The conversation is paused.'
    case 'roomResumed':
      return 'The conversation goes on.'
    case 'requestOpened': {
      const { kind, sensitive, tool } = fieldsOf(data['request'])
      if (sensitive === true) return 'Collecting a PIN from the caller'
      return kind === 'approval' ? `Approval asked for ${typeof tool === 'string' ? tool : 'a step'}` : undefined
    }
    case 'requestClosed':
      return data['status'] === 'approved' || data['status'] === 'rejected'
        ? `The request was ${data['status']}`
        : undefined
    case 'system':
      if (code === 'coach_changed') return coachText(data)
      return shownCodes.has(code) ? text : undefined
    default:
      return undefined
  }
}

/** What a colleague does on the line without having the conversation. */
const coachWords: Readonly<Record<string, string>> = {
  monitor: 'listens in',
  whisperAgent: 'talks to the agent, unheard by the caller',
  whisperHuman: 'talks to the colleague, unheard by the caller',
  barge: 'speaks to everybody',
  off: 'has left the line',
}

function coachText({ participantId, to }: Record<string, Json>): string | undefined {
  const words = typeof to === 'string' ? coachWords[to] : undefined
  return typeof participantId === 'string' && words !== undefined
    ? `${deskPersonName(participantId)} ${words}`
    : undefined
}

/** The fields of a JSON object; none for anything else. */
export function fieldsOf(value: Json | undefined): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function sourcesOf(value: Json | undefined): SourceLink[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((entry) => {
    const { sourceId, title } = fieldsOf(entry)
    return typeof sourceId === 'string' && typeof title === 'string' ? [{ sourceId, title }] : []
  })
}
