// A conversation of three agents in a LangGraph swarm: two handoffs, then an answer. Its models answer at once.
import { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage } from '@langchain/core/messages'
import { MemorySaver } from '@langchain/langgraph'
import { createReactAgent } from '@langchain/langgraph/prebuilt'
import { createHandoffTool, createSwarm } from '@langchain/langgraph-swarm'

let calls = 0
let threads = 0

class QuietModel extends BaseChatModel {
  constructor(answer) {
    super({})
    this.answer = answer
  }
  _llmType() {
    return 'quiet'
  }
  bindTools() {
    return this
  }
  async _generate() {
    const message = this.answer()
    return { generations: [{ text: '', message }] }
  }
}

function handingTo(name) {
  return new QuietModel(
    () =>
      new AIMessage({ content: '', tool_calls: [{ id: `call_${calls++}`, name: `transfer_to_${name}`, args: {} }] }),
  )
}

export function createConversation() {
  const desk = createReactAgent({
    llm: new QuietModel(() => new AIMessage('done')),
    tools: [],
    name: 'desk',
    prompt: 'You answer.',
  })
  const billing = createReactAgent({
    llm: handingTo('desk'),
    tools: [createHandoffTool({ agentName: 'desk' })],
    name: 'billing',
    prompt: 'You bill.',
  })
  const reception = createReactAgent({
    llm: handingTo('billing'),
    tools: [createHandoffTool({ agentName: 'billing' })],
    name: 'reception',
    prompt: 'You receive.',
  })
  const app = createSwarm({ agents: [reception, billing, desk], defaultActiveAgent: 'reception' }).compile({
    checkpointer: new MemorySaver(),
  })
  return async () => {
    const result = await app.invoke(
      { messages: [{ role: 'user', content: 'My invoice?' }] },
      { configurable: { thread_id: `thread-${threads++}` } },
    )
    return result.messages.at(-1).content
  }
}
