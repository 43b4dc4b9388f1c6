import type { ChatPart, EndReason, ModelCodec, Usage } from '@parley/spec'
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { refused, type AnswerOptions } from './from-responses-events.ts'

interface OpenCall {
  callId: string
  name: string
  arguments: string
}

/** Turns the chunks of one Chat Completions stream into parts. */
export function createChatCodec({ modelId, callIds, warnings }: AnswerOptions): ModelCodec<ChatCompletionChunk> {
  const calls = new Map<number, OpenCall>()
  let lastIndex = -1
  let finishReason: string | undefined
  let usage: Usage | undefined
  let responseId: string | undefined
  let isRefused = false

  const pushCall = (fragment: ChatCompletionChunk.Choice.Delta.ToolCall): ChatPart[] => {
    const index = positionOf(fragment)
    const text = fragment.function?.arguments ?? ''
    let call = calls.get(index)
    const parts: ChatPart[] = []
    if (!call) {
      call = { callId: callIds.take(fragment.id), name: fragment.function?.name ?? '', arguments: '' }
      calls.set(index, call)
      parts.push({ type: 'toolCallDelta', callId: call.callId, name: call.name, argumentsDelta: '' })
    }
    if (text) {
      call.arguments += text
      parts.push({ type: 'toolCallDelta', callId: call.callId, argumentsDelta: text })
    }
    return parts
  }
  /** Some servers leave out the index, and begin the next call with a name. */
  const positionOf = (fragment: ChatCompletionChunk.Choice.Delta.ToolCall): number => {
    const given: number | undefined = fragment.index
    if (given === undefined && fragment.function?.name) lastIndex++
    else if (given !== undefined) lastIndex = given
    return lastIndex
  }
  const finish = (): ChatPart[] => {
    if (finishReason === undefined) return []
    if (isRefused) throw refused(modelId)
    const isCut = finishReason === 'length' || finishReason === 'content_filter'
    const inOrder = [...calls].sort(([one], [other]) => one - other).map(([, call]) => call)
    const parts: ChatPart[] = isCut ? [] : inOrder.map((call) => ({ type: 'toolCall', call: { ...call } }))
    const said = usage === undefined ? [...warnings, 'the server reported no usage'] : [...warnings]
    parts.push({
      type: 'end',
      reason: toReason(finishReason, calls.size > 0),
      usage: usage ?? { inputTokens: 0, outputTokens: 0 },
      ...(responseId ? { responseId } : {}),
      ...(said.length > 0 ? { warnings: said } : {}),
    })
    return parts
  }

  return {
    push(chunk) {
      responseId ??= chunk.id
      if (chunk.usage) usage = toUsage(chunk.usage)
      const choice = chunk.choices?.find(({ index }) => (index ?? 0) === 0)
      const parts: ChatPart[] = []
      if (choice) {
        const delta = choice.delta ?? {}
        const thinking = thinkingOf(delta)
        if (thinking) parts.push({ type: 'thinkingDelta', text: thinking })
        if (delta.content) parts.push({ type: 'textDelta', text: delta.content })
        if (delta.refusal) isRefused = true
        for (const fragment of delta.tool_calls ?? []) parts.push(...pushCall(fragment))
        finishReason = choice.finish_reason ?? finishReason
      }
      return parts
    },
    // The usage comes after the finish reason, in a chunk that some servers leave out.
    finish,
  }
}

/** Compatible servers stream reasoning under one of two names that the vendor's types do not have. */
function thinkingOf(delta: object): string | undefined {
  const fields = delta as { reasoning_content?: unknown; reasoning?: unknown }
  const thinking = fields.reasoning_content ?? fields.reasoning
  return typeof thinking === 'string' && thinking !== '' ? thinking : undefined
}

function toReason(reason: string, hasCalls: boolean): EndReason {
  switch (reason) {
    case 'tool_calls':
    case 'function_call':
      return hasCalls ? 'toolCalls' : 'stop'
    case 'stop':
      return hasCalls ? 'toolCalls' : 'stop'
    case 'length':
      return 'length'
    case 'content_filter':
      return 'contentFilter'
    default:
      return 'other'
  }
}

function toUsage(usage: NonNullable<ChatCompletionChunk['usage']>): Usage {
  const cached = usage.prompt_tokens_details?.cached_tokens
  const heard = usage.prompt_tokens_details?.audio_tokens
  const thought = usage.completion_tokens_details?.reasoning_tokens
  const spoken = usage.completion_tokens_details?.audio_tokens
  return {
    inputTokens: usage.prompt_tokens ?? 0,
    outputTokens: usage.completion_tokens ?? 0,
    ...(cached ? { cachedInputTokens: cached } : {}),
    ...(thought ? { reasoningTokens: thought } : {}),
    ...(heard ? { audioInputTokens: heard } : {}),
    ...(spoken ? { audioOutputTokens: spoken } : {}),
  }
}
