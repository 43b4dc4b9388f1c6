import { z } from 'zod'
import type { ChannelId, Json, Room, RoomId } from '@parley/spec'

/** Where a child room keeps what it was made for. */
export const DELEGATION_KEY = 'delegation'

/** Depth of children: a room that is this deep has none of its own. */
export const MAX_DEPTH = 3

/** What a delegation is, as its child room keeps it. */
export interface DelegationRecord {
  id: string
  parentRoomId: RoomId
  childRoomId: RoomId
  agentId: ChannelId
  task: string
  by: { kind: 'agent' | 'person' | 'code' | 'system'; id: string }
  depth: number
  /** Somebody waits for it: without them nobody needs it. */
  isAwaited: boolean
  needsSubmission: boolean
  timeoutMs: number
  maxRetries: number
  context?: Json
  notify?: ChannelId
  idempotencyKey?: string
}

const schema = z.object({
  id: z.string(),
  parentRoomId: z.string(),
  childRoomId: z.string(),
  agentId: z.string(),
  task: z.string(),
  by: z.object({ kind: z.enum(['agent', 'person', 'code', 'system']), id: z.string() }),
  depth: z.int(),
  isAwaited: z.boolean(),
  needsSubmission: z.boolean(),
  timeoutMs: z.number(),
  maxRetries: z.number(),
  context: z.json().optional(),
  notify: z.string().optional(),
  idempotencyKey: z.string().optional(),
})

/** The record of a child room; undefined for any other room. */
export function recordOf(room: Pick<Room, 'metadata' | 'delegationId'>): DelegationRecord | undefined {
  if (room.delegationId === undefined) return undefined
  const parsed = schema.safeParse(room.metadata[DELEGATION_KEY])
  // The schema is the record's shape; optional fields that are absent stay absent.
  return parsed.success ? (parsed.data as DelegationRecord) : undefined
}

/** The record as a room's metadata. */
export function toMetadata(record: DelegationRecord): Record<string, Json> {
  // Plain data through and through; this drops what is undefined.
  return { [DELEGATION_KEY]: JSON.parse(JSON.stringify(record)) as Json }
}

/** What the worker is told. */
export function taskText({ task, context, needsSubmission }: DelegationRecord): string {
  const parts = [task]
  if (context !== undefined) parts.push(`Context:\n${typeof context === 'string' ? context : JSON.stringify(context)}`)
  if (needsSubmission) parts.push('End by calling submit_result with the outcome.')
  return parts.join('\n\n')
}
