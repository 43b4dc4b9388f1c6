import {
  ParleyError,
  type BindingOptions,
  type Channel,
  type ChannelAccess,
  type ChannelBinding,
  type ChannelId,
  type EventType,
  type Json,
  type RoomId,
  type Visibility,
  visibilitySchema,
} from '@parley/spec'
import type { InRoomOptions, KitParts } from '../core/kit-parts.ts'
import type { HookTrigger } from '../hooks/hook-map.ts'
import { checkMetadata } from '../inbound/check-content.ts'
import { checkBindingOptions, notBound, registeredChannel } from '../inbound/prepare-send.ts'
import type { OpenRoom } from './commit-to-log.ts'
import { inRoom } from './in-room.ts'
import { newBinding } from './new-room.ts'
import { jsonEqual } from '../store/json-equal.ts'

type BindingHook = HookTrigger & `onChannel${string}`

/** Attaches a registered channel; clears a tombstone. Attaching again replaces the binding's options. */
export async function attachChannel(
  parts: KitParts,
  roomId: RoomId,
  channelId: ChannelId,
  given: BindingOptions = {},
  o: InRoomOptions = {},
): Promise<ChannelBinding> {
  const options = checkBindingOptions(given)
  checkMetadata(options.metadata, parts.limits.metadataBytes, 'metadata')
  const channel = registeredChannel(parts, channelId)
  const { binding, former } = await inRoom(
    parts,
    roomId,
    async (open) => {
      const next = newBinding(open.id, channel, parts.now(), options)
      const before = open.bindings.find((candidate) => candidate.channelId === channelId)
      const isTombstone = before === undefined && (await parts.store.tombstones.get(open.id, channelId)) !== null
      await write(parts, open, 'channelAttached', next, { bindings: [next], clearTombstones: [channelId] })
      return { binding: next, former: { binding: before, isTombstone } }
    },
    o,
  )
  await welcomeChannel(parts, channel, binding, former)
  changed(parts, binding, 'onChannelAttached')
  // A call says itself when its media is ready.
  if (channel.category === 'transport' && channel.channelType !== 'voice') parts.orchestration.connected(roomId)
  return binding
}

/** What was there before a channel was attached. */
interface FormerBinding {
  binding: ChannelBinding | undefined
  /** Whether the channel had been detached on purpose. */
  isTombstone: boolean
}

/** Lets the channel refuse; then what was there before is back. @throws {ParleyError} `attach_refused` */
export async function welcomeChannel(
  parts: KitParts,
  channel: Channel,
  binding: ChannelBinding,
  former: FormerBinding,
): Promise<void> {
  if (channel.onAttached === undefined) return
  try {
    await channel.onAttached(binding)
  } catch (cause) {
    await inRoom(parts, binding.roomId, async (open) => {
      const before = former.binding
      const patch = before === undefined ? { detach: [binding.channelId] } : { bindings: [before] }
      await write(parts, open, before === undefined ? 'channelDetached' : 'channelAttached', before ?? binding, patch)
      // A refused attach is not a detach on purpose: auto-attach stays as possible as it was.
      if (before === undefined && !former.isTombstone)
        await parts.store.tombstones.remove(binding.roomId, [binding.channelId])
    })
    throw new ParleyError({
      code: 'attach_refused',
      message: `Channel ${binding.channelId} refused to be attached to room ${binding.roomId}. Its own error is the cause.`,
      details: { roomId: binding.roomId, channelId: binding.channelId },
      cause,
    })
  }
}

/** Detaches a channel and leaves a tombstone; only an explicit attach clears it. */
export async function detachChannel(
  parts: KitParts,
  roomId: RoomId,
  channelId: ChannelId,
  o: InRoomOptions = {},
): Promise<void> {
  const binding = await inRoom(
    parts,
    roomId,
    async (open) => {
      const found = bindingOf(open, channelId)
      await write(parts, open, 'channelDetached', found, { detach: [channelId] })
      return found
    },
    o,
  )
  changed(parts, binding, 'onChannelDetached')
  await parts.turns.abort(roomId, { agentId: channelId, reason: 'detached' })
  try {
    await parts.registry.get(channelId)?.onDetached?.(binding)
  } catch (error) {
    parts.reportError(error, { stage: 'detach', roomId })
  }
}

/** What of a binding may be changed while it is attached. */
export type BindingChange = Partial<Pick<ChannelBinding, 'muted' | 'outputMuted' | 'access' | 'visibility'>>

/** Changes mute, access or visibility; an unchanged value is no event. */
export async function changeBinding(
  parts: KitParts,
  roomId: RoomId,
  channelId: ChannelId,
  change: BindingChange,
  o: InRoomOptions = {},
): Promise<ChannelBinding> {
  const type: EventType =
    change.muted === undefined ? 'channelUpdated' : change.muted ? 'channelMuted' : 'channelUnmuted'
  return update(
    parts,
    roomId,
    channelId,
    type,
    (binding) => (isUnchanged(binding, change) ? binding : { ...binding, ...change }),
    o,
  )
}

/** Merges and unsets metadata of a binding. */
export async function patchBinding(
  parts: KitParts,
  roomId: RoomId,
  channelId: ChannelId,
  { set = {}, unset = [] }: { set?: Record<string, Json>; unset?: string[] },
  o: InRoomOptions = {},
): Promise<ChannelBinding> {
  return update(
    parts,
    roomId,
    channelId,
    'channelUpdated',
    (binding) => {
      const metadata = { ...binding.metadata, ...set }
      for (const key of unset) delete metadata[key]
      return { ...binding, metadata: checkMetadata(metadata, parts.limits.metadataBytes, 'metadata') }
    },
    o,
  )
}

/** A channel object was replaced by another of the same id: the room logs it, the binding has its capabilities. */
export async function refreshBinding(
  parts: KitParts,
  roomId: RoomId,
  channelId: ChannelId,
  capabilities: ChannelBinding['capabilities'],
): Promise<ChannelBinding> {
  return update(parts, roomId, channelId, 'channelUpdated', (binding) => ({ ...binding, capabilities }), {})
}

async function update(
  parts: KitParts,
  roomId: RoomId,
  channelId: ChannelId,
  type: EventType,
  next: (binding: ChannelBinding) => ChannelBinding,
  o: InRoomOptions,
): Promise<ChannelBinding> {
  const result = await inRoom(
    parts,
    roomId,
    async (open) => {
      const binding = bindingOf(open, channelId)
      const after = next(binding)
      if (after === binding) return { binding, isChanged: false }
      await write(parts, open, type, after, { bindings: [after] })
      return { binding: after, isChanged: true }
    },
    o,
  )
  if (result.isChanged) changed(parts, result.binding, hookOf[type] ?? 'onChannelUpdated')
  return result.binding
}

const hookOf: Partial<Record<EventType, BindingHook>> = {
  channelMuted: 'onChannelMuted',
  channelUnmuted: 'onChannelUnmuted',
}

function isUnchanged(binding: ChannelBinding, change: BindingChange): boolean {
  return Object.entries(change).every(([key, value]) => jsonEqual(binding[key as keyof BindingChange], value))
}

async function write(
  parts: KitParts,
  open: OpenRoom,
  type: EventType,
  binding: ChannelBinding,
  room: { bindings?: ChannelBinding[]; detach?: ChannelId[]; clearTombstones?: ChannelId[] },
): Promise<void> {
  const { channelId, channelType, category, access, muted, outputMuted, direction } = binding
  const visibility: Json =
    typeof binding.visibility === 'string' ? binding.visibility : { only: [...binding.visibility.only] }
  const data: Json = { channelId, channelType, category, access, muted, outputMuted, direction, visibility }
  const draft = parts.systemDraft(open.room, {
    type,
    content: {
      type: 'system',
      code: snake(type),
      text: `Channel ${channelId}: ${snake(type).replaceAll('_', ' ')}.`,
      data,
    },
  })
  const outcome = await open.commit([draft], { room })
  if ('conflict' in outcome) {
    throw new ParleyError({
      code: 'version_conflict',
      message: `Room ${open.id} was changed meanwhile. Read it again and repeat.`,
      details: { roomId: open.id },
    })
  }
}

function snake(type: string): string {
  return type.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function changed(parts: KitParts, binding: ChannelBinding, hook: BindingHook): void {
  parts.bindingChanged(binding)
  parts.hooks.fire(
    hook,
    { binding },
    { roomId: binding.roomId, channelId: binding.channelId, channelType: binding.channelType },
  )
}

function bindingOf(open: OpenRoom, channelId: ChannelId): ChannelBinding {
  const binding = open.bindings.find((candidate) => candidate.channelId === channelId)
  if (binding !== undefined) return binding
  throw notBound(open.id, channelId)
}

/** @throws {ParleyError} `invalid_options` */
export function checkAccess(access: ChannelAccess): void {
  if (['readWrite', 'readOnly', 'writeOnly', 'none'].includes(access)) return
  throw new ParleyError({
    code: 'invalid_options',
    message: 'access must be readWrite, readOnly, writeOnly or none.',
    details: { path: 'access', expected: ['readWrite', 'readOnly', 'writeOnly', 'none'] },
  })
}

/** Gives a copy. @throws {ParleyError} `invalid_options` */
export function checkVisibility(visibility: Visibility): Visibility {
  const result = visibilitySchema.safeParse(visibility)
  if (result.success) return typeof result.data === 'object' ? { only: [...result.data.only] } : result.data
  throw new ParleyError({
    code: 'invalid_options',
    message: 'visibility must be all, transport, intelligence, internal, none or { only: [...] }.',
    details: { path: 'visibility', expected: 'a visibility' },
  })
}
