import type { LanguageModelV4StreamPart, LanguageModelV4Usage, SharedV4Warning } from '@ai-sdk/provider'
import type { CallIds, ChatPart, EndReason, Json, ModelCodec, Usage } from '@parley/spec'
import { toModelError } from './to-model-error.ts'

interface OpenCall {
  callId: string
  name: string
  arguments: string
  isDone: boolean
}

/** Turns the stream parts of a language model into parts of the port. */
export function createStreamCodec({
  modelId,
  callIds,
}: {
  modelId: string
  callIds: CallIds
}): ModelCodec<LanguageModelV4StreamPart> {
  // The last call under a vendor's id: a repeated id opens a new one.
  const calls = new Map<string, OpenCall>()
  const warnings: string[] = []
  const reasoning = new Map<string, { text: string; providerOptions?: Json }>()
  let responseId: string | undefined
  let hasCalls = false

  const openCall = (vendorId: string, name: string): { call: OpenCall; opening: ChatPart[] } => {
    const call: OpenCall = { callId: callIds.take(vendorId), name, arguments: '', isDone: false }
    calls.set(vendorId, call)
    return { call, opening: [{ type: 'toolCallDelta', callId: call.callId, name, argumentsDelta: '' }] }
  }
  const grow = (call: OpenCall, delta: string): ChatPart[] => {
    if (!delta) return []
    call.arguments += delta
    return [{ type: 'toolCallDelta', callId: call.callId, argumentsDelta: delta }]
  }
  const closeCall = (vendorId: string, name: string, input: string): ChatPart[] => {
    const known = calls.get(vendorId)
    const { call, opening } = known && !known.isDone ? { call: known, opening: [] } : openCall(vendorId, name)
    call.isDone = true
    hasCalls = true
    const missing = input.startsWith(call.arguments) ? grow(call, input.slice(call.arguments.length)) : []
    return [...opening, ...missing, { type: 'toolCall', call: { callId: call.callId, name, arguments: input } }]
  }

  return {
    push(part) {
      switch (part.type) {
        case 'stream-start':
          warnings.push(...part.warnings.map(toWarning))
          return []
        case 'response-metadata':
          responseId = part.id ?? responseId
          return []
        case 'text-delta':
          return part.delta ? [{ type: 'textDelta', text: part.delta }] : []
        case 'reasoning-start':
        case 'reasoning-delta':
        case 'reasoning-end': {
          const entry = reasoning.get(part.id) ?? { text: '' }
          reasoning.set(part.id, entry)
          // Metadata is JSON; providers put signatures there.
          if (part.providerMetadata) entry.providerOptions = part.providerMetadata as Json
          if (part.type !== 'reasoning-delta' || !part.delta) return []
          entry.text += part.delta
          return [{ type: 'thinkingDelta', text: part.delta }]
        }
        case 'tool-input-start':
          // Calls that the provider runs itself are not ours to answer.
          return part.providerExecuted ? [] : openCall(part.id, part.toolName).opening
        case 'tool-input-delta': {
          const call = calls.get(part.id)
          return call && !call.isDone ? grow(call, part.delta) : []
        }
        case 'tool-call':
          return part.providerExecuted ? [] : closeCall(part.toolCallId, part.toolName, part.input)
        case 'error':
          throw toModelError(part.error, 'read', modelId)
        case 'finish': {
          const { unified } = part.finishReason
          if (unified === 'error') throw toModelError(undefined, 'read', modelId)
          const opaque = packReasoning([...reasoning.values()])
          return [
            {
              type: 'end',
              reason: toReason(unified, hasCalls),
              usage: toUsage(part.usage),
              ...(responseId === undefined ? {} : { responseId }),
              ...(warnings.length > 0 ? { warnings } : {}),
              ...(opaque === undefined ? {} : { reasoning: opaque }),
            },
          ]
        }
        default:
          // Sources, files and what the provider did itself have no part in the port.
          return []
      }
    },
    finish: () => [],
  }
}

/** Reasoning is worth giving back only where the provider signed it. */
function packReasoning(parts: readonly { text: string; providerOptions?: Json }[]): Json | undefined {
  if (!parts.some(({ providerOptions }) => providerOptions !== undefined)) return undefined
  return { vendor: 'ai-sdk', parts: parts.map((part) => ({ ...part })) }
}

function toReason(unified: string, hasCalls: boolean): EndReason {
  switch (unified) {
    case 'stop':
    case 'tool-calls':
      return hasCalls ? 'toolCalls' : 'stop'
    case 'length':
      return 'length'
    case 'content-filter':
      return 'contentFilter'
    default:
      return 'other'
  }
}

function toUsage({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage {
  return {
    inputTokens: inputTokens.total ?? 0,
    outputTokens: outputTokens.total ?? 0,
    ...(inputTokens.cacheRead ? { cachedInputTokens: inputTokens.cacheRead } : {}),
    ...(outputTokens.reasoning ? { reasoningTokens: outputTokens.reasoning } : {}),
  }
}

function toWarning(warning: SharedV4Warning): string {
  if (warning.type === 'unsupported' || warning.type === 'compatibility')
    return `${warning.feature} is not offered by the provider`
  return 'the provider gave a warning'
}
