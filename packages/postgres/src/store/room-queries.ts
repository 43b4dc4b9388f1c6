import type { ConversationStore, RoomFilter } from '@parley/spec'

import { roomColumns, roomTables } from './rows.ts'

/** A statement and its values. */
export interface Statement {
  text: string
  values: unknown[]
}

type LatestQuery = Parameters<ConversationStore['findLatestRoom']>[0]
type ChannelQuery = Parameters<ConversationStore['roomsByChannel']>[0]

/** Rooms that pass a filter, in order of creation, one more than the page. */
export function findRooms(
  { organizationId, status, parentRoomId, mode }: RoomFilter,
  cursor: number,
  limit: number,
): Statement {
  const values: unknown[] = [cursor]
  const bind = (value: unknown): string => `$${values.push(value)}`
  const where = ['r.seq > $1']
  if (organizationId !== undefined) where.push(`r.organization_id = ${bind(organizationId)}`)
  if (status !== undefined) where.push(`r.status = ${bind(status)}`)
  if (parentRoomId !== undefined) where.push(`r.parent_room_id = ${bind(parentRoomId)}`)
  // Spelt out, so that the index of rooms in the hands of people fits.
  if (mode !== undefined)
    where.push(mode === 'agent' ? "r.mode = 'agent'" : `r.mode = ${bind(mode)} AND r.mode <> 'agent'`)
  return {
    text: `SELECT r.seq, ${roomColumns} FROM ${roomTables} WHERE ${where.join(' AND ')} ORDER BY r.seq LIMIT ${bind(limit + 1)}`,
    values,
  }
}

/** The latest open room in which a participant takes part by a type of channel. */
export function latestRoom({ participantId, channelType, organizationId }: LatestQuery): Statement {
  const values: unknown[] = [participantId, channelType]
  const tenant = organizationId === undefined ? '' : `AND r.organization_id = $${values.push(organizationId)}`
  return {
    text: `SELECT ${roomColumns} FROM parley.records p JOIN ${roomTables} ON r.id = p.scope
      WHERE p.family = 'participants' AND p.id = $1 AND r.status IN ('active', 'paused') ${tenant}
      AND EXISTS (SELECT 1 FROM parley.records b WHERE b.family = 'bindings' AND b.scope = p.scope AND b.doc->>'channelType' = $2
        AND (b.id = p.doc->>'channelId' OR p.doc->'connectedVia' ? b.id))
      ORDER BY c.last_activity DESC, r.seq DESC LIMIT 1`,
    values,
  }
}

/** Rooms that a channel is attached to, in order of creation. */
export function roomsByChannel({ channelId, statuses, organizationId }: ChannelQuery, limit: number): Statement {
  const values: unknown[] = [channelId]
  const bind = (value: unknown): string => `$${values.push(value)}`
  const where = ["b.family = 'bindings'", 'b.id = $1']
  if (statuses !== undefined) where.push(`r.status = ANY(${bind(statuses)}::text[])`)
  if (organizationId !== undefined) where.push(`r.organization_id = ${bind(organizationId)}`)
  return {
    text: `SELECT ${roomColumns} FROM parley.records b JOIN ${roomTables} ON r.id = b.scope WHERE ${where.join(' AND ')} ORDER BY b.seq LIMIT ${bind(limit)}`,
    values,
  }
}
