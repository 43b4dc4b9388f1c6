import { Agent, Kit, Pipeline } from '@parley/kit'
import type { CallOptions, ChatModel, ChatPart, ChatRequest } from '@parley/spec'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import { quietModel } from '../inbound/quiet-model.ts'
import { loadPeer } from '../load-peer.ts'
import type { Scenario } from '../suite.ts'

/** What `three.mjs` of a peer gives: a function that has one conversation and gives its last line. */
interface ThreeScript {
  createConversation(): () => Promise<string>
}

const peers = [
  ['openai-agents', 'OpenAI Agents SDK (JS)'],
  ['langgraph', 'LangGraph swarm'],
] as const

/** Wall time of a conversation that two handoffs by models lead to a third agent, which answers. */
export const threeAgents: Scenario = async function* ({ progress, isQuick }) {
  const count = isQuick ? 5 : 100
  for (const [name, peerName] of peers) {
    const { script, ...missing } = await loadPeer<ThreeScript>(name, 'three.mjs', progress)
    const common = { metric: `handoff-three-${name}`, unit: 'ms/conversation', better: 'lower', peerName } as const
    const ours = (): Promise<number> => parleyConversations(count)
    const rounds = isQuick ? 1 : 5
    if (script === undefined) {
      const measured = await alternate({ ours }, { rounds, progress })
      yield toFigure({
        ...common,
        ours: measured.ours,
        peer: null,
        n: measured.n,
        ...('why' in missing ? { note: missing.why } : {}),
      })
      continue
    }
    const measured = await alternate(
      { ours, peer: () => perConversation(script.createConversation(), count) },
      { rounds, progress },
    )
    yield toFigure({
      ...common,
      ours: measured.ours,
      peer: measured.peer,
      n: measured.n,
      note: "Ours commits and delivers each step to a room's log, with receipts; a new room per conversation.",
    })
  }
}

async function perConversation(converse: () => Promise<string>, count: number): Promise<number> {
  const startMs = performance.now()
  for (let number = 0; number < count; number++) {
    const last = await converse()
    if (last !== 'done') throw new Error(`A conversation ended with "${last}".`)
  }
  return (performance.now() - startMs) / count
}

async function parleyConversations(count: number): Promise<number> {
  await using kit = new Kit()
  const agents = [
    new Agent('reception', { model: handingTo('billing'), systemPrompt: 'You receive.', description: 'Receives.' }),
    new Agent('billing', { model: handingTo('desk'), systemPrompt: 'You bill.', description: 'Bills.' }),
    new Agent('desk', { model: quietModel('done'), systemPrompt: 'You answer.', description: 'Answers.' }),
  ]
  const orchestration = new Pipeline({ agents })
  return await perConversation(async () => {
    const room = await kit.createRoom({ orchestration })
    await kit.send(room.id, { from: 'ada', text: 'My invoice?' }, { wait: 'settled' })
    await kit.settled(room.id)
    const [last] = (await kit.events(room.id, { types: ['message'] })).slice(-1)
    return last?.content.type === 'text' ? last.content.text : 'nothing'
  }, count)
}

/** A model that hands the conversation over at once. */
function handingTo(target: string): ChatModel {
  let calls = 0
  return {
    ...quietModel(),
    async *stream(_request: ChatRequest, { signal }: CallOptions): AsyncGenerator<ChatPart> {
      signal.throwIfAborted()
      const json = JSON.stringify({ target, reason: 'it is theirs', summary: 'Ada has a question.' })
      yield { type: 'toolCall', call: { callId: `call_${calls++}`, name: 'handoff_conversation', arguments: json } }
      yield { type: 'end', reason: 'toolCalls', usage: { inputTokens: 1, outputTokens: 1 } }
    },
  }
}
