import type { Identity, Participant, ParticipantId, RoomId } from '@parley/spec'
import type { InRoomOptions, KitParts } from '../core/kit-parts.ts'
import {
  addMember,
  ensureParticipant,
  membersOf,
  removeMember,
  renameMember,
  resolveParticipant,
  type ParticipantInput,
} from '../rooms/participants.ts'

/** People and agents of a kit's rooms. */
export interface MembersApi {
  ensureParticipant(roomId: RoomId, input: ParticipantInput, o?: InRoomOptions): Promise<Participant>
  addMember(roomId: RoomId, input: ParticipantInput, o?: InRoomOptions): Promise<Participant>
  removeMember(
    roomId: RoomId,
    participantId: ParticipantId,
    o?: InRoomOptions & { ban?: boolean },
  ): Promise<Participant>
  renameMember(
    roomId: RoomId,
    participantId: ParticipantId,
    displayName: string,
    o?: InRoomOptions,
  ): Promise<Participant>
  /** People and agents of a room. */
  members(roomId: RoomId): Promise<Participant[]>
  isMember(roomId: RoomId, participantId: ParticipantId): Promise<boolean>
  resolveParticipant(
    roomId: RoomId,
    participantId: ParticipantId,
    identity: Identity,
    o?: InRoomOptions & { by?: string },
  ): Promise<Participant>
}

/** What a kit does with members. */
export function createMembersApi(parts: KitParts): MembersApi {
  return {
    ensureParticipant: async (roomId, input, o) => ensureParticipant(parts, roomId, input, o),
    addMember: async (roomId, input, o) => addMember(parts, roomId, input, o),
    removeMember: async (roomId, participantId, o) => removeMember(parts, roomId, participantId, o),
    renameMember: async (roomId, participantId, displayName, o) =>
      renameMember(parts, roomId, participantId, displayName, o),
    members: async (roomId) => membersOf(parts, roomId),
    isMember: async (roomId, participantId) =>
      (await parts.store.participants.get(roomId, participantId))?.status === 'active',
    resolveParticipant: async (roomId, participantId, identity, o) =>
      resolveParticipant(parts, roomId, participantId, identity, o),
  }
}
