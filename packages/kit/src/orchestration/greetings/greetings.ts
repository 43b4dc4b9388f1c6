import type { ChannelId, Disposer, Room, RoomEvent, RoomId, TurnContext, Visibility } from '@parley/spec'
import type { OrchestrationInternals } from '../orchestration-internals.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import { callSpeakerOf } from '../../core/call-speakers.ts'
import { turnServices } from '../../core/turn-services.ts'
import { getConversationState } from '../state/room-state.ts'

/** How long turns wait for a greeting in preparation. */
const GREETING_MS = 5_000

/** How a greeting is made. */
interface GreetOptions {
  /** Makes it once. */
  key: string
  cause?: RoomEvent
  visibility?: Visibility | undefined
}

/** Speaks in place of text: a call that greets by sound. */
export type GreetingSpeaker = (greeting: {
  room: Room
  agent: OrchestratedAgent
  text: string | undefined
  prompt: string | undefined
}) => Promise<boolean>

/** Opening lines of agents. */
export interface Greetings {
  /** The active agent's greeting, once per time it is active. */
  send(roomId: RoomId, options?: { channelId?: ChannelId }): Promise<void>
  /** Greets as an agent; false when it has neither greeting nor prompt. */
  greetAs(room: Room, agentId: ChannelId, options: GreetOptions): Promise<boolean>
  /** Someone connected: a new conversation is greeted. */
  connected(roomId: RoomId, since?: string): void
  /** Resolves when turns of the room may start; undefined when none is in preparation. */
  pending(roomId: RoomId): Promise<void> | undefined
  turnEnded(context: TurnContext): void
  /** Gives a channel (a call) the say in how its greetings are made. */
  speakBy(channelId: ChannelId, speaker: GreetingSpeaker): Disposer
  close(): void
}

interface Pending {
  done: Promise<void>
  finish(): void
}

/** Makes the greetings of a kit. */
export function createGreetings(internals: () => OrchestrationInternals): Greetings {
  const pending = new Map<RoomId, Pending>()
  const speakers = new Map<ChannelId, GreetingSpeaker>()

  const prepare = (roomId: RoomId): Pending => {
    const { core } = internals()
    let resolve = (): void => {}
    const done = new Promise<void>((settle) => (resolve = settle))
    const finish = (): void => {
      cancel()
      if (pending.get(roomId) === entry) pending.delete(roomId)
      resolve()
    }
    const cancel = core.clock.setTimer(GREETING_MS, finish)
    const entry: Pending = { done, finish }
    pending.get(roomId)?.finish()
    pending.set(roomId, entry)
    return entry
  }

  const greetAs: Greetings['greetAs'] = async (room, agentId, options) => {
    const agent = internals().agent(agentId, room)
    if (agent === undefined) return false
    const text = greetingText(internals(), room, agent)
    if (text !== undefined) return sayGreeting(internals(), room.id, agentId, text, options)
    const prompt = agent.greetingPrompt ?? internals().handlerOf(room, agentId).greetingPrompt
    if (prompt === undefined || prompt === '') return false
    return askGreeting(internals(), room.id, agentId, prompt, options)
  }

  return {
    greetAs,
    async send(roomId, { channelId } = {}) {
      const { core } = internals()
      const room = await core.store.getRoom(roomId)
      if (room === null) return
      const state = getConversationState(room)
      const { activeAgentId } = state
      if (activeAgentId === null || state.mode !== 'agent') return
      const agent = internals().agent(activeAgentId, room)
      const speaker = channelId === undefined ? undefined : speakers.get(channelId)
      if (speaker !== undefined && agent !== undefined) {
        const spoken = await speaker({
          room,
          agent,
          text: greetingText(internals(), room, agent),
          prompt: agent.greetingPrompt,
        })
        if (spoken) return
      }
      await greetAs(room, activeAgentId, { key: greetingKey(roomId, state.handoffCount) })
    },
    connected(roomId, since) {
      const { core } = internals()
      if (!mayGreet(internals())) return
      const connectedAt = since ?? core.now()
      const entry = prepare(roomId)
      core.background(
        'greeting',
        async () => {
          let isAsked = false
          try {
            isAsked = await greetNew(internals(), roomId, connectedAt, greetAs)
          } finally {
            // A generated greeting is over when its turn has ended.
            if (!isAsked) entry.finish()
          }
        },
        { roomId },
      )
    },
    pending: (roomId) => pending.get(roomId)?.done,
    turnEnded(context) {
      if (pending.size === 0) return
      if (turnServices(context)?.opening?.kind === 'greeting') pending.get(context.room.id)?.finish()
    },
    speakBy(channelId, speaker) {
      speakers.set(channelId, speaker)
      return () => {
        if (speakers.get(channelId) === speaker) speakers.delete(channelId)
      }
    },
    close() {
      for (const entry of pending.values()) entry.finish()
    },
  }
}

function greetingKey(roomId: RoomId, handoffCount: number): string {
  return `greeting:${roomId}:${handoffCount}`
}

/** Whether any agent of this kit greets by itself; asked first, so rooms without greetings pay nothing. */
function mayGreet({ core, definitions }: OrchestrationInternals): boolean {
  if (definitions.kitWide !== undefined) return true
  return core.registry.list().some((channel) => {
    if (channel.category !== 'intelligence') return false
    // An agent is a channel of category intelligence; its greeting is optional.
    const { greeting, greetingPrompt } = channel as OrchestratedAgent
    return greeting !== undefined || greetingPrompt !== undefined
  })
}

/** Greets a new conversation; true when a turn was asked for it. */
async function greetNew(
  internals: OrchestrationInternals,
  roomId: RoomId,
  connectedAt: string,
  greetAs: Greetings['greetAs'],
): Promise<boolean> {
  const { core } = internals
  const context = await core.store.loadContext(roomId, { tail: 0 })
  if (context === null || context.room.status === 'closed' || context.room.status === 'archived') return false
  const { room, bindings } = context
  const state = getConversationState(room)
  if (state.mode !== 'agent' || state.handoffCount > 0) return false
  if (!(await isNew(internals, roomId, connectedAt))) return false
  const agentId = greeterOf(internals, room, state.activeAgentId, bindings)
  const agent = agentId === undefined ? undefined : internals.agent(agentId, room)
  if (agentId === undefined || agent === undefined || agent.autoGreet === false || agent.isConfigOnly === true)
    return false
  const isText = greetingText(internals, room, agent) !== undefined
  const isGreeted = await greetAs(room, agentId, { key: greetingKey(roomId, 0) })
  return isGreeted && !isText
}

/** No agent has spoken yet, and no person before this connection. */
async function isNew({ core }: OrchestrationInternals, roomId: RoomId, connectedAt: string): Promise<boolean> {
  const messages = await core.store.tail(roomId, 50, { types: ['message'], statuses: ['committed'] })
  return messages.every(({ source, createdAt }) => source.kind === 'person' && createdAt >= connectedAt)
}

/** The active agent, else the default agent, else the only one. */
function greeterOf(
  { definitions }: OrchestrationInternals,
  room: Room,
  activeAgentId: ChannelId | null,
  bindings: readonly { channelId: ChannelId; category: string }[],
): ChannelId | undefined {
  if (activeAgentId !== null) return activeAgentId
  const found = definitions.of(room)
  if (found !== undefined && 'missing' in found) return undefined
  const preferred = found?.definition.initial?.activeAgentId ?? found?.definition.router.defaultAgentId
  if (preferred !== undefined) return preferred
  const agents = bindings.filter(({ category }) => category === 'intelligence')
  return agents.length === 1 ? agents[0]?.channelId : undefined
}

function greetingText(internals: OrchestrationInternals, room: Room, agent: OrchestratedAgent): string | undefined {
  const mapped = internals.handlerOf(room, agent.channelId).greetingMap[agent.channelId]
  const greeting = mapped ?? agent.greeting
  if (greeting === undefined || typeof greeting === 'string') return greeting === '' ? undefined : greeting
  const language = internals.languages.of(room, agent.channelId)
  const wanted = language === undefined ? undefined : (greeting[language] ?? greeting[language.split('-')[0] ?? ''])
  const own = agent.language === undefined ? undefined : greeting[agent.language]
  return wanted ?? own ?? Object.values(greeting)[0]
}

/** The greeting as the agent's message. A blocked or failed one is no greeting, and holds nobody up. */
async function sayGreeting(
  { core }: OrchestrationInternals,
  roomId: RoomId,
  agentId: ChannelId,
  text: string,
  { key, cause, visibility }: GreetOptions,
): Promise<boolean> {
  const isSpoken = callSpeakerOf(core, roomId)?.say({
    agentId,
    text,
    kind: 'greeting',
    idempotencyKey: key,
    ...(cause === undefined ? {} : { cause }),
  })
  if (isSpoken === true) return true
  const input = {
    content: { type: 'text' as const, text },
    idempotencyKey: key,
    ...(visibility === undefined ? {} : { visibility }),
  }
  const options = cause === undefined ? {} : { cause: { causeId: cause.id, chainDepth: 1 } }
  const result = await core.sendEvent(roomId, agentId, input, options)
  return result.outcome === 'committed'
}

/** A greeting that the agent makes up itself: a turn without a word of a person. */
async function askGreeting(
  { core }: OrchestrationInternals,
  roomId: RoomId,
  agentId: ChannelId,
  prompt: string,
  { key, cause, visibility }: GreetOptions,
): Promise<boolean> {
  const trigger = cause ?? (await greetingDue(core, roomId, key))
  if (trigger === undefined) return false
  core.turns.ask({
    roomId,
    agentId,
    trigger,
    opening: { kind: 'greeting', prompt },
    first: true,
    ...(visibility === undefined ? {} : { visibility }),
  })
  return true
}

/** The record that a greeting is due; undefined when there is one already. */
function greetingDue(
  core: OrchestrationInternals['core'],
  roomId: RoomId,
  key: string,
): Promise<RoomEvent | undefined> {
  return core.inRoom(roomId, async (locked) => {
    const draft = core.systemDraft(locked.room, {
      type: 'system',
      content: { type: 'system', code: 'greeting_due', text: 'A greeting is being made.' },
      visibility: 'internal',
    })
    const outcome = await locked.commit([{ ...draft, idempotencyKey: key }])
    return 'events' in outcome ? outcome.events[0] : undefined
  })
}
