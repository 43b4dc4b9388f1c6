import { ConversationRouter } from '@parley/kit'
import { ConversationState, type RoomContext, type RoomEvent, type RoutingRule } from '@parley/spec'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import { sampleRoom } from '../store/sample-room.ts'
import { throughput } from '../throughput.ts'
import type { Scenario } from '../suite.ts'

const at = '2026-01-01T00:00:00.000Z'

/** Routing decisions per second, the last of the rules being the one that matches. */
export const decide: Scenario = async function* ({ progress, isQuick }) {
  for (const count of [10, 100, 1_000]) {
    const rules: RoutingRule[] = Array.from({ length: count }, (_, number) => ({
      agentId: `agent-${number % 3}`,
      conditions: { phases: [`phase-${number}`], channelTypes: ['websocket'] },
      priority: number,
    }))
    const router = new ConversationRouter({ rules })
    const state = new ConversationState({ phase: `phase-${count - 1}` })
    const { event, context } = situation()
    const expected = `agent-${(count - 1) % 3}`
    if (router.decide(event, context, state).target !== expected) throw new Error('The router chose another agent.')
    const chain = await ifChain(count)
    if (chain(event, state) !== expected) throw new Error('The chain chose another agent.')
    const timeMs = isQuick ? 20 : 200
    const measured = await alternate(
      {
        ours: () => throughput(() => router.decide(event, context, state), timeMs),
        peer: () => throughput(() => chain(event, state), timeMs),
      },
      { rounds: isQuick ? 1 : 5, progress },
    )
    yield toFigure({
      metric: `handoff-decide-${count}`,
      unit: 'decisions/s',
      better: 'higher',
      ours: measured.ours,
      peer: measured.peer,
      peerName: 'if chain',
      n: measured.n,
      note: 'The chain names an agent; ours also checks that it is present and says why others were passed over.',
    })
  }
}

type Chain = (event: RoomEvent, state: ConversationState) => string | null

/** The same conditions as statements, which the compiler sees as a whole. */
async function ifChain(count: number): Promise<Chain> {
  const lines = Array.from(
    { length: count },
    (_, number) =>
      `if (state.phase === 'phase-${number}' && event.source.channelType === 'websocket') return 'agent-${number % 3}'`,
  )
  const source = `export function chain(event, state) {\n${lines.join('\n')}\nreturn null\n}`
  // What the source above says.
  const made = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { chain: Chain }
  return made.chain
}

function situation(): { event: RoomEvent; context: RoomContext } {
  const binding = (channelId: string): RoomContext['bindings'][number] => ({
    roomId: 'room',
    channelId,
    channelType: 'agent',
    category: 'intelligence',
    direction: 'both',
    access: 'readWrite',
    muted: false,
    outputMuted: false,
    visibility: 'all',
    capabilities: { content: ['text'] },
    attachedAt: at,
    metadata: {},
  })
  return {
    event: {
      id: 'evt_1',
      roomId: 'room',
      index: 0,
      type: 'message',
      status: 'committed',
      source: { kind: 'person', channelId: 'web', channelType: 'websocket', participantId: 'ada', medium: 'text' },
      content: { type: 'text', text: 'hello' },
      visibility: 'all',
      addressedTo: null,
      chainDepth: 0,
      createdAt: at,
      metadata: {},
    },
    context: {
      room: sampleRoom('room'),
      bindings: ['agent-0', 'agent-1', 'agent-2'].map(binding),
      participants: [],
      recentEvents: [],
    },
  }
}
