// A conversation of three agents on the OpenAI Agents SDK: two handoffs, then an answer. Its models answer at once.
import { Agent, run, setTracingDisabled, Usage } from '@openai/agents'

setTracingDisabled(true)

let calls = 0

/** A model that always gives the same outputs. */
function modelOf(output) {
  return {
    async getResponse() {
      return { usage: new Usage(), output: output() }
    },
    async *getStreamedResponse() {
      throw new Error('not used')
    },
  }
}

function handingTo(name) {
  return modelOf(() => [
    {
      type: 'function_call',
      callId: `call_${calls++}`,
      name: `transfer_to_${name}`,
      status: 'completed',
      arguments: '{}',
    },
  ])
}

export function createConversation() {
  const desk = new Agent({
    name: 'desk',
    instructions: 'You answer.',
    model: modelOf(() => [
      { type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'done' }] },
    ]),
  })
  const billing = new Agent({ name: 'billing', instructions: 'You bill.', model: handingTo('desk'), handoffs: [desk] })
  const reception = new Agent({
    name: 'reception',
    instructions: 'You receive.',
    model: handingTo('billing'),
    handoffs: [billing],
  })
  return async () => {
    const result = await run(reception, 'My invoice?')
    return result.finalOutput
  }
}
