import type { OrganizationId, ParticipantId, ParticipantRole, RoomId } from '@parley/spec'

/** What a key or token may do. `admin` stands for all of them. */
export const rights = ['rooms:read', 'rooms:write', 'desk:answer', 'desk:approve', 'calls:supervise', 'admin'] as const

export type Right = (typeof rights)[number]

/** Who a request comes from. */
export interface Principal {
  /** A key of an organization, a token of one participant of one room, or anyone on a loopback server without auth. */
  kind: 'key' | 'room' | 'local'
  /** Shown in logs and receipts; the participant's id for room tokens. */
  id: string
  /** Scopes everything: what belongs to another organization does not exist. */
  organizationId?: OrganizationId
  rights: ReadonlySet<Right>
  /** Set for room tokens: the one room they open, and as whom. */
  room?: { roomId: RoomId; participantId: ParticipantId; role: ParticipantRole }
  /** Wall time, milliseconds. @default never */
  expiresAtMs?: number
}

/** Whether a principal holds one of the rights asked for. */
export function holdsRight(principal: Principal, anyOf: readonly Right[]): boolean {
  return principal.rights.has('admin') || anyOf.some((right) => principal.rights.has(right))
}

/** Everybody on a server that only this machine can reach and that was set up without keys. */
export const localPrincipal: Principal = { kind: 'local', id: 'local', rights: new Set<Right>(['admin']) }
