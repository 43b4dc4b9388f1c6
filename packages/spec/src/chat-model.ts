import type { Price } from './budget-port.ts'
import type { Json, JsonSchema } from './json.ts'
import type { Tier } from './workflow/capabilities.ts'

/** What a model is and can do: routing, prices and adapters read it. */
export interface ModelCard {
  /** `provider/model`. */
  id: string
  provider: string
  /** Tokens the model can read and write together. */
  contextTokens: number
  maxOutputTokens: number
  /** What the model takes and gives besides text. */
  input: ('text' | 'image' | 'audio' | 'file')[]
  tools: boolean
  /** How structured output is had: natively, by a forced tool, or by instructions alone. */
  structuredOutput: 'native' | 'tool' | 'instructions'
  reasoning: boolean
  /** Keeps the conversation on its server: a request that was sent cannot be taken back. @default false */
  stateful?: boolean
  tier?: 'local' | 'small' | 'standard' | 'large'
  /** Tiers that a router may take the model for. @default by `tier`; without it, all */
  tiers?: Tier[]
  /** What routing may ask for, such as `tools`, `jsonSchema` or one's own. Given: exactly these. @default by the other fields */
  flags?: string[]
  price?: Price
  /** Scores by category, 0 to 1. */
  quality?: Record<string, number>
  latencyMs?: {
    /** Half of the answers begin within it. */
    firstTokenP50?: number
  }
  /** Where requests are worked on, such as `eu`. */
  regions?: string[]
  /** How long the provider keeps requests; 0 keeps nothing. */
  retentionDays?: number
  /** Whether the provider trains on requests. */
  training?: boolean
}

/** A part of a message. Addresses are `http(s):` or `data:`; bytes are sent inline. */
export type ContentPart =
  | { type: 'text'; text: string }
  | { type: 'image' | 'audio' | 'file'; mimeType: string; url?: string; data?: Uint8Array; name?: string }

/** A call as the model wrote it: the arguments are JSON text, unparsed. */
export interface ToolCallPart {
  callId: string
  name: string
  arguments: string
}

/** One tool's answer to one call. */
export interface ToolResultPart {
  callId: string
  name: string
  content: string | ContentPart[]
  isError?: boolean
}

/** What a model reads of the conversation. */
export type ChatMessage =
  | { role: 'user'; content: string | ContentPart[]; name?: string }
  | {
      role: 'assistant'
      content: string
      toolCalls?: ToolCallPart[]
      /** Opaque; returned to the same vendor only. */
      reasoning?: Json
    }
  | { role: 'tool'; results: ToolResultPart[] }

/** A tool as a model is told of it. */
export interface ToolDefinition {
  name: string
  description: string
  parameters: JsonSchema
}

/** One request to a model. */
export interface ChatRequest {
  system?: string
  messages: ChatMessage[]
  tools?: ToolDefinition[]
  toolChoice?: 'auto' | 'none' | 'required' | { name: string }
  /** Structured output. */
  output?: { name: string; schema: JsonSchema; strict?: boolean }
  temperature?: number
  topP?: number
  maxOutputTokens?: number
  stop?: string[]
  seed?: number
  reasoning?: 'off' | 'low' | 'medium' | 'high'
  cacheKey?: string
  vendor?: Record<string, Json>
}

/** What a request used. */
export interface Usage {
  inputTokens: number
  outputTokens: number
  cachedInputTokens?: number
  reasoningTokens?: number
  audioInputTokens?: number
  audioOutputTokens?: number
}

export type EndReason = 'stop' | 'toolCalls' | 'length' | 'contentFilter' | 'other'

/** A piece of a model's answer. Exactly one `end`, last; none after an abort or an error. */
export type ChatPart =
  | { type: 'textDelta'; text: string }
  | { type: 'thinkingDelta'; text: string }
  | { type: 'toolCallDelta'; callId: string; name?: string; argumentsDelta: string }
  | { type: 'toolCall'; call: ToolCallPart }
  /** Cumulative; the last one counts. */
  | { type: 'usage'; usage: Usage }
  /** `reasoning` is opaque; put it on the assistant message, it is returned to the same vendor only. */
  | { type: 'end'; reason: EndReason; usage: Usage; responseId?: string; warnings?: string[]; reasoning?: Json }

/** What a call of a model is for, and how it is stopped. */
export interface CallOptions {
  signal: AbortSignal
  purpose?: 'turn' | 'step' | 'judge' | 'summary' | 'speculation' | 'opening'
  metadata?: Record<string, string>
}

/** A language model. Implementations stream; `generate` drains the stream. */
export interface ChatModel {
  /** `provider/model`, shown in receipts. */
  readonly id: string
  readonly card: ModelCard
  stream(request: ChatRequest, options: CallOptions): AsyncIterable<ChatPart>
}

/** A whole answer. */
export interface ChatResult {
  text: string
  toolCalls: ToolCallPart[]
  reason: EndReason
  usage: Usage
  thinking?: string
  responseId?: string
  /** Opaque; put it on the assistant message of the next request. */
  reasoning?: Json
}
