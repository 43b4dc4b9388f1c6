import {
  bindingOptionsSchema,
  ParleyError,
  type BindingOptions,
  type Channel,
  type ChannelId,
  type EventInput,
  type EventSource,
  type InboundResult,
  type ParticipantId,
  type RoomId,
  type SendResult,
} from '@parley/spec'
import type { EventCause } from '../core/core.ts'
import type { KitParts } from '../core/kit-parts.ts'
import type { OpenRoom } from '../rooms/commit-to-log.ts'
import { newBinding, newParticipant } from '../rooms/new-room.ts'
import type { CascadeRun } from '../turns/cascades.ts'
import { checkEventInput } from './check-event-input.ts'
import { copyJson } from './copy-json.ts'
import type { PreparedEvent } from './prepared.ts'
import { sendPrepared } from './send-prepared.ts'
import { sourceOfBinding } from './source-of.ts'
import { DIRECT_CHANNEL_ID } from '../channels/direct-channel.ts'

/** What a way into the pipeline may know beyond the event itself. */
export interface SendOptions {
  signal?: AbortSignal | undefined
  cause?: EventCause | undefined
  organizationId?: string | undefined
  cascade?: CascadeRun | undefined
  receipts?: PreparedEvent['receipts']
  source?: Partial<EventSource>
}

/** The registered channel of an id. @throws {ParleyError} `channel_not_registered` */
export function registeredChannel(parts: KitParts, channelId: ChannelId): Channel {
  const channel = parts.registry.get(channelId)
  if (channel !== undefined) return channel
  throw new ParleyError({
    code: 'channel_not_registered',
    message: `No channel ${channelId} is registered. Register it first with kit.register(channel).`,
    details: { channelId },
  })
}

/** `sendEvent`: an event of a bound channel. @throws {ParleyError} `channel_not_bound`, `room_closed`, `room_not_found` */
export async function sendFromChannel(
  parts: KitParts,
  roomId: RoomId,
  channelId: ChannelId,
  given: EventInput,
  { signal, cause, organizationId, cascade, receipts, source: also }: SendOptions = {},
): Promise<SendResult> {
  const channel = registeredChannel(parts, channelId)
  const input = checkEventInput(given, parts.limits)
  const complete = (open: OpenRoom): PreparedEvent | InboundResult => {
    const binding = open.bindings.find((candidate) => candidate.channelId === channelId)
    const mayStayUnbound = cause?.turnId !== undefined
    if (binding === undefined && !mayStayUnbound) throw notBound(open.id, channelId)
    const source = { ...sourceOfBinding(channel, binding, input.content), ...also }
    if (source.participantId !== undefined && isBanned(open, source.participantId))
      return banned(open.id, source.participantId)
    return {
      input,
      source,
      gate: binding === undefined ? 'none' : 'bound',
      chainDepth: cause?.chainDepth ?? 0,
      ...(cause === undefined ? {} : causeFields(cause)),
      ...(cascade === undefined ? {} : { cascade }),
      ...(receipts === undefined ? {} : { receipts }),
    }
  }
  return sendPrepared(parts, roomId, placeholder(input), { signal, organizationId, complete })
}

function causeFields({ causeId, correlationId, turnId, segmentId }: EventCause): Partial<PreparedEvent> {
  return {
    causeId,
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(turnId === undefined ? {} : { turnId }),
    ...(segmentId === undefined ? {} : { segmentId }),
  }
}

/** What `send` takes: an event of a participant; `text` is shorthand for text content. */
export type SendInput = { from: ParticipantId; text?: string } & Partial<EventInput>

/**
 * `send`: an event of a person by their primary channel, else the built-in `direct` one. An unknown sender becomes a
 * participant within the same commit.
 */
export async function sendFromPerson(
  parts: KitParts,
  roomId: RoomId,
  given: SendInput,
  { signal, organizationId }: Pick<SendOptions, 'signal' | 'organizationId'> = {},
): Promise<SendResult> {
  const { from, text, ...rest } = given
  if (typeof from !== 'string' || from === '') throw badOption('from', 'the id of a participant')
  if ((text === undefined) === (rest.content === undefined)) {
    throw badOption('text', 'either text or content, not both and not neither')
  }
  const input = checkEventInput(text === undefined ? rest : { ...rest, content: { type: 'text', text } }, parts.limits)
  const complete = (open: OpenRoom): PreparedEvent | InboundResult => {
    const participant = open.participants.find(({ id }) => id === from)
    if (isBanned(open, from)) return banned(open.id, from)
    const primary =
      participant === undefined ? undefined : open.bindings.find(({ channelId }) => channelId === participant.channelId)
    const channelId = primary?.channelId ?? DIRECT_CHANNEL_ID
    const channel = registeredChannel(parts, channelId)
    const binding = open.bindings.find((candidate) => candidate.channelId === channelId)
    const at = parts.now()
    const plannedBinding = binding === undefined ? [newBinding(open.id, channel, at)] : []
    const plannedParticipant = participant === undefined ? [newParticipant(open.id, channelId, at, { id: from })] : []
    const isPlanned = plannedBinding.length + plannedParticipant.length > 0
    return {
      input,
      source: { ...sourceOfBinding(channel, binding, input.content), kind: 'person', participantId: from },
      gate: 'bound',
      chainDepth: 0,
      ...(isPlanned
        ? {
            planned: {
              ...(plannedBinding.length === 0 ? {} : { bindings: plannedBinding }),
              ...(plannedParticipant.length === 0 ? {} : { participants: plannedParticipant }),
            },
          }
        : {}),
    }
  }
  return sendPrepared(parts, roomId, placeholder(input), { signal, organizationId, complete })
}

/** An event of the host's own code. It asks nobody unless it is addressed. */
export async function sendFromSystem(
  parts: KitParts,
  roomId: RoomId,
  given: EventInput,
  { signal, organizationId, cause, source: also }: SendOptions = {},
): Promise<SendResult> {
  const input = checkEventInput(given, parts.limits)
  const source: EventSource = { kind: 'system', channelType: 'system', medium: 'system', ...also }
  const prepared: PreparedEvent = {
    input,
    source,
    gate: 'none',
    chainDepth: cause?.chainDepth ?? 0,
    ...(cause === undefined ? {} : causeFields(cause)),
  }
  return sendPrepared(parts, roomId, prepared, { signal, organizationId })
}

/** Stands in until the room is locked, where the source becomes known. */
function placeholder(input: EventInput): PreparedEvent {
  return { input, source: { kind: 'system', channelType: 'system', medium: 'system' }, gate: 'none', chainDepth: 0 }
}

function isBanned({ participants }: OpenRoom, participantId: ParticipantId): boolean {
  return participants.some(({ id, status }) => id === participantId && status === 'banned')
}

function banned(roomId: RoomId, from: string): InboundResult {
  return { outcome: 'blocked', roomId, reason: 'sender_banned', message: `${from} is banned from this room.` }
}

/** The error of a channel that the room is not bound to. */
export function notBound(roomId: RoomId, channelId: ChannelId): ParleyError {
  return new ParleyError({
    code: 'channel_not_bound',
    message: `Channel ${channelId} is not attached to room ${roomId}. Attach it first with kit.attach(roomId, channelId).`,
    details: { roomId, channelId },
  })
}

function badOption(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `send needs ${expected} in "${path}".`,
    details: { path, expected },
  })
}

/** Checks what a caller says of a binding. Gives a copy. @throws {ParleyError} `invalid_options` */
export function checkBindingOptions(options: unknown): BindingOptions {
  if (options === undefined) return {}
  const result = bindingOptionsSchema.safeParse(copyJson(options)?.copy)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = issue?.path.join('.') ?? ''
  throw new ParleyError({
    code: 'invalid_options',
    message: `The binding option ${path === '' ? '' : `"${path}" `}is not valid: ${issue?.message ?? 'unknown option'}.`,
    details: { path, expected: issue?.message ?? 'binding options' },
  })
}
