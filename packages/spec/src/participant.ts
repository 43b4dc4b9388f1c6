import type { ChannelType } from './channel.ts'
import type { ChannelId, OrganizationId, ParticipantId, RoomId } from './ids.ts'
import type { Instant, Json } from './json.ts'

export type ParticipantRole = 'owner' | 'agent' | 'member' | 'observer' | 'bot'

/** A person or agent of a room: one record per room and id. */
export interface Participant {
  id: ParticipantId
  roomId: RoomId
  kind: 'person' | 'agent'
  /** The primary channel. */
  channelId: ChannelId
  /** Every channel the participant came by, the primary first. */
  connectedVia: ChannelId[]
  displayName?: string
  role: ParticipantRole
  status: 'active' | 'inactive' | 'left' | 'banned'
  identification: 'identified' | 'pending' | 'ambiguous' | 'unknown' | 'challengeSent' | 'rejected'
  identityId?: string
  candidates?: Identity[]
  externalId?: string
  resolvedAt?: Instant
  resolvedBy?: string
  joinedAt: Instant
  metadata: Record<string, Json>
}

/** A known person of an organization, with the addresses they write from. */
export interface Identity {
  id: string
  organizationId?: OrganizationId
  displayName?: string
  email?: string
  phone?: string
  addresses: Partial<Record<ChannelType, string[]>>
  externalIds: Record<string, string>
  metadata: Record<string, Json>
}
