import type { ChatPart, ChatRequest, ModelCard, ToolDefinition } from './chat-model.ts'
import type { ModelCodec } from './stream-model.ts'

/** How a request's output schema reaches a model. */
export interface StructuredOutputPlan {
  /** `native`: as the vendor's own option; `tool`: as a tool the model must call; `instructions`: in the system text. */
  how: 'none' | 'native' | 'tool' | 'instructions'
  /** The request to send: for `tool` and `instructions` without `output`, rewritten. */
  request: ChatRequest
  /** Name of the forced tool, for `tool`. */
  outputTool?: string
}

/** Chooses from a model's card how a request's output schema is asked for. The result is validated by the caller alike. */
export function planStructuredOutput(request: ChatRequest, card: ModelCard): StructuredOutputPlan {
  const { output, ...rest } = request
  if (output === undefined) return { how: 'none', request }
  if (card.structuredOutput === 'native') return { how: 'native', request }
  if (card.structuredOutput === 'tool') {
    const tool: ToolDefinition = {
      name: output.name,
      description: 'Gives the final answer. Call it once, when the answer is complete.',
      parameters: output.schema,
    }
    const others = request.toolChoice === 'none' ? [] : (request.tools ?? [])
    const toolChoice = others.length > 0 ? ('required' as const) : { name: output.name }
    return {
      how: 'tool',
      request: { ...rest, tools: [...others, tool], toolChoice },
      outputTool: output.name,
    }
  }
  const instructions = `Answer with one JSON value that satisfies this JSON Schema, and with nothing else:\n${JSON.stringify(output.schema)}`
  const system = rest.system ? `${rest.system}\n\n${instructions}` : instructions
  return { how: 'instructions', request: { ...rest, system } }
}

/** Shows the calls of a forced output tool as the text they stand for. */
export function foldOutputTool<Event>(codec: ModelCodec<Event>, outputTool: string | undefined): ModelCodec<Event> {
  if (outputTool === undefined) return codec
  const outputCalls = new Map<string, { streamed: boolean }>()
  let otherCalls = 0
  const fold = (part: ChatPart): ChatPart[] => {
    if (part.type === 'toolCallDelta') {
      if (part.name === outputTool && !outputCalls.has(part.callId)) outputCalls.set(part.callId, { streamed: false })
      const call = outputCalls.get(part.callId)
      if (!call) return [part]
      if (part.argumentsDelta === '') return []
      call.streamed = true
      return [{ type: 'textDelta', text: part.argumentsDelta }]
    }
    if (part.type === 'toolCall') {
      if (part.call.name !== outputTool) {
        otherCalls++
        return [part]
      }
      const streamed = outputCalls.get(part.call.callId)?.streamed ?? false
      return streamed ? [] : [{ type: 'textDelta', text: part.call.arguments }]
    }
    if (part.type === 'end' && part.reason === 'toolCalls' && otherCalls === 0) return [{ ...part, reason: 'stop' }]
    return [part]
  }
  return {
    push: (event) => codec.push(event).flatMap(fold),
    finish: () => codec.finish().flatMap(fold),
  }
}
