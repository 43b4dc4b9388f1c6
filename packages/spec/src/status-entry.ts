import type { ChannelId, OrganizationId, RoomId } from './ids.ts'
import type { Instant, Json } from './json.ts'

/** A line of the status log across agents. */
export interface StatusEntry {
  id: string
  at: Instant
  roomId?: RoomId
  organizationId?: OrganizationId
  agentId: ChannelId
  action: string
  status: 'ok' | 'failed' | 'pending' | 'info' | 'completed'
  /** At most 200 characters. */
  detail: string
  metadata: Record<string, Json>
}
