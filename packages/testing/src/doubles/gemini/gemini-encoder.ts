import type { EndReason, IdSource, Json, Usage } from '@parley/spec'
import type { AnswerPart, Frame, WireEncoder } from '../http/wire-encoder.ts'
import type { GeminiBody } from './generate-body.ts'
import { isSigning } from './model-generation.ts'
import { refusalByCode } from './refusal.ts'

/** What the encoder of one answer is made of. */
export interface GeminiEncoderOptions {
  model: string
  body: GeminiBody
  ids: IdSource
  omitsUsage: boolean
  omitsFinish: boolean
  callIdOf: (callId: string) => string | undefined
  /** Told of each signature that is given out. */
  onSignature: (signature: string) => void
}

type WirePart = { [key: string]: Json }

/** Writes an answer as the chunks of `streamGenerateContent`: text in pieces, each call whole. */
export function createGeminiEncoder(options: GeminiEncoderOptions): WireEncoder {
  const { model, body, ids, callIdOf, onSignature } = options
  const responseId = ids.next('resp')
  const showsThoughts = body.generationConfig?.thinkingConfig?.includeThoughts === true
  const all: WirePart[] = []
  let hasCalls = false
  let result: WirePart | undefined

  const whole = (fields: WirePart): WirePart => ({ ...fields, modelVersion: model, responseId })
  const chunk = (fields: WirePart): Frame => ({ data: JSON.stringify(whole(fields)) })
  const candidate = (parts: WirePart[], reason: WirePart = {}): WirePart => ({
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...reason }],
  })
  const say = (part: WirePart): Frame => {
    all.push(part)
    return chunk(candidate([part]))
  }
  const sign = (): WirePart => {
    if (!isSigning(model)) return {}
    const thoughtSignature = ids.token(24)
    onSignature(thoughtSignature)
    return { thoughtSignature }
  }

  return {
    start: () => [],
    push(part: AnswerPart) {
      switch (part.type) {
        case 'textDelta':
          return [say({ text: part.text })]
        case 'thinkingDelta':
          return showsThoughts ? [say({ text: part.text, thought: true })] : []
        case 'refusalDelta':
          return [chunk({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } })]
        // The vendor gives calls whole.
        case 'toolCallDelta':
        case 'usage':
          return []
        case 'toolCall': {
          const id = callIdOf(part.call.callId)
          const functionCall = {
            ...(id === undefined ? {} : { id }),
            name: part.call.name,
            args: parseArguments(part.call.arguments),
          }
          // Of calls that come together only the first is signed.
          const signature = hasCalls ? {} : sign()
          hasCalls = true
          return [say({ functionCall, ...signature })]
        }
        case 'end': {
          const usage = options.omitsUsage ? {} : { usageMetadata: toWireUsage(part.usage) }
          const reason = options.omitsFinish ? {} : { finishReason: finishReasonOf(part.reason) }
          // A signature of words comes at their end, in a part without text.
          const closing: WirePart = { text: '', ...(hasCalls ? {} : sign()) }
          result = whole({ ...candidate([...all, closing], reason), ...usage })
          return [chunk({ ...candidate([closing], reason), ...usage })]
        }
      }
    },
    fail({ message, code }) {
      return [{ data: JSON.stringify({ error: refusalByCode(500, code ?? undefined, { message }) }) }]
    },
    get result() {
      return result
    },
  }
}

function parseArguments(text: string): Json {
  try {
    // What a JSON parser gives is JSON.
    return JSON.parse(text) as Json
  } catch {
    // The vendor's model cannot write what is no JSON: such a call has no arguments on this wire.
    return {}
  }
}

function finishReasonOf(reason: EndReason): string {
  switch (reason) {
    case 'length':
      return 'MAX_TOKENS'
    case 'contentFilter':
      return 'SAFETY'
    case 'other':
      return 'OTHER'
    default:
      return 'STOP'
  }
}

function toWireUsage(usage: Usage): WirePart {
  const thoughts = usage.reasoningTokens ?? 0
  return {
    promptTokenCount: usage.inputTokens,
    candidatesTokenCount: usage.outputTokens - thoughts,
    totalTokenCount: usage.inputTokens + usage.outputTokens,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: usage.inputTokens - (usage.audioInputTokens ?? 0) },
      ...(usage.audioInputTokens ? [{ modality: 'AUDIO', tokenCount: usage.audioInputTokens }] : []),
    ],
    ...(usage.cachedInputTokens ? { cachedContentTokenCount: usage.cachedInputTokens } : {}),
    ...(thoughts > 0 ? { thoughtsTokenCount: thoughts } : {}),
  }
}
