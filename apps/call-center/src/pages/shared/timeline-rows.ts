import type { EventSource, Json } from '@parley/spec'

/** Who said something, as the log has it; names are found when it is shown. */
export interface Speaker {
  kind: EventSource['kind']
  /** Participant of a person, channel of an agent. */
  id: string
}

/** An article an answer rests on. */
export interface SourceLink {
  sourceId: string
  title: string
}

/** Something said. `live` grows, `pending` is ours and without an answer yet. */
export interface MessageRow {
  kind: 'message'
  key: string
  speaker: Speaker
  text: string
  at: string
  status: 'committed' | 'live' | 'pending' | 'failed'
  /** Why it failed. */
  error?: string
  sources: readonly SourceLink[]
  /** Only colleagues and agents see it. */
  isInternal: boolean
  isEdited: boolean
  /** Whether the speaker was cut short: the text is what was heard. @default false */
  isCut?: boolean
  eventId?: string
  /** The speech in a call that it is what was heard of. */
  utteranceId?: string
  /** How it was said in a call: aloud, typed, by keys. */
  source?: string
}

/** A tool at work, or what became of it. */
export interface ToolRow {
  kind: 'tool'
  key: string
  name: string
  agentId: string
  startedMs: number
  status: 'running' | 'done' | 'failed'
  durationMs?: number
  /** Known at the desk only. */
  arguments?: Json
  result?: Json
}

/** The conversation went from one to another. */
export interface HandoffRow {
  kind: 'handoff'
  key: string
  at: string
  from: string | null
  to: string
  fromName?: string
  toName?: string
  reason: string
  /** Known at the desk only. */
  summary?: string
  payload?: Json
}

/** Something the room says of itself. */
export interface NoticeRow {
  kind: 'notice'
  key: string
  at: string
  text: string
  isInternal: boolean
}

/** A remark of a colleague. */
export interface NoteRow {
  kind: 'note'
  key: string
  speaker: Speaker
  at: string
  text: string
}

export type TimelineRow = MessageRow | ToolRow | HandoffRow | NoticeRow | NoteRow
