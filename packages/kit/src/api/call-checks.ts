import {
  amount,
  any,
  as,
  bytes,
  flag,
  id,
  integer,
  listOf,
  object,
  oneOf,
  optional,
  options,
  refuse,
  run,
  signal,
  text,
  type Check,
} from './argument-checks.ts'
import type { KitApi } from './kit-api.ts'

const channelId = as('channelId', id)
const displayName = as('displayName', id)
const eventId = as('eventId', id)
const orchestrationId = as('orchestrationId', id)
const participantId = as('participantId', id)
const readerId = as('readerId', id)
const requestId = as('requestId', id)
const roomId = as('roomId', id)
const trigger = as('trigger', id)
const turnId = as('turnId', id)
const type = as('type', id)

const inRoom = { timeoutMs: amount, signal, organizationId: text }
const room = options(inRoom)
const change = options({ ...inRoom, reason: text, cause: oneOf('timer', 'host') })
const wait = { wait: oneOf('commit', 'settled'), signal, organizationId: text }
const actor = object({ kind: oneOf('agent', 'person', 'code', 'system'), id })
const by = object({ by: actor, signal: optional(signal) })
const person = object({
  id,
  channelId: optional(id),
  displayName: optional(text),
  role: optional(oneOf('owner', 'agent', 'member', 'observer', 'bot')),
  externalId: optional(text),
})
const hookOptions = options({
  name: text,
  priority: (value, path, call) => (Number.isFinite(value) ? undefined : refuse(call, path, 'a number')),
  timeoutMs: amount,
  roomId: id,
  channelTypes: listOf(text),
  channelIds: listOf(text),
  sourceKinds: listOf(text),
  eventTypes: listOf(text),
  onFailure: text,
  redacts: flag,
  live: oneOf('hold', 'pass'),
})
const channel = object({
  channelId: id,
  channelType: id,
  category: oneOf('transport', 'intelligence'),
  capabilities: object({ content: listOf(text) }),
})
const attached: Check = (value, path, call) =>
  typeof value === 'string' ? id(value, path, call) : object({ channelId: id })(value, path, call)
const binding: Check[] = [roomId, channelId, room]

/** What the arguments of each call must be, in order, before anything else is looked at. */
export const callChecks: Readonly<Record<keyof KitApi, readonly Check[]>> = {
  createRoom: [
    optional(
      object({
        channels: optional(listOf(attached)),
        organizationId: optional(text),
        sessionId: optional(id),
        parentRoomId: optional(id),
        delegationId: optional(id),
      }),
    ),
  ],
  getRoom: [roomId, room],
  closeRoom: [roomId, change],
  reopen: [roomId, change],
  pauseRoom: [roomId, change],
  archiveRoom: [roomId, change],
  patchRoom: [
    roomId,
    object({ metadata: optional(object({ set: optional(object()), unset: optional(listOf(text)) })) }),
    room,
  ],
  register: [channel],
  replace: [channel],
  unregister: [channelId],
  channels: [],
  attach: [roomId, channelId, optional(object()), room],
  detach: binding,
  bindings: [roomId],
  mute: binding,
  unmute: binding,
  muteOutput: binding,
  unmuteOutput: binding,
  setAccess: [roomId, channelId, any, room],
  setVisibility: [roomId, channelId, any, room],
  patchBinding: [roomId, channelId, object({ set: optional(object()), unset: optional(listOf(text)) }), room],
  ensureParticipant: [roomId, person, room],
  addMember: [roomId, person, room],
  removeMember: [roomId, participantId, options({ ...inRoom, ban: flag })],
  renameMember: [roomId, participantId, displayName, room],
  members: [roomId],
  isMember: [roomId, participantId],
  resolveParticipant: [
    roomId,
    participantId,
    object({ id, displayName: optional(text) }),
    options({ ...inRoom, by: id }),
  ],
  processInbound: [object(), options({ ...wait, roomId: id, autoCreate: flag })],
  sendEvent: [roomId, channelId, object(), options(wait)],
  send: [roomId, object(), options(wait)],
  sendSystem: [roomId, object(), options(wait)],
  settled: [roomId, options({ timeoutMs: amount, turn: object({ turnId: id }) })],
  regenerate: [roomId, options({ agentId: id })],
  deliver: [
    roomId,
    any,
    options({
      as: id,
      channelId: id,
      strategy: oneOf('immediate', 'whenIdle', 'queued'),
      idleMs: amount,
      maxWaitMs: amount,
      addressedTo: listOf(text),
      idempotencyKey: id,
      signal,
    }),
  ],
  events: [
    roomId,
    options({
      after: integer,
      before: integer,
      limit: integer,
      types: listOf(text),
      thread: id,
      asReader: id,
      newestFirst: flag,
      raw: flag,
    }),
  ],
  thread: [roomId, eventId],
  redactEvent: [roomId, eventId, object({ by: id, reason: text })],
  receipts: [roomId, options({ kind: id, turnId: id, after: text, limit: integer })],
  tasks: [roomId],
  observations: [roomId],
  markRead: [roomId, readerId, integer],
  markAllRead: [roomId, readerId],
  readMarkers: [roomId],
  pendingRequests: [options({ roomId: id, kind: oneOf('approval', 'confirm', 'input'), organizationId: text })],
  answerRequest: [
    requestId,
    object({ decision: oneOf('approve', 'reject', 'answer'), by: actor, reason: optional(text) }),
    options({ organizationId: text }),
  ],
  publish: [roomId, object({ type: id, from: id, channelId: optional(id) })],
  subscribe: [roomId, run, options({ types: listOf(text) })],
  hook: [trigger, run, hookOptions],
  observe: [trigger, run, hookOptions],
  on: [type, run],
  state: [roomId],
  updateState: [roomId, run],
  handoff: [roomId, object(), by],
  delegate: [roomId, channelId, text, object()],
  joinHandoffs: [roomId, object()],
  migrateOrchestration: [orchestrationId, object()],
  requestHuman: [
    roomId,
    object({ reason: text, summary: optional(text), urgency: optional(oneOf('normal', 'high')) }),
    by,
  ],
  humanQueue: [options({ organizationId: text, limit: integer })],
  claim: [roomId, participantId],
  takeover: [roomId, participantId, options({ reason: text, stop: oneOf('now', 'sentence') })],
  handBack: [roomId, object({ target: id, note: optional(text), phase: optional(text) }), by],
  pause: [roomId, object({ by: actor, reason: optional(text) })],
  resume: [roomId, object({ by: actor })],
  coach: [roomId, participantId, oneOf('off', 'monitor', 'whisperAgent', 'whisperHuman', 'barge')],
  attachSource: [object({ id, run }), any],
  detachSource: [id],
  sourceHealth: [id],
  processWebhook: [channelId, object({ body: bytes, headers: object(), url: text })],
  processDeliveryStatus: [
    channelId,
    object({
      providerMessageId: id,
      status: oneOf('sent', 'delivered', 'read', 'failed'),
      roomId: optional(id),
      eventId: optional(id),
    }),
  ],
  schedule: [roomId, object({ key: id, agentId: optional(id) })],
  steer: [
    turnId,
    object({ type: oneOf('inject', 'instruct', 'cancel', 'yield'), text: optional(text), reason: optional(text) }),
  ],
  runningTurns: [roomId],
  room: [roomId],
  ready: [],
  close: [options({ graceMs: amount })],
}
