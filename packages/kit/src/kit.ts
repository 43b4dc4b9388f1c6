import {
  checkOptions,
  ParleyError,
  type AnswerResult,
  type BindingOptions,
  type Channel,
  type ChannelAccess,
  type ChannelBinding,
  type ChannelId,
  type ConversationState,
  type DelegateOptions,
  type Delegation,
  type DeliveryStatus,
  type Disposer,
  type EphemeralEvent,
  type EphemeralInput,
  type EventId,
  type EventInput,
  type EventQuery,
  type HandoffActor,
  type HandoffInput,
  type HandoffParticipant,
  type HandoffResult,
  type Identity,
  type InboundMessage,
  type InboundResult,
  type Json,
  type Observation,
  type Participant,
  type ParticipantId,
  type PendingRequest,
  type ReadMarker,
  type Receipt,
  type RequestDecision,
  type RequestId,
  type Room,
  type RoomEvent,
  type RoomHandle,
  type RoomId,
  type RoomTask,
  type SendResult,
  type TurnContext,
  type TurnId,
  type Visibility,
  type WebhookRequest,
} from '@parley/spec'
import { createDirectChannel } from './channels/direct-channel.ts'
import { WebSocketChannel } from './channels/websocket-channel.ts'
import { createWebSocketHost } from './channels/websocket-host.ts'
import { checkCalls } from './core/call-checks.ts'
import { isKitBound } from './core/kit-bound.ts'
import { createParts, type AssembledParts, type PartsOptions } from './core/create-parts.ts'
import type { FrameworkEvent, FrameworkEventType } from './core/framework-events.ts'
import type { InRoomOptions, KitParts } from './core/kit-parts.ts'
import { createRoomHandle } from './core/room-handle.ts'
import type { Steering } from './core/turn-services.ts'
import type { RunningTurn } from './core/turns.ts'
import { deliverProactively, type DeliverOptions } from './delivery/deliver.ts'
import type { AsyncHook, HookFor, HookOptions } from './hooks/hook-engine.ts'
import type { HookTrigger } from './hooks/hook-map.ts'
import { processInbound, type ProcessInboundOptions } from './inbound/process-inbound.ts'
import {
  registeredChannel,
  sendFromChannel,
  sendFromPerson,
  sendFromSystem,
  type SendInput,
} from './inbound/prepare-send.ts'
import { processWebhook } from './inbound/process-webhook.ts'
import { regenerate } from './inbound/regenerate.ts'
import { createKitOrchestration } from './orchestration/create-kit-orchestration.ts'
import type { OrchestrationRuntimeOptions } from './orchestration/create-orchestration-runtime.ts'
import type { Orchestration } from './orchestration/definitions/definition.ts'
import type { Orchestrations } from './orchestration/definitions/orchestrations.ts'
import type { MigrateOptions, MigrationReport } from './orchestration/definitions/migrate.ts'
import type { HandBack, HumanRequest, QueueEntry } from './orchestration/human/human-desk.ts'
import type { CoachMode, HumanOptions } from './orchestration/human/human-options.ts'
import type { StatusBus } from './orchestration/status/status-bus.ts'
import type { RequestFilter } from './requests/requests.ts'
import {
  attachChannel,
  changeBinding,
  checkAccess,
  checkVisibility,
  detachChannel,
  patchBinding,
  refreshBinding,
} from './rooms/bindings.ts'
import { checkCreateRoom, createRoom, type CreateRoomOptions } from './rooms/create-room.ts'
import {
  archiveRoom,
  checkPolicy,
  closeRoom,
  patchRoom,
  pauseRoom,
  reopenRoom,
  type LifecycleOptions,
  type RoomChanges,
} from './rooms/lifecycle.ts'
import {
  addMember,
  ensureParticipant,
  membersOf,
  removeMember,
  renameMember,
  resolveParticipant,
  type ParticipantInput,
} from './rooms/participants.ts'
import { markRead, readEvents, readReceipts, redactEvent, type ReceiptQuery } from './rooms/read-log.ts'
import { createStoreFacade, type ConversationStoreFacade } from './rooms/store-facade.ts'
import { facadeWrites } from './rooms/facade-writes.ts'
import { closeKit } from './core/close-kit.ts'
import { recover } from './core/recovery.ts'
import { waitUntilSettled } from './core/wait-until-settled.ts'
import { roomNotFound } from './rooms/commit-to-log.ts'
import { createTimers, type Timers } from './rooms/timers.ts'
import {
  createSourceRunner,
  type InboundSource,
  type SourceHealth,
  type SourceOptions,
  type SourceRunner,
} from './sources/source-runner.ts'

/** Options of a kit; everything has a default. */
export interface KitOptions extends PartsOptions {
  agentResponsePolicy?: Room['agentResponsePolicy']
  /** How agents of new rooms work together, unless the room says otherwise. */
  orchestration?: Orchestration
  /** Predicates of routing rules, by name: rooms store the name. */
  predicates?: OrchestrationRuntimeOptions['predicates']
  /** How people are asked to take over. */
  human?: HumanOptions
}

const kitKeys = [
  'store',
  'clock',
  'ids',
  'locks',
  'backplane',
  'telemetry',
  'logger',
  'identity',
  'inboundRouter',
  'orchestration',
  'predicates',
  'guard',
  'limits',
  'ephemeralTypes',
  'agentResponsePolicy',
  'deps',
  'human',
]

/** How long a call waits: until its event is committed, or until everything it caused is done. */
export interface SendWait {
  /** @default 'commit' */
  wait?: 'commit' | 'settled'
  signal?: AbortSignal
  organizationId?: string
}

/** Manages rooms, channels and agents. Everything that happens in a room is committed once, to its one log. */
export class Kit {
  readonly #assembled: AssembledParts
  readonly #parts: KitParts
  readonly #orchestration: ReturnType<typeof createKitOrchestration>
  readonly #timers: Timers
  readonly #sources: SourceRunner
  #recovered: Promise<void> | undefined
  #closed: Promise<void> | undefined
  /** The store, without `commit`: what is saved here goes through lock and log. */
  readonly store: ConversationStoreFacade
  /** Definitions that rooms refer to by id. */
  readonly orchestrations: Orchestrations
  /** What agents did, across rooms: a bounded log in memory. */
  readonly status: StatusBus

  /** @throws {ParleyError} `invalid_options` for an unknown option or limit */
  constructor(options: KitOptions = {}) {
    checkOptions('new Kit', options, kitKeys)
    const { orchestration, predicates, human, agentResponsePolicy = 'chain' } = options
    checkPolicy(agentResponsePolicy)
    let made: ReturnType<typeof createKitOrchestration> | undefined
    this.#assembled = createParts(options, {
      handle: (roomId) => createRoomHandle(this, roomId),
      policy: agentResponsePolicy,
      orchestration: (parts) => (made = createKitOrchestration(parts, { orchestration, predicates, human })),
    })
    const { parts } = this.#assembled
    this.#parts = parts
    if (made === undefined) throw new TypeError('assembling the parts makes their orchestration')
    this.#orchestration = made
    this.orchestrations = made.orchestrations
    this.status = made.status
    parts.registry.add(createDirectChannel())
    this.store = createStoreFacade(parts.store, facadeWrites(parts))
    this.#timers = createTimers(parts)
    this.#sources = createSourceRunner(parts, (message, o) => this.processInbound(message, o))
    // Not at once: whoever makes the kit registers channels and agents first.
    if (!parts.store.isProcessLocal) parts.onClose(parts.clock.setTimer(0, () => this.#recover()))
  }

  // Rooms

  /**
   * Makes a room; an orchestration's agents are registered, attached and set to work in the same commit.
   * @throws {ParleyError} `invalid_options`, `channel_not_registered`, `room_exists`, `kit_closed`
   */
  async createRoom({
    orchestration,
    ...options
  }: CreateRoomOptions & { orchestration?: Orchestration | null } = {}): Promise<Room> {
    this.#open()
    checkCreateRoom(options)
    return createRoom(this.#parts, options, this.#orchestration.forNewRoom(orchestration))
  }

  /** @throws {ParleyError} `room_not_found` */
  async getRoom(roomId: RoomId, { organizationId }: InRoomOptions = {}): Promise<Room> {
    const room = await this.#parts.store.getRoom(roomId, organizationId === undefined ? {} : { organizationId })
    if (room === null) throw roomNotFound(roomId)
    return room
  }

  /** Closes a room: its turns are aborted, and its closing is the last line of its log. */
  async closeRoom(roomId: RoomId, options?: LifecycleOptions): Promise<Room> {
    this.#open()
    return closeRoom(this.#parts, roomId, options)
  }

  /** @throws {ParleyError} `room_archived` */
  async reopen(roomId: RoomId, options?: LifecycleOptions): Promise<Room> {
    this.#open()
    return reopenRoom(this.#parts, roomId, options)
  }

  /** Pauses a room until its next event. */
  async pauseRoom(roomId: RoomId, options?: LifecycleOptions): Promise<Room> {
    this.#open()
    return pauseRoom(this.#parts, roomId, options)
  }

  /** Closes a room for good. */
  async archiveRoom(roomId: RoomId, options?: LifecycleOptions): Promise<Room> {
    this.#open()
    return archiveRoom(this.#parts, roomId, options)
  }

  /** Merges and unsets metadata, timers and policy in one step. */
  async patchRoom(roomId: RoomId, changes: RoomChanges, options?: InRoomOptions): Promise<Room> {
    this.#open()
    const room = await patchRoom(this.#parts, roomId, changes, options)
    if (changes.timers !== undefined) this.#timers.changed(room)
    return room
  }

  // Channels

  /** Makes a channel or agent known. @throws {ParleyError} `channel_already_registered` */
  register(channel: Channel): void {
    this.#open()
    this.#parts.registry.add(channel)
    this.#wire(channel)
  }

  /** Puts another object of the same id in a channel's place, between turns. */
  replace(channel: Channel): Channel | undefined {
    this.#open()
    const former = this.#parts.registry.replace(channel)
    this.#wire(channel)
    this.#parts.background('replace', () => this.#noteReplaced(channel))
    return former
  }

  /** Takes a channel back, open; its bindings stay. */
  unregister(channelId: ChannelId): Channel | undefined {
    return this.#parts.registry.remove(channelId)
  }

  channels(): Channel[] {
    return this.#parts.registry.list()
  }

  /** @throws {ParleyError} `channel_not_registered`, `room_not_found`, `attach_refused`, `invalid_options` */
  async attach(
    roomId: RoomId,
    channelId: ChannelId,
    options?: BindingOptions,
    o?: InRoomOptions,
  ): Promise<ChannelBinding> {
    this.#open()
    return attachChannel(this.#parts, roomId, channelId, options, o)
  }

  /** @throws {ParleyError} `channel_not_bound` */
  async detach(roomId: RoomId, channelId: ChannelId, o?: InRoomOptions): Promise<void> {
    this.#open()
    return detachChannel(this.#parts, roomId, channelId, o)
  }

  async bindings(roomId: RoomId): Promise<ChannelBinding[]> {
    return (await this.#parts.store.loadContext(roomId, { tail: 0 }))?.bindings ?? []
  }

  async mute(roomId: RoomId, channelId: ChannelId, o?: InRoomOptions): Promise<ChannelBinding> {
    return changeBinding(this.#openParts(), roomId, channelId, { muted: true }, o)
  }

  async unmute(roomId: RoomId, channelId: ChannelId, o?: InRoomOptions): Promise<ChannelBinding> {
    return changeBinding(this.#openParts(), roomId, channelId, { muted: false }, o)
  }

  /** Nothing is delivered to the channel; it still reads. */
  async muteOutput(roomId: RoomId, channelId: ChannelId, o?: InRoomOptions): Promise<ChannelBinding> {
    return changeBinding(this.#openParts(), roomId, channelId, { outputMuted: true }, o)
  }

  async unmuteOutput(roomId: RoomId, channelId: ChannelId, o?: InRoomOptions): Promise<ChannelBinding> {
    return changeBinding(this.#openParts(), roomId, channelId, { outputMuted: false }, o)
  }

  async setAccess(
    roomId: RoomId,
    channelId: ChannelId,
    access: ChannelAccess,
    o?: InRoomOptions,
  ): Promise<ChannelBinding> {
    checkAccess(access)
    return changeBinding(this.#openParts(), roomId, channelId, { access }, o)
  }

  async setVisibility(
    roomId: RoomId,
    channelId: ChannelId,
    visibility: Visibility,
    o?: InRoomOptions,
  ): Promise<ChannelBinding> {
    return changeBinding(this.#openParts(), roomId, channelId, { visibility: checkVisibility(visibility) }, o)
  }

  /** Merges and unsets metadata of a binding. */
  async patchBinding(
    roomId: RoomId,
    channelId: ChannelId,
    change: { set?: Record<string, Json>; unset?: string[] },
    o?: InRoomOptions,
  ): Promise<ChannelBinding> {
    return patchBinding(this.#openParts(), roomId, channelId, change, o)
  }

  // People

  async ensureParticipant(roomId: RoomId, input: ParticipantInput, o?: InRoomOptions): Promise<Participant> {
    return ensureParticipant(this.#openParts(), roomId, input, o)
  }

  async addMember(roomId: RoomId, input: ParticipantInput, o?: InRoomOptions): Promise<Participant> {
    return addMember(this.#openParts(), roomId, input, o)
  }

  async removeMember(
    roomId: RoomId,
    participantId: ParticipantId,
    o?: InRoomOptions & { ban?: boolean },
  ): Promise<Participant> {
    return removeMember(this.#openParts(), roomId, participantId, o)
  }

  async renameMember(
    roomId: RoomId,
    participantId: ParticipantId,
    displayName: string,
    o?: InRoomOptions,
  ): Promise<Participant> {
    return renameMember(this.#openParts(), roomId, participantId, displayName, o)
  }

  /** People and agents of a room. */
  async members(roomId: RoomId): Promise<Participant[]> {
    return membersOf(this.#parts, roomId)
  }

  async isMember(roomId: RoomId, participantId: ParticipantId): Promise<boolean> {
    return (await this.#parts.store.participants.get(roomId, participantId))?.status === 'active'
  }

  async resolveParticipant(
    roomId: RoomId,
    participantId: ParticipantId,
    identity: Identity,
    o?: InRoomOptions & { by?: string },
  ): Promise<Participant> {
    return resolveParticipant(this.#openParts(), roomId, participantId, identity, o)
  }

  // Events

  /** Takes a message in by its channel: the whole pipeline. Blocked is a value, never a throw. */
  async processInbound(
    message: InboundMessage,
    { wait, ...options }: ProcessInboundOptions & SendWait = {},
  ): Promise<InboundResult> {
    return this.#settle(await processInbound(this.#openParts(), message, options), wait)
  }

  /** Sends an event of a bound channel. @throws {ParleyError} `room_closed`, `room_not_found`, `channel_not_bound` */
  async sendEvent(
    roomId: RoomId,
    channelId: ChannelId,
    input: EventInput,
    { wait, ...options }: SendWait = {},
  ): Promise<SendResult> {
    return this.#settle(await sendFromChannel(this.#openParts(), roomId, channelId, input, options), wait)
  }

  /** Sends a person's event, by their own channel or the built-in direct one. */
  async send(roomId: RoomId, input: SendInput, { wait, ...options }: SendWait = {}): Promise<SendResult> {
    return this.#settle(await sendFromPerson(this.#openParts(), roomId, input, options), wait)
  }

  /** Sends an event of the host's own code: source `system`; it asks an agent only if addressed to one. */
  async sendSystem(roomId: RoomId, input: EventInput, { wait, ...options }: SendWait = {}): Promise<SendResult> {
    return this.#settle(await sendFromSystem(this.#openParts(), roomId, input, options), wait)
  }

  /** Resolves when nothing of the room is under way, or after `timeoutMs` (60 000). `turn` is not waited for. */
  async settled(
    roomId: RoomId,
    { timeoutMs = 60_000, turn }: { timeoutMs?: number; turn?: TurnContext } = {},
  ): Promise<{ timedOut: boolean }> {
    return waitUntilSettled(this.#parts, roomId, timeoutMs, turn?.turnId)
  }

  /** Answers the last message of a person anew, by the present routing; the old reply stays in the log. */
  async regenerate(
    roomId: RoomId,
    options: { agentId?: ChannelId } = {},
  ): Promise<{ event: RoomEvent; agentIds: ChannelId[] }> {
    return regenerate(this.#openParts(), roomId, options)
  }

  /** Says something unasked: as an agent or the system, at once or when it is quiet. */
  async deliver(
    roomId: RoomId,
    content: EventInput['content'] | string,
    options?: DeliverOptions,
  ): Promise<SendResult> {
    return deliverProactively(this.#openParts(), roomId, content, options)
  }

  async events(roomId: RoomId, query?: EventQuery): Promise<RoomEvent[]> {
    return readEvents(this.#parts, roomId, query)
  }

  /** A root event and its replies. */
  async thread(roomId: RoomId, rootId: EventId): Promise<RoomEvent[]> {
    return readEvents(this.#parts, roomId, { thread: rootId, limit: 1_000 })
  }

  /** Erases what an event said for good; its place in the log stays. */
  async redactEvent(roomId: RoomId, eventId: EventId, by: { by: string; reason: string }): Promise<RoomEvent> {
    return redactEvent(this.#openParts(), roomId, eventId, by)
  }

  async receipts(roomId: RoomId, query?: ReceiptQuery): Promise<Receipt[]> {
    return readReceipts(this.#parts, roomId, query)
  }

  async tasks(roomId: RoomId): Promise<RoomTask[]> {
    return (await this.#parts.store.tasks.list({ roomId, limit: 1_000 })).items
  }

  async observations(roomId: RoomId): Promise<Observation[]> {
    return (await this.#parts.store.observations.list({ roomId, limit: 1_000 })).items
  }

  async markRead(roomId: RoomId, readerId: string, index: number): Promise<ReadMarker> {
    return markRead(this.#parts, roomId, readerId, index)
  }

  async markAllRead(roomId: RoomId, readerId: string): Promise<ReadMarker> {
    return markRead(this.#parts, roomId, readerId, (await this.getRoom(roomId)).latestIndex)
  }

  async readMarkers(roomId: RoomId): Promise<ReadMarker[]> {
    return (await this.#parts.store.readMarkers.list({ roomId, limit: 1_000 })).items
  }

  // Requests to people

  /** Open requests, oldest first. */
  async pendingRequests(filter: RequestFilter = {}): Promise<PendingRequest[]> {
    return this.#parts.requests.pending(filter)
  }

  /** Decides a request; exactly one answer is accepted. @throws {ParleyError} `request_not_found`, `invalid_options` */
  async answerRequest(
    id: RequestId,
    decision: RequestDecision,
    { organizationId }: { organizationId?: string } = {},
  ): Promise<AnswerResult> {
    return this.#openParts().requests.answer(id, decision, organizationId)
  }

  // Ephemeral events

  /** Sends something that is never stored: typing, presence, your own `x.*`. */
  publish(roomId: RoomId, event: EphemeralInput): void {
    this.#openParts().ephemeral.publish(roomId, event)
  }

  subscribe(roomId: RoomId, listener: (event: EphemeralEvent) => void, options?: { types?: string[] }): Disposer {
    return this.#openParts().ephemeral.subscribe(roomId, listener, options)
  }

  // Hooks

  /** Adds a hook at a trigger. Sync triggers may allow, block or modify. */
  hook<T extends HookTrigger>(trigger: T, hook: HookFor<T>, options?: HookOptions): Disposer {
    return this.#openParts().hooks.add(trigger, hook, options)
  }

  /** Watches a trigger: outside the lock, after the commit, with the outcome. */
  observe<T extends HookTrigger>(trigger: T, hook: AsyncHook<T>, options?: HookOptions): Disposer {
    return this.#openParts().hooks.observe(trigger, hook, options)
  }

  /** Listens to an event of the framework itself. */
  on(type: FrameworkEventType, listener: (event: FrameworkEvent) => void): Disposer {
    return this.#openParts().framework.on(type, listener)
  }

  // Conversations

  /** The conversation state of a room. @throws {ParleyError} `room_not_found`, `state_invalid` */
  async state(roomId: RoomId): Promise<ConversationState> {
    return this.#orchestration.state(roomId)
  }

  /** Changes the state by a pure function, under the lock and with its record; tried again on conflict, 3 times at most. */
  async updateState(
    roomId: RoomId,
    change: (state: ConversationState) => ConversationState,
  ): Promise<ConversationState> {
    this.#open()
    return this.#orchestration.updateState(roomId, change)
  }

  /** Hands the conversation over, asked for by code or a person. A refusal is a value. */
  async handoff<Payload = Json>(
    roomId: RoomId,
    input: HandoffInput<Payload>,
    options: { by: HandoffActor; signal?: AbortSignal },
  ): Promise<HandoffResult> {
    this.#open()
    return this.#orchestration.handoff(roomId, input, options)
  }

  /** Something that must be ready before a handoff switches. */
  joinHandoffs(roomId: RoomId, participant: HandoffParticipant): Disposer {
    return this.#orchestration.joinHandoffs(roomId, participant)
  }

  /**
   * Gives a task to an agent, in a child room with a log of its own. Resolves when it has ended, or with `wait: false`
   * when it is under way.
   * @throws {ParleyError} `room_not_found`, `channel_not_registered`, `delegation_depth`, `delegation_busy`
   */
  async delegate(roomId: RoomId, agentId: ChannelId, task: string, options: DelegateOptions): Promise<Delegation> {
    this.#open()
    return this.#orchestration.delegations.delegate(roomId, agentId, task, options)
  }

  /** Moves rooms to another version of a definition. */
  async migrateOrchestration(id: string, options: MigrateOptions): Promise<MigrationReport> {
    this.#open()
    return this.#orchestration.migrateOrchestration(id, options)
  }

  // People at the desk

  /** Asks for a person: agents fall silent, or go on until someone claims, as `human.whileWaiting` says. */
  async requestHuman(
    roomId: RoomId,
    request: HumanRequest,
    options: { by: HandoffActor; signal?: AbortSignal },
  ): Promise<HandoffResult> {
    this.#open()
    return this.#orchestration.human.request(roomId, request, options)
  }

  /** Rooms that wait for a person: urgent ones first, then the longest waiting. */
  async humanQueue(options?: { organizationId?: string; limit?: number }): Promise<QueueEntry[]> {
    return this.#orchestration.human.queue(options)
  }

  /** Takes a waiting room; exactly one person wins. @throws {ParleyError} `human_not_waiting` */
  async claim(
    roomId: RoomId,
    participantId: ParticipantId,
  ): Promise<{ ok: true } | { ok: false; takenBy: ParticipantId }> {
    this.#open()
    return this.#orchestration.human.claim(roomId, participantId)
  }

  /** Requests and claims at once, from any mode; agents stop. */
  async takeover(
    roomId: RoomId,
    participantId: ParticipantId,
    options?: { reason?: string; stop?: 'now' | 'sentence' },
  ): Promise<HandoffResult> {
    this.#open()
    return this.#orchestration.human.takeover(roomId, participantId, options)
  }

  /** A person hands over to an agent, under the agent's contract. @throws {ParleyError} `human_not_claimed` */
  async handBack(
    roomId: RoomId,
    back: HandBack,
    options: { by: HandoffActor; signal?: AbortSignal },
  ): Promise<HandoffResult> {
    this.#open()
    return this.#orchestration.human.handBack(roomId, back, options)
  }

  /** Messages are committed and delivered to people; nobody is asked. */
  async pause(roomId: RoomId, options: { by: HandoffActor; reason?: string }): Promise<void> {
    this.#open()
    return this.#orchestration.human.pause(roomId, options)
  }

  /** Ends a pause; the newest unanswered message of a person is answered once. */
  async resume(roomId: RoomId, options: { by: HandoffActor }): Promise<void> {
    this.#open()
    return this.#orchestration.human.resume(roomId, options)
  }

  /** A colleague listens, instructs the agent unseen, or speaks to all. @throws {ParleyError} `forbidden` */
  async coach(roomId: RoomId, participantId: ParticipantId, mode: CoachMode): Promise<void> {
    this.#open()
    return this.#orchestration.human.coach(roomId, participantId, mode)
  }

  // Sources, webhooks, timers, turns

  attachSource(source: InboundSource, options?: SourceOptions): void {
    this.#open()
    this.#sources.attach(source, options)
  }

  async detachSource(id: string): Promise<void> {
    return this.#sources.detach(id)
  }

  sourceHealth(id: string): SourceHealth {
    return this.#sources.health(id)
  }

  /** @throws {ParleyError} `webhook_unverified`, `webhook_signature` */
  async processWebhook(channelId: ChannelId, request: WebhookRequest): Promise<InboundResult[]> {
    return processWebhook(this.#openParts(), channelId, request)
  }

  /** A provider's later word on a delivery. */
  async processDeliveryStatus(channelId: ChannelId, status: DeliveryStatus): Promise<void> {
    const parts = this.#openParts()
    registeredChannel(parts, channelId)
    parts.hooks.fire('onDeliveryStatus', { channelId, status }, { roomId: status.roomId, channelId })
  }

  /** Stores a reminder: it fires once, also after a restart. The same key replaces it. */
  async schedule(
    roomId: RoomId,
    reminder: { at?: string; inMs?: number; key: string; payload?: Json; agentId?: ChannelId },
  ): Promise<void> {
    this.#open()
    return this.#timers.schedule(roomId, reminder)
  }

  /** Speaks to a running turn. @throws {ParleyError} `turn_not_found` */
  steer(turnId: TurnId, steering: Steering): void {
    this.#openParts().turns.steer(turnId, steering)
  }

  /** Turns at work in a room: their ids are what `steer` takes. */
  runningTurns(roomId: RoomId): RunningTurn[] {
    return this.#parts.turns.running(roomId)
  }

  /** A room as channels and tools see it. */
  room(roomId: RoomId): RoomHandle {
    return createRoomHandle(this, roomId)
  }

  /** Resolves when what a stopped process left undone has been taken up. */
  async ready(): Promise<void> {
    return this.#recover()
  }

  /**
   * Ends everything in order: sources and timers, new traffic, lanes within `graceMs`, turns, channels, ports. Every
   * step is tried. @throws {ParleyError} `kit_close_failed` with all errors
   */
  close({ graceMs = 5_000 }: { graceMs?: number } = {}): Promise<void> {
    this.#closed ??= closeKit(this.#assembled, {
      graceMs,
      stopTimers: () => this.#timers.close(),
      stopSources: () => this.#sources.close(),
      recovered: this.#recovered ?? Promise.resolve(),
    })
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Rooms of a replaced channel log that it was. */
  async #noteReplaced({ channelId, capabilities }: Channel): Promise<void> {
    for (const room of await this.#parts.store.roomsByChannel({ channelId, statuses: ['active', 'paused'] })) {
      await refreshBinding(this.#parts, room.id, channelId, capabilities)
    }
  }

  #recover(): Promise<void> {
    const parts = this.#parts
    this.#recovered ??= recover(parts).catch((error: unknown) => parts.reportError(error, { stage: 'recovery' }))
    return this.#recovered
  }

  #open(): void {
    if (this.#closed === undefined) return
    throw new ParleyError({ code: 'kit_closed', message: 'The kit is closed. Make a new one with new Kit().' })
  }

  #openParts(): KitParts {
    this.#open()
    return this.#parts
  }

  async #settle<T extends InboundResult>(result: T, wait: SendWait['wait']): Promise<T> {
    if (wait === 'settled' && result.outcome === 'committed') await result.settled()
    return result
  }

  /** Some channels work through the kit they are registered with: a WebSocket reads history, a call has hooks. */
  #wire(channel: Channel): void {
    if (isKitBound(channel)) channel.bindKit(this)
    if (!(channel instanceof WebSocketChannel)) return
    channel.bind(createWebSocketHost(this.#parts))
  }
}

checkCalls(Kit.prototype)
