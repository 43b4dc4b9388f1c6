import type { OutputDelta, RoomUpdate } from '@parley/client'
import type { PendingRequest, RoomEvent } from '@parley/spec'
import { fieldsOf, readEvent, textOf } from './read-event.ts'
import type { MessageRow, TimelineRow, ToolRow } from './timeline-rows.ts'

/** What a page shows of a room: the log, and what passes by. */
export interface Timeline {
  /** The last event taken; -1 before the first. */
  lastIndex: number
  /** Committed rows and tools, in order. */
  rows: readonly TimelineRow[]
  /** Text that grows, by segment. */
  live: readonly MessageRow[]
  /** Text of our own that has no answer, oldest first. */
  pending: readonly MessageRow[]
  /** Who writes at the moment. */
  typing: readonly string[]
  /** Who is here, as far as they said. */
  present: Readonly<Record<string, string>>
  /** Open questions, as far as this page may answer them. */
  requests: readonly PendingRequest[]
  /** Messages of others so far. */
  heardCount: number
  isClosed: boolean
  /** A call goes on in it, as far as this page may know. */
  isInCall: boolean
}

/** A thing that happened, when, and for whom it is shown. */
export interface TimelineInput {
  update: RoomUpdate
  /** Wall time in ms. */
  nowMs: number
  /** The participant who looks. */
  me: string | undefined
}

/** A room of which nothing is known yet. */
export const emptyTimeline: Timeline = {
  lastIndex: -1,
  rows: [],
  live: [],
  pending: [],
  typing: [],
  present: {},
  requests: [],
  heardCount: 0,
  isClosed: false,
  isInCall: false,
}

/** The next state. Pure: equal input gives equal output. */
export function reduceTimeline(timeline: Timeline, { update, nowMs, me }: TimelineInput): Timeline {
  switch (update.type) {
    case 'event':
      return takeEvent(timeline, update.event, me)
    case 'delta':
      return takeDelta(timeline, update.delta, nowMs)
    case 'ephemeral':
      return takeEphemeral(timeline, update.event, nowMs)
    case 'request':
      return {
        ...timeline,
        requests: [...timeline.requests.filter(({ id }) => id !== update.request.id), update.request],
      }
    case 'requestClosed':
      return { ...timeline, requests: timeline.requests.filter(({ id }) => id !== update.requestId) }
    case 'pending':
      return takePending(timeline, update, nowMs, me)
    case 'status':
      // What was under way is not known any more; what was committed comes again from the log.
      if (update.status === 'live') return timeline
      return {
        ...timeline,
        live: [],
        typing: [],
        rows: timeline.rows.filter((row) => row.kind !== 'tool' || row.status !== 'running'),
      }
    case 'error':
      return timeline
  }
}

/** All rows in the order they are shown: what is committed, what grows, what waits. */
export function shownRows({ rows, live, pending }: Timeline): TimelineRow[] {
  return [
    ...rows,
    ...pending.filter(({ status }) => status === 'pending'),
    ...live,
    ...pending.filter(({ status }) => status === 'failed'),
  ]
}

function takeEvent(timeline: Timeline, event: RoomEvent, me: string | undefined): Timeline {
  if (event.index <= timeline.lastIndex) return timeline
  const { content, idempotencyKey, segmentId, source } = event
  const next = {
    ...timeline,
    lastIndex: event.index,
    live: segmentId === undefined ? timeline.live : timeline.live.filter(({ key }) => key !== `live:${segmentId}`),
    pending:
      idempotencyKey === undefined
        ? timeline.pending
        : timeline.pending.filter(({ key }) => key !== `own:${idempotencyKey}`),
    isClosed: event.type === 'roomClosed' || (timeline.isClosed && event.type !== 'roomReopened'),
    isInCall: event.type === 'callStarted' || (timeline.isInCall && event.type !== 'callEnded'),
    typing: timeline.typing.filter((id) => id !== source.participantId && id !== source.channelId),
  }
  if (content.type === 'edit' || content.type === 'delete') {
    const text = content.type === 'edit' ? textOf(content.content) : 'This message was removed.'
    const rows = next.rows.map((row) =>
      row.kind === 'message' && row.eventId === content.targetEventId ? { ...row, text, isEdited: true } : row,
    )
    return { ...next, rows }
  }
  const row = readEvent(event)
  if (row === undefined) return next
  const isHeard = row.kind === 'message' && row.speaker.id !== me
  return { ...next, rows: withRow(next.rows, row), heardCount: next.heardCount + (isHeard ? 1 : 0) }
}

/** Adds a row, or puts it in the place of the one it tells more about. */
function withRow(rows: readonly TimelineRow[], row: TimelineRow): TimelineRow[] {
  const at = row.kind === 'tool' || row.kind === 'handoff' ? rows.findIndex(({ key }) => key === row.key) : -1
  if (at === -1) return [...rows, row]
  const known = rows[at]
  if (known === undefined) return [...rows, row]
  const next = merged(known, row)
  // What was said while a tool waited came before its end.
  const hasEnded =
    known.kind === 'tool' && known.status === 'running' && next.kind === 'tool' && next.status !== 'running'
  return hasEnded ? [...rows.toSpliced(at, 1), next] : rows.with(at, next)
}

function merged(known: TimelineRow, row: TimelineRow): TimelineRow {
  if (known.kind === 'tool' && row.kind === 'tool') return { ...known, ...row, startedMs: known.startedMs }
  return known.kind === 'handoff' && row.kind === 'handoff' ? { ...row, ...known } : row
}

function takeDelta(timeline: Timeline, { from, segmentId, seq, text }: OutputDelta, nowMs: number): Timeline {
  const key = `live:${segmentId}`
  const known = timeline.live.find((row) => row.key === key)
  // Whoever comes in the middle of a sentence waits for it in whole, rather than reading its end alone.
  if (known === undefined && seq > 1) return timeline
  const row: MessageRow = known ?? {
    kind: 'message',
    key,
    speaker: { kind: 'agent', id: from },
    text: '',
    at: new Date(nowMs).toISOString(),
    status: 'live',
    sources: [],
    isInternal: false,
    isEdited: false,
  }
  return {
    ...timeline,
    live: [...timeline.live.filter((other) => other.key !== key), { ...row, text: row.text + text }],
  }
}

function takeEphemeral(
  timeline: Timeline,
  event: Extract<RoomUpdate, { type: 'ephemeral' }>['event'],
  nowMs: number,
): Timeline {
  const data = fieldsOf(event.data)
  const others = timeline.typing.filter((id) => id !== event.from)
  switch (event.type) {
    case 'typingStarted':
      return { ...timeline, typing: [...others, event.from] }
    case 'typingStopped':
      return { ...timeline, typing: others }
    case 'presence':
      return {
        ...timeline,
        present: { ...timeline.present, [event.from]: typeof data['status'] === 'string' ? data['status'] : 'online' },
      }
    case 'toolCallStarted':
    case 'toolCallEnded': {
      const { callId, name } = data
      if (typeof callId !== 'string' || typeof name !== 'string') return timeline
      const known = timeline.rows.find((row): row is ToolRow => row.key === `tool:${callId}`)
      const isOver = event.type === 'toolCallEnded'
      // An end whose start was missed says nothing that a person could use.
      if (isOver && known === undefined) return timeline
      if (known !== undefined && known.status !== 'running') return timeline
      const status = !isOver ? 'running' : data['status'] === 'failed' ? 'failed' : 'done'
      const startedMs = known?.startedMs ?? nowMs
      const row: ToolRow = { kind: 'tool', key: `tool:${callId}`, name, agentId: event.from, startedMs, status }
      return { ...timeline, rows: withRow(timeline.rows, isOver ? { ...row, durationMs: nowMs - startedMs } : row) }
    }
    default:
      return timeline
  }
}

function takePending(
  timeline: Timeline,
  { send, error }: Extract<RoomUpdate, { type: 'pending' }>,
  nowMs: number,
  me: string | undefined,
): Timeline {
  const key = `own:${send.idempotencyKey}`
  const known = timeline.pending.find((row) => row.key === key)
  const isInLog = timeline.rows.some((row) => row.key === key)
  const others = timeline.pending.filter((row) => row.key !== key)
  if (isInLog) return { ...timeline, pending: others }
  const row: MessageRow = {
    kind: 'message',
    key,
    speaker: { kind: 'person', id: me ?? '' },
    text: known?.text ?? pendingText(send.content),
    at: known?.at ?? new Date(nowMs).toISOString(),
    status: send.status === 'failed' ? 'failed' : 'pending',
    sources: [],
    isInternal: false,
    isEdited: false,
    ...(error === undefined ? {} : { error: error.message }),
  }
  if (known === undefined) return { ...timeline, pending: [...timeline.pending, row] }
  return { ...timeline, pending: timeline.pending.map((other) => (other.key === key ? row : other)) }
}

function pendingText(content: unknown): string {
  const isText =
    typeof content === 'object' && content !== null && 'text' in content && typeof content.text === 'string'
  return isText ? String(content.text) : ''
}

/** Takes a failed message off the list, since it is written anew. */
export function withoutPending(timeline: Timeline, key: string): Timeline {
  return { ...timeline, pending: timeline.pending.filter((row) => row.key !== key) }
}
