import { Agent, ConversationRouter, Kit, type KitOptions } from '@parley/kit'
import type { Channel, InboundMessage, InboundResult } from '@parley/spec'
import { quietModel } from './quiet-model.ts'

/** What the rooms of a run are made of. */
export interface InboundKitOptions extends KitOptions {
  rooms: number
  agents?: number
  /** Hooks on `beforeBroadcast` that allow everything. */
  hooks?: number
  /** Whether a router chooses among the agents. @default false */
  isRouted?: boolean
  /** `own`: a channel per room, found by routing; `shared`: one for all, and the room is named. @default 'shared' */
  channels?: 'own' | 'shared'
}

/** A kit with rooms that people write to. */
export interface InboundKit extends AsyncDisposable {
  readonly kit: Kit
  readonly rooms: readonly InboundRoom[]
}

/** One of its rooms. */
export interface InboundRoom {
  readonly roomId: string
  /** Sends one line; a blocked one is an error. */
  say(wait: 'commit' | 'settled'): Promise<Extract<InboundResult, { outcome: 'committed' }>>
}

/** Makes the kit that messages are counted on. */
export async function openInboundKit(options: InboundKitOptions): Promise<InboundKit> {
  const { rooms: count, agents = 1, hooks = 0, isRouted = false, channels = 'shared', ...kitOptions } = options
  const kit = new Kit(kitOptions)
  for (let number = 0; number < hooks; number++)
    kit.hook('beforeBroadcast', async () => ({ action: 'allow' }), { name: `hook-${number}` })
  if (isRouted) {
    const router = new ConversationRouter({
      rules: [{ agentId: 'agent-0', conditions: {} }],
      defaultAgentId: 'agent-0',
    })
    kit.hook('beforeBroadcast', router.asHook(), { name: 'router', priority: -100, live: 'pass' })
  }
  const agentIds = Array.from({ length: agents }, (_, number) => `agent-${number}`)
  for (const id of agentIds) kit.register(new Agent(id, { model: quietModel() }))
  const shared = quietTransport('web')
  kit.register(shared)
  const rooms: InboundRoom[] = []
  for (let number = 0; number < count; number++) {
    const channel = channels === 'shared' ? shared : quietTransport(`web-${number}`)
    if (channels === 'own') kit.register(channel)
    const { id: roomId } = await kit.createRoom({ channels: [channel.channelId, ...agentIds] })
    rooms.push(
      toRoom(
        kit,
        roomId,
        { channelId: channel.channelId, senderId: `ada-${number}`, content },
        channels === 'shared' ? { roomId } : {},
      ),
    )
  }
  return { kit, rooms, [Symbol.asyncDispose]: () => kit.close({ graceMs: 1_000 }) }
}

const content: InboundMessage['content'] = { type: 'text', text: 'hi' }

function toRoom(kit: Kit, roomId: string, message: InboundMessage, named: { roomId?: string }): InboundRoom {
  return {
    roomId,
    async say(wait) {
      const result = await kit.processInbound(message, { ...named, wait })
      if (result.outcome !== 'committed' || result.roomId !== roomId)
        throw new Error(`A line was not taken: ${result.outcome}`)
      return result
    },
  }
}

/** A transport that takes every event and does nothing with it, the sender's own included. */
function quietTransport(channelId: string): Channel {
  return {
    channelId,
    channelType: 'websocket',
    category: 'transport',
    capabilities: { content: ['text'], echo: true },
    deliver: async () => ({ status: 'sent' }),
  }
}
