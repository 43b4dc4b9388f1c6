import { ParleyError } from '@parley/spec'
import type {
  ChannelBinding,
  ChannelId,
  Clock,
  Disposer,
  EphemeralInput,
  IdSource,
  Json,
  Logger,
  Participant,
  Receipt,
  Room,
  RoomEvent,
  RoomId,
  Telemetry,
} from '@parley/spec'
import type { HookScope, SyncOutcome } from '../hooks/hook-engine.ts'
import type { HookMap, HookTrigger, SyncTrigger } from '../hooks/hook-map.ts'
import { internalsOf, type OrchestrationHost } from '../orchestration/orchestration-host.ts'
import { speculate, type ForeseenMessage, type Speculation } from '../turns/speculations.ts'
import { abandonedCallsOf } from '../turns/running-calls.ts'
import { joinSpeaker, type CallSpeaker } from './call-speakers.ts'
import type { KitParts } from './kit-parts.ts'
import type { KitCore, SystemDraft } from './core.ts'

/** What calls need of a kit beyond its public calls. */
export interface CallAccess {
  readonly clock: Clock
  readonly ids: IdSource
  readonly logger: Logger
  readonly telemetry: Telemetry
  /** Aborted when the kit closes. */
  readonly closing: AbortSignal
  room(
    roomId: RoomId,
  ): Promise<{ room: Room; bindings: readonly ChannelBinding[]; participants: readonly Participant[] } | null>
  hasHook(trigger: HookTrigger, scope: HookScope): boolean
  /** Whether text of this scope must not be shown before hooks have passed it. */
  holdsLive(scope: HookScope, trigger: 'onTranscription' | 'beforeBroadcast'): boolean
  runHook<T extends SyncTrigger>(
    trigger: T,
    payload: HookMap[T]['payload'],
    scope: HookScope,
  ): SyncOutcome<T> | Promise<SyncOutcome<T>>
  fire<T extends HookTrigger>(trigger: T, payload: HookMap[T]['payload'], scope: HookScope): void
  /** Stored in the background; a call waits for no store to decide. */
  receipt(roomId: RoomId, kind: Receipt['kind'], data: Json, also?: Partial<Receipt>): void
  /** Commits a record of the call; internal unless it says otherwise. @throws {ParleyError} `room_closed` */
  record(roomId: RoomId, draft: SystemDraft & { blocked?: RoomEvent['blocked'] }): Promise<void>
  publish(roomId: RoomId, event: EphemeralInput): void
  /** Media is ready: a new conversation is greeted; one in which somebody spoke before `since` is not new. @default now */
  connected(roomId: RoomId, since?: string): void
  reportError(thrown: unknown, stage: string, roomId?: RoomId): void
  background(stage: string, run: (signal: AbortSignal) => Promise<void>, roomId?: RoomId): void
  /** Opens a turn of an agent without a message: it speaks by the instructions. */
  ask(roomId: RoomId, agentId: ChannelId, instructions: string): Promise<void>
  /** Begins the turn that a message would open, before it is certain; undefined where that is not possible. */
  speculate(message: ForeseenMessage): Promise<Speculation | undefined>
  /** Ends a running turn of an agent; what was said of it is committed, a tool at work goes on by itself. */
  interruptTurn(turnId: string): void
  /** A call is live in the room from now on. */
  joinCalls(roomId: RoomId, speaker: CallSpeaker): Disposer
}

/** How long a tool may run on after its call, in milliseconds (T-3). */
const DRAIN_MS = 5_000

/** Tools whose turn was cut off may run on for a while after the last call of their room. */
function drainTools(core: KitCore, roomId: RoomId): void {
  const { clock, closing } = core
  const left = abandonedCallsOf(core, roomId)
  if (left.length === 0) return
  const stop = clock.setTimer(DRAIN_MS, () => {
    closing.removeEventListener('abort', stop)
    const over = new ParleyError({
      code: 'voice_call_ended',
      message: 'The call that the tool ran for is over. Nobody waits for its result any more.',
    })
    for (const call of left) call.abort(over)
  })
  closing.addEventListener('abort', stop, { once: true })
}

/** What calls need of a kit. @throws {ParleyError} `invalid_options` when it is not a kit */
export function callAccessOf(kit: OrchestrationHost): CallAccess {
  const { core } = internalsOf(kit)
  return {
    clock: core.clock,
    ids: core.ids,
    logger: core.logger,
    telemetry: core.telemetry,
    closing: core.closing,
    room: (roomId) => core.store.loadContext(roomId, { tail: 0 }),
    hasHook: (trigger, scope) => core.hooks.has(trigger, scope),
    holdsLive: (scope, trigger) =>
      trigger === 'beforeBroadcast' ? core.hooks.holdsLive(scope) : core.hooks.has(trigger, scope),
    runHook: (trigger, payload, scope) => core.hooks.runSync(trigger, payload, scope),
    fire: (trigger, payload, scope) => core.hooks.fire(trigger, payload, scope),
    receipt(roomId, kind, data, also) {
      core.laterReceipts.add(roomId, kind, data, also)
    },
    async record(roomId, { blocked, ...draft }) {
      await core.inRoom(roomId, async (locked) => {
        const system = core.systemDraft(locked.room, draft)
        await locked.commit([blocked === undefined ? system : { ...system, status: 'blocked', blocked }])
      })
    },
    publish: (roomId, event) => core.ephemeral.publish(roomId, event),
    connected: (roomId, since) => core.orchestration.connected(roomId, since),
    reportError: (thrown, stage, roomId) =>
      core.reportError(thrown, roomId === undefined ? { stage } : { stage, roomId }),
    background: (stage, run, roomId) => core.background(stage, run, roomId === undefined ? {} : { roomId }),
    async ask(roomId, agentId, instructions) {
      await core.inRoom(roomId, async (locked) => {
        const draft = core.systemDraft(locked.room, {
          type: 'system',
          content: { type: 'system', code: 'reply_requested', text: 'The agent was asked to speak.' },
          visibility: 'internal',
        })
        const outcome = await locked.commit([draft])
        const trigger = 'events' in outcome ? outcome.events[0] : undefined
        if (trigger === undefined) return
        core.turns.ask({ roomId, agentId, trigger, opening: { kind: 'notice', text: instructions } })
      })
    },
    // The core is the kit's parts, seen by what most folders need of them.
    speculate: (message) => speculate(core as KitParts, message),
    interruptTurn(turnId) {
      try {
        core.turns.steer(turnId, { type: 'yield', reason: 'interrupted' })
      } catch (error) {
        // It ended by itself meanwhile.
        if (!ParleyError.isInstance(error) || error.code !== 'turn_not_found') throw error
      }
    },
    joinCalls(roomId, speaker) {
      return joinSpeaker(core, roomId, speaker, () => drainTools(core, roomId))
    },
  }
}
