import { FinishReason, type GenerateContentResponse, type Part } from '@google/genai/web'
import type { CallIds, ChatPart, EndReason, ModelCodec, ToolCallPart, Usage } from '@parley/spec'
import { modelFailure } from '@parley/spec'
import { packSignatures, type AnswerSignatures } from './signatures.ts'

/** What the codec of one answer is told. */
export interface AnswerOptions {
  /** The model's id, for error texts. */
  modelId: string
  callIds: CallIds
}

/** Turns the chunks of one `streamGenerateContent` into parts. Calls come whole, the usage grows with each chunk. */
export function createGeminiCodec({ modelId, callIds }: AnswerOptions): ModelCodec<GenerateContentResponse> {
  const signatures: AnswerSignatures = { calls: [] }
  let finishReason: FinishReason | undefined
  let usage: Usage | undefined
  let responseId: string | undefined

  const take = (part: Part): ChatPart[] => {
    const { text = '', thought = false, functionCall, thoughtSignature } = part
    if (functionCall !== undefined) {
      const call: ToolCallPart = {
        callId: callIds.take(functionCall.id),
        name: functionCall.name ?? '',
        arguments: JSON.stringify(functionCall.args ?? {}),
      }
      signatures.calls.push(thoughtSignature)
      return [{ type: 'toolCall', call }]
    }
    if (thoughtSignature !== undefined && !thought) signatures.text = thoughtSignature
    if (text === '') return []
    return [{ type: thought ? 'thinkingDelta' : 'textDelta', text }]
  }

  return {
    push(chunk) {
      const { candidates = [], promptFeedback, usageMetadata } = chunk
      responseId ??= chunk.responseId
      if (usageMetadata !== undefined) usage = toUsage(usageMetadata)
      // The prompt itself was refused: no answer follows.
      if (promptFeedback?.blockReason !== undefined)
        throw modelFailure({ modelId, code: 'model_refused', cause: undefined })
      const [candidate] = candidates
      finishReason = candidate?.finishReason ?? finishReason
      return (candidate?.content?.parts ?? []).flatMap(take)
    },
    // The vendor may tell the usage after the reason.
    finish() {
      if (finishReason === undefined) return []
      if (unreadable.has(finishReason)) throw modelFailure({ modelId, code: 'model_stream_broken', cause: undefined })
      const opaque = packSignatures(signatures)
      return [
        {
          type: 'end',
          reason: toReason(finishReason, signatures.calls.length > 0),
          usage: usage ?? { inputTokens: 0, outputTokens: 0 },
          ...(responseId === undefined ? {} : { responseId }),
          ...(usage === undefined ? { warnings: ['the server reported no usage'] } : {}),
          ...(opaque === undefined ? {} : { reasoning: opaque }),
        },
      ]
    },
  }
}

/** What the model wrote was no call and no answer. */
const unreadable: ReadonlySet<FinishReason> = new Set([
  FinishReason.MALFORMED_FUNCTION_CALL,
  FinishReason.MALFORMED_RESPONSE,
  FinishReason.UNEXPECTED_TOOL_CALL,
])

function toReason(reason: FinishReason, hasCalls: boolean): EndReason {
  switch (reason) {
    case FinishReason.STOP:
      return hasCalls ? 'toolCalls' : 'stop'
    // The vendor would go on with another request, which is not made here.
    case FinishReason.CONTINUATION:
    case FinishReason.MAX_TOKENS:
      return 'length'
    case FinishReason.SAFETY:
    case FinishReason.RECITATION:
    case FinishReason.BLOCKLIST:
    case FinishReason.PROHIBITED_CONTENT:
    case FinishReason.SPII:
    case FinishReason.IMAGE_SAFETY:
    case FinishReason.IMAGE_PROHIBITED_CONTENT:
    case FinishReason.IMAGE_RECITATION:
      return 'contentFilter'
    default:
      return 'other'
  }
}

/** Thinking is counted apart from the answer by the vendor, and together with it by the port. */
function toUsage(given: NonNullable<GenerateContentResponse['usageMetadata']>): Usage {
  const thought = given.thoughtsTokenCount ?? 0
  const cached = given.cachedContentTokenCount ?? 0
  const heard = given.promptTokensDetails?.find(({ modality }) => modality === 'AUDIO')?.tokenCount ?? 0
  return {
    inputTokens: (given.promptTokenCount ?? 0) + (given.toolUsePromptTokenCount ?? 0),
    outputTokens: (given.candidatesTokenCount ?? 0) + thought,
    ...(cached > 0 ? { cachedInputTokens: cached } : {}),
    ...(thought > 0 ? { reasoningTokens: thought } : {}),
    ...(heard > 0 ? { audioInputTokens: heard } : {}),
  }
}
