import type { CallIds, ChatPart, EndReason, Json, ModelCodec, Usage } from '@parley/spec'
import { ParleyError } from '@parley/spec'
import type {
  Response,
  ResponseFunctionToolCall,
  ResponseStreamEvent,
  ResponseUsage,
} from 'openai/resources/responses/responses'
import { packReasoning, type ReasoningItem } from './reasoning-items.ts'
import { vendorFailure } from './vendor-failure.ts'

/** What the codec of one answer is told. */
export interface AnswerOptions {
  /** The model's id, for error texts. */
  modelId: string
  callIds: CallIds
  /** Said on the `end` part. */
  warnings: readonly string[]
}

interface OpenCall {
  callId: string
  name: string
  /** What has come so far. */
  arguments: string
  isDone: boolean
}

/** Turns the events of one Responses stream into parts. */
export function createResponsesCodec({ modelId, callIds, warnings }: AnswerOptions): ModelCodec<ResponseStreamEvent> {
  // By position in the output: item ids may be missing or repeated at compatible servers.
  const calls = new Map<number, OpenCall>()
  const reasoning: ReasoningItem[] = []
  let isRefused = false

  const openCall = (index: number, item: ResponseFunctionToolCall): ChatPart[] => {
    if (calls.has(index)) return []
    const call: OpenCall = { callId: callIds.take(item.call_id), name: item.name, arguments: '', isDone: false }
    calls.set(index, call)
    const opening: ChatPart = { type: 'toolCallDelta', callId: call.callId, name: call.name, argumentsDelta: '' }
    return [opening, ...(item.arguments ? grow(call, item.arguments) : [])]
  }
  const closeCall = (index: number, item: ResponseFunctionToolCall): ChatPart[] => {
    const opening = openCall(index, item)
    const call = calls.get(index)
    // A call that was cut at the length limit is never given as complete.
    if (!call || call.isDone || item.status === 'incomplete') return opening
    call.isDone = true
    const { callId, name } = call
    const text = item.arguments || call.arguments
    // Some servers send no deltas: what they left out comes at once.
    const missing = text.startsWith(call.arguments) ? grow(call, text.slice(call.arguments.length)) : []
    return [...opening, ...missing, { type: 'toolCall', call: { callId, name, arguments: text } }]
  }
  /** Completes what the terminal event lists and no event of its own brought. */
  const closeAll = (response: Response): ChatPart[] =>
    (response.output ?? []).flatMap((item, index) => (item.type === 'function_call' ? closeCall(index, item) : []))
  const end = (response: Response, reason: EndReason): ChatPart[] => {
    if (isRefused) throw refused(modelId)
    const parts = closeAll(response)
    const opaque = packReasoning(reasoning)
    parts.push({
      type: 'end',
      reason: reason === 'stop' && calls.size > 0 ? 'toolCalls' : reason,
      usage: toUsage(response.usage),
      ...(response.id ? { responseId: response.id } : {}),
      ...(warnings.length > 0 ? { warnings: [...warnings] } : {}),
      ...(opaque === undefined ? {} : { reasoning: opaque }),
    })
    return parts
  }

  return {
    push(event) {
      switch (event.type) {
        case 'response.output_text.delta':
          return event.delta ? [{ type: 'textDelta', text: event.delta }] : []
        case 'response.reasoning_summary_text.delta':
        case 'response.reasoning_text.delta':
          return event.delta ? [{ type: 'thinkingDelta', text: event.delta }] : []
        case 'response.refusal.delta':
        case 'response.refusal.done':
          isRefused = true
          return []
        case 'response.output_item.added':
          return event.item.type === 'function_call' ? openCall(event.output_index, event.item) : []
        case 'response.function_call_arguments.delta': {
          const call = calls.get(event.output_index)
          return call ? grow(call, event.delta) : []
        }
        case 'response.output_item.done':
          if (event.item.type === 'function_call') return closeCall(event.output_index, event.item)
          if (event.item.type === 'reasoning') {
            // The item came as JSON over the wire.
            reasoning.push({ before: calls.size, item: event.item as unknown as { [key: string]: Json } })
          }
          return []
        case 'response.completed':
          return end(event.response, 'stop')
        case 'response.incomplete':
          return end(event.response, toReason(event.response.incomplete_details?.reason))
        case 'response.failed':
          throw vendorFailure({ modelId, code: event.response.error?.code, cause: event.response.error })
        case 'error':
          throw vendorFailure({ modelId, code: event.code, cause: event })
        default:
          // Events of parts that were not asked for, and new ones.
          return []
      }
    },
    finish: () => [],
  }
}

function grow(call: OpenCall, delta: string): ChatPart[] {
  if (!delta) return []
  call.arguments += delta
  return [{ type: 'toolCallDelta', callId: call.callId, argumentsDelta: delta }]
}

function toReason(reason: string | undefined): EndReason {
  if (reason === 'max_output_tokens') return 'length'
  if (reason === 'content_filter') return 'contentFilter'
  return 'other'
}

function toUsage(usage: ResponseUsage | undefined): Usage {
  const cached = usage?.input_tokens_details?.cached_tokens
  const thought = usage?.output_tokens_details?.reasoning_tokens
  return {
    inputTokens: usage?.input_tokens ?? 0,
    outputTokens: usage?.output_tokens ?? 0,
    ...(cached ? { cachedInputTokens: cached } : {}),
    ...(thought ? { reasoningTokens: thought } : {}),
  }
}

/** The error for an answer that is a refusal; its words stay out. */
export function refused(modelId: string): ParleyError {
  return new ParleyError({
    code: 'model_refused',
    message: `The model "${modelId}" refused to answer. Change the request.`,
    details: { model: modelId },
  })
}
