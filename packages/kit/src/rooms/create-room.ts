import {
  checkOptions,
  ParleyError,
  type AgentResponsePolicy,
  type BindingOptions,
  type ChannelBinding,
  type ChannelId,
  type Json,
  type Room,
  type RoomId,
  type RoomTimers,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { NewRoomOrchestration } from '../orchestration/kit-orchestration.ts'
import { announceRoom } from '../inbound/process-inbound.ts'
import { checkBindingOptions, registeredChannel } from '../inbound/prepare-send.ts'
import { welcomeChannel } from './bindings.ts'
import { checkPolicy, checkRoomMetadata, checkTimers } from './lifecycle.ts'
import { inRoom } from './in-room.ts'
import { newBinding, newRoom } from './new-room.ts'

/** What `createRoom` takes, once orchestration has become a spec. */
export interface CreateRoomOptions {
  id?: RoomId
  organizationId?: string
  sessionId?: string
  metadata?: Record<string, Json>
  timers?: RoomTimers
  agentResponsePolicy?: AgentResponsePolicy
  channels?: (ChannelId | ({ channelId: ChannelId } & BindingOptions))[]
  parentRoomId?: RoomId
  delegationId?: string
}

const createRoomKeys = [
  'id',
  'organizationId',
  'sessionId',
  'metadata',
  'timers',
  'agentResponsePolicy',
  'orchestration',
  'channels',
  'parentRoomId',
  'delegationId',
]

/**
 * Makes a room with its bindings in one commit.
 * @throws {ParleyError} `invalid_options`, `channel_not_registered`, `room_exists`; `attach_refused` by a channel, which
 * the room then stands without
 */
export async function createRoom(
  parts: KitParts,
  options: CreateRoomOptions,
  orchestrated: NewRoomOrchestration | undefined,
): Promise<Room> {
  const {
    id = parts.ids.next('room'),
    organizationId,
    timers,
    agentResponsePolicy,
    channels = [],
    parentRoomId,
    delegationId,
  } = options
  if (typeof id !== 'string' || id === '' || id.length > 256) throw badId()
  const metadata = checkRoomMetadata(options.metadata, parts.limits.metadataBytes)
  if (timers !== undefined) checkTimers(timers)
  if (agentResponsePolicy !== undefined) checkPolicy(agentResponsePolicy)
  const at = parts.now()
  for (const agent of orchestrated?.agents ?? [])
    if (parts.registry.get(agent.channelId) === undefined) parts.registry.add(agent)
  const listed = new Set(channels.map((given) => (typeof given === 'string' ? given : given.channelId)))
  const agentIds = (orchestrated?.agents ?? [])
    .map(({ channelId }) => channelId)
    .filter((channelId) => !listed.has(channelId))
  const bindings = [...channels, ...agentIds].map((given): ChannelBinding => {
    const { channelId, ...binding } = typeof given === 'string' ? { channelId: given } : given
    return newBinding(id, registeredChannel(parts, channelId), at, checkBindingOptions(binding))
  })
  const planned: Room = {
    ...newRoom({
      id,
      at,
      organizationId,
      metadata,
      timers,
      agentResponsePolicy: agentResponsePolicy ?? parts.defaultPolicy,
      orchestration: orchestrated?.orchestration,
      sessionId: options.sessionId ?? parts.ids.next('sess'),
    }),
    ...(parentRoomId === undefined ? {} : { parentRoomId }),
    ...(delegationId === undefined ? {} : { delegationId }),
    ...(orchestrated?.conversation === undefined ? {} : { conversation: orchestrated.conversation }),
  }
  if ((await parts.store.getRoom(id)) !== null) throw roomExists(id)
  const room = await inRoom(
    parts,
    id,
    async (open) => {
      if (open.room !== planned) throw roomExists(id)
      const outcome = await open.commit([], {
        room: { create: planned, ...(bindings.length === 0 ? {} : { bindings }) },
      })
      if ('conflict' in outcome) throw roomExists(id)
      return open.room
    },
    { planned: () => ({ room: planned, bindings: [], participants: [], recentEvents: [] }) },
  )
  announceRoom(parts, room, undefined, undefined)
  for (const binding of bindings) {
    const channel = parts.registry.get(binding.channelId)
    if (channel !== undefined) await welcomeChannel(parts, channel, binding, { binding: undefined, isTombstone: false })
    parts.hooks.fire(
      'onChannelAttached',
      { binding },
      { roomId: id, channelId: binding.channelId, channelType: binding.channelType },
    )
  }
  return room
}

function badId(): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: 'A room id must be a text of 1 to 256 characters.',
    details: { path: 'id', expected: 'text of 1 to 256 characters' },
  })
}

function roomExists(roomId: RoomId): ParleyError {
  return new ParleyError({
    code: 'room_exists',
    message: `A room ${roomId} exists already. Use it, or choose another id.`,
    details: { roomId },
  })
}

/** @throws {ParleyError} `invalid_options` */
export function checkCreateRoom(options: unknown): void {
  checkOptions('createRoom', options, createRoomKeys)
}
