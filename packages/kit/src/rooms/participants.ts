import {
  checkOptions,
  ParleyError,
  type ChannelId,
  type EventType,
  type Identity,
  type Json,
  type Participant,
  type ParticipantId,
  type ParticipantRole,
  type RoomId,
} from '@parley/spec'
import { DIRECT_CHANNEL_ID } from '../channels/direct-channel.ts'
import type { InRoomOptions, KitParts } from '../core/kit-parts.ts'
import type { HookTrigger } from '../hooks/hook-map.ts'
import { checkMetadata } from '../inbound/check-content.ts'
import type { OpenRoom } from './commit-to-log.ts'
import { inRoom } from './in-room.ts'
import { newParticipant } from './new-room.ts'

/** What a caller says of a person. */
export interface ParticipantInput {
  id: ParticipantId
  channelId?: ChannelId
  displayName?: string
  role?: ParticipantRole
  externalId?: string
  metadata?: Record<string, Json>
}

const inputKeys = ['id', 'channelId', 'displayName', 'role', 'externalId', 'metadata']

type ParticipantHook = HookTrigger & `onParticipant${string}`

const hooks: Partial<Record<EventType, ParticipantHook>> = {
  participantJoined: 'onParticipantJoined',
  participantLeft: 'onParticipantLeft',
  participantIdentified: 'onParticipantIdentified',
  participantUpdated: 'onParticipantUpdated',
}

/** Makes sure a person is of the room; adds a channel they came by, never moves the primary one. */
export function ensureParticipant(
  parts: KitParts,
  roomId: RoomId,
  input: ParticipantInput,
  o: InRoomOptions = {},
): Promise<Participant> {
  checkInput('ensureParticipant', input, parts)
  return joinOr(
    parts,
    roomId,
    input,
    (known, channelId) => {
      const isConnected = known.connectedVia.includes(channelId)
      const displayName = input.displayName ?? known.displayName
      if (isConnected && displayName === known.displayName) return { next: known }
      if (!isConnected) noteShared(parts, known, channelId)
      return {
        next: {
          ...known,
          connectedVia: isConnected ? known.connectedVia : [...known.connectedVia, channelId],
          ...(displayName === undefined ? {} : { displayName }),
        },
        type: 'participantUpdated',
      }
    },
    o,
  )
}

/** Adds a member or moves one to another primary channel; an active member with nothing new changes nothing. */
export function addMember(
  parts: KitParts,
  roomId: RoomId,
  input: ParticipantInput,
  o: InRoomOptions = {},
): Promise<Participant> {
  checkInput('addMember', input, parts)
  return joinOr(
    parts,
    roomId,
    input,
    (known, channelId) => {
      const isSame = known.status === 'active' && known.channelId === channelId
      if (isSame) return { next: known }
      const connectedVia = [channelId, ...known.connectedVia.filter((other) => other !== channelId)]
      const type = known.status === 'active' ? 'participantUpdated' : 'participantJoined'
      return { next: { ...known, status: 'active', channelId, connectedVia }, type }
    },
    o,
  )
}

/** Lets a member leave; `ban` keeps them out. */
export function removeMember(
  parts: KitParts,
  roomId: RoomId,
  participantId: ParticipantId,
  { ban = false, ...o }: InRoomOptions & { ban?: boolean } = {},
): Promise<Participant> {
  return change(
    parts,
    roomId,
    (open) => {
      const known = participantOf(open, participantId)
      const status = ban ? 'banned' : 'left'
      if (known.status === status) return { next: known }
      parts.ephemeral.ended(roomId, participantId)
      return { next: { ...known, status }, type: 'participantLeft' }
    },
    o,
  )
}

/** Changes the name a member is shown by. */
export function renameMember(
  parts: KitParts,
  roomId: RoomId,
  participantId: ParticipantId,
  displayName: string,
  o: InRoomOptions = {},
): Promise<Participant> {
  return change(
    parts,
    roomId,
    (open) => {
      const known = participantOf(open, participantId)
      return known.displayName === displayName
        ? { next: known }
        : { next: { ...known, displayName }, type: 'participantUpdated' }
    },
    o,
  )
}

/** Completes a pending participant by hand. Past events keep their source and gain the identity in reads. */
export function resolveParticipant(
  parts: KitParts,
  roomId: RoomId,
  participantId: ParticipantId,
  identity: Identity,
  { by = 'host', ...o }: InRoomOptions & { by?: string } = {},
): Promise<Participant> {
  return change(
    parts,
    roomId,
    (open) => {
      const { candidates: _candidates, ...known } = participantOf(open, participantId)
      const next: Participant = {
        ...known,
        identification: 'identified',
        identityId: identity.id,
        resolvedAt: parts.now(),
        resolvedBy: by,
        ...(identity.displayName === undefined ? {} : { displayName: identity.displayName }),
      }
      return { next, type: 'participantIdentified' }
    },
    o,
  )
}

/** People of a room, and its agents, which are derived from bindings. */
export async function membersOf(parts: KitParts, roomId: RoomId): Promise<Participant[]> {
  const context = await parts.store.loadContext(roomId, { tail: 0 })
  if (context === null) return []
  const agents = context.bindings
    .filter(({ category }) => category === 'intelligence')
    .map(({ channelId, attachedAt }): Participant => ({
      ...newParticipant(roomId, channelId, attachedAt, {
        id: channelId,
        role: 'agent',
        displayName: parts.orchestration.agentName(channelId),
      }),
      kind: 'agent',
    }))
  return [...context.participants, ...agents]
}

/** Someone unknown joins; of someone known `decide` says what changes, by the channel they came by. */
function joinOr(
  parts: KitParts,
  roomId: RoomId,
  input: ParticipantInput,
  decide: (known: Participant, channelId: ChannelId) => Decided,
  o: InRoomOptions,
): Promise<Participant> {
  return change(
    parts,
    roomId,
    (open) => {
      const known = open.participants.find(({ id }) => id === input.id)
      if (known === undefined) return { next: joined(parts, open, input), type: 'participantJoined' }
      return decide(known, input.channelId ?? known.channelId)
    },
    o,
  )
}

/** A participant as they are from now on; without `type` nothing has changed. */
interface Decided {
  next: Participant
  type?: EventType
}

function joined(parts: KitParts, open: OpenRoom, input: ParticipantInput): Participant {
  return newParticipant(open.id, input.channelId ?? DIRECT_CHANNEL_ID, parts.now(), {
    ...input,
    metadata: checkMetadata(input.metadata, parts.limits.metadataBytes, 'metadata'),
  })
}

/** A second channel of the same person is worth knowing of. */
export function noteShared(parts: KitParts, known: Participant, channelId: ChannelId): void {
  parts.framework.emit({
    type: 'participantShared',
    roomId: known.roomId,
    data: { participantId: known.id, channelIds: [known.channelId, channelId] },
  })
}

async function change(
  parts: KitParts,
  roomId: RoomId,
  decide: (open: OpenRoom) => Decided,
  o: InRoomOptions,
): Promise<Participant> {
  const { next, type } = await inRoom(
    parts,
    roomId,
    async (open) => {
      const decided = decide(open)
      if (decided.type === undefined) return decided
      const { id, displayName, role, status, channelId } = decided.next
      const data: Json = { participantId: id, displayName: displayName ?? null, role, status, channelId }
      const code = decided.type.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
      const draft = parts.systemDraft(open.room, {
        type: decided.type,
        content: { type: 'system', code, text: `${displayName ?? id}: ${code.replaceAll('_', ' ')}.`, data },
        visibility: 'all',
      })
      const outcome = await open.commit([draft], { room: { participants: [decided.next] } })
      if ('conflict' in outcome)
        throw new ParleyError({
          code: 'version_conflict',
          message: `Room ${roomId} was changed meanwhile. Try again.`,
          details: { roomId },
        })
      return decided
    },
    o,
  )
  const hook = type === undefined ? undefined : hooks[type]
  if (hook !== undefined) parts.hooks.fire(hook, { participant: next }, { roomId })
  // A person on the phone is there when their media is, and the call says so itself.
  const isCall = parts.registry.get(next.channelId)?.channelType === 'voice'
  if (type === 'participantJoined' && !isCall) parts.orchestration.connected(roomId)
  return next
}

function participantOf(open: OpenRoom, participantId: ParticipantId): Participant {
  const found = open.participants.find(({ id }) => id === participantId)
  if (found !== undefined) return found
  throw new ParleyError({
    code: 'participant_not_found',
    message: `Room ${open.id} has no participant ${participantId}. Add them first with kit.ensureParticipant().`,
    details: { roomId: open.id, participantId },
  })
}

function checkInput(call: string, input: ParticipantInput, parts: KitParts): void {
  checkOptions(call, input, inputKeys)
  checkMetadata(input.metadata, parts.limits.metadataBytes, 'metadata')
  if (typeof input.id === 'string' && input.id.length > 0 && input.id.length <= 256) return
  throw new ParleyError({
    code: 'invalid_options',
    message: `${call} needs an id of 1 to 256 characters.`,
    details: { path: 'id', expected: 'text of 1 to 256 characters' },
  })
}
