import type {
  ChatMessage,
  ChatModel,
  ChatPart,
  ChatRequest,
  ContentPart,
  JsonSchema,
  ToolResultPart,
  Usage,
} from '@parley/spec'

/** What a language model double may be given. */
export interface LanguageModelDoubleOptions {
  /** @default 'test' */
  provider?: string
  /** @default the last half of the model's id */
  modelId?: string
  /** Looks at each call's options before it is answered. */
  onCall?: (options: LanguageModelCall) => void
}

/** Options of a call, as far as the double reads them. */
export interface LanguageModelCall {
  prompt: readonly PromptMessage[]
  tools?: readonly { type: string; name: string; description?: string; inputSchema?: unknown }[] | undefined
  toolChoice?: { type: string; toolName?: string } | undefined
  responseFormat?: { type: string; name?: string; schema?: unknown } | undefined
  maxOutputTokens?: number | undefined
  temperature?: number | undefined
  topP?: number | undefined
  stopSequences?: string[] | undefined
  seed?: number | undefined
  reasoning?: string | undefined
  abortSignal?: AbortSignal | undefined
}

type PromptMessage = { role: string; content: string | readonly PromptPart[] }

interface PromptPart {
  type: string
  text?: string
  mediaType?: string
  filename?: string
  data?: { type: string; data?: Uint8Array | string; url?: URL; text?: string }
  toolCallId?: string
  toolName?: string
  input?: unknown
  output?: { type: string; value?: unknown }
}

/** A language model of specification `v4`, by shape. */
export interface LanguageModelDouble {
  readonly specificationVersion: 'v4'
  readonly provider: string
  readonly modelId: string
  readonly supportedUrls: Record<string, RegExp[]>
  doStream(options: LanguageModelCall): Promise<{ stream: ReadableStream<LanguageModelDoublePart> }>
  doGenerate(options: LanguageModelCall): Promise<never>
}

/** A part of the double's stream, by shape. */
export type LanguageModelDoublePart = { type: string; [field: string]: unknown }

/**
 * A language model as the AI SDK knows it, in process, that streams another model's answers: calls and texts are opened
 * and closed, usage and finish reason come in its own shapes, errors after the first part come as parts.
 */
export function languageModelDouble(
  model: ChatModel,
  { provider = 'test', modelId = model.id.split('/').at(-1) ?? model.id, onCall }: LanguageModelDoubleOptions = {},
): LanguageModelDouble {
  const doStream = async (options: LanguageModelCall): Promise<{ stream: ReadableStream<LanguageModelDoublePart> }> => {
    onCall?.(options)
    const leaving = new AbortController()
    const signal = options.abortSignal ? AbortSignal.any([options.abortSignal, leaving.signal]) : leaving.signal
    const parts = model.stream(toChatRequest(options), { signal })[Symbol.asyncIterator]()
    // What fails before the first part fails the call itself.
    let ahead: IteratorResult<ChatPart> | undefined = await parts.next()
    const encode = createEncoder(modelId)
    let isStarted = false
    return {
      stream: new ReadableStream<LanguageModelDoublePart>({
        async pull(controller) {
          if (!isStarted) {
            isStarted = true
            controller.enqueue({ type: 'stream-start', warnings: [] })
            controller.enqueue({ type: 'response-metadata', id: 'resp_double', modelId })
          }
          try {
            const step = ahead ?? (await parts.next())
            ahead = undefined
            if (step.done) return controller.close()
            for (const part of encode(step.value)) controller.enqueue(part)
          } catch (error) {
            if (signal.aborted) return controller.error(signal.reason)
            controller.enqueue({ type: 'error', error })
            controller.close()
          }
        },
        cancel(reason) {
          leaving.abort(reason)
        },
      }),
    }
  }
  return {
    specificationVersion: 'v4',
    provider,
    modelId,
    supportedUrls: {},
    doStream,
    doGenerate: () => Promise.reject(new Error('The double streams; nothing asks it to generate.')),
  }
}

/** Writes parts as a v4 stream does: texts and calls are opened, filled and closed. */
function createEncoder(modelId: string): (part: ChatPart) => LanguageModelDoublePart[] {
  let open: { kind: 'text' | 'reasoning'; id: string } | undefined
  const calls = new Set<string>()
  let count = 0
  const close = (): LanguageModelDoublePart[] => {
    if (!open) return []
    const part = { type: `${open.kind}-end`, id: open.id }
    open = undefined
    return [part]
  }
  const delta = (kind: 'text' | 'reasoning', text: string): LanguageModelDoublePart[] => {
    const parts: LanguageModelDoublePart[] = []
    if (open?.kind !== kind) {
      parts.push(...close())
      open = { kind, id: `${kind}-${count++}` }
      parts.push({ type: `${kind}-start`, id: open.id })
    }
    return [...parts, { type: `${kind}-delta`, id: open?.id, delta: text }]
  }
  return (part) => {
    switch (part.type) {
      case 'textDelta':
        return delta('text', part.text)
      case 'thinkingDelta':
        return delta('reasoning', part.text)
      case 'toolCallDelta': {
        const parts = close()
        if (!calls.has(part.callId)) {
          calls.add(part.callId)
          parts.push({ type: 'tool-input-start', id: part.callId, toolName: part.name ?? '' })
        }
        if (part.argumentsDelta) parts.push({ type: 'tool-input-delta', id: part.callId, delta: part.argumentsDelta })
        return parts
      }
      case 'toolCall': {
        const { callId, name, arguments: input } = part.call
        const ending = calls.has(callId) ? [{ type: 'tool-input-end', id: callId }] : []
        return [...close(), ...ending, { type: 'tool-call', toolCallId: callId, toolName: name, input }]
      }
      case 'usage':
        return []
      case 'end':
        return [
          ...close(),
          {
            type: 'finish',
            finishReason: { unified: unified(part.reason), raw: part.reason },
            usage: toWireUsage(part.usage),
            providerMetadata: { test: { model: modelId } },
          },
        ]
    }
  }
}

function unified(reason: string): string {
  if (reason === 'toolCalls') return 'tool-calls'
  return reason === 'contentFilter' ? 'content-filter' : reason
}

function toWireUsage(usage: Usage): object {
  const cached = usage.cachedInputTokens
  const thought = usage.reasoningTokens
  return {
    inputTokens: {
      total: usage.inputTokens,
      noCache: usage.inputTokens - (cached ?? 0),
      cacheRead: cached,
      cacheWrite: undefined,
    },
    outputTokens: { total: usage.outputTokens, text: usage.outputTokens - (thought ?? 0), reasoning: thought },
  }
}

function toChatRequest(options: LanguageModelCall): ChatRequest {
  const system: string[] = []
  const messages: ChatMessage[] = []
  for (const { role, content } of options.prompt) {
    if (typeof content === 'string') {
      if (role === 'system') system.push(content)
      else messages.push({ role: 'user', content })
    } else if (role === 'user') messages.push({ role: 'user', content: simplify(content.flatMap(toPart)) })
    else if (role === 'assistant') messages.push(toAssistant(content))
    else if (role === 'tool') messages.push({ role: 'tool', results: content.map(toResult) })
  }
  const { toolChoice, responseFormat, reasoning } = options
  return {
    ...(system.length > 0 ? { system: system.join('\n\n') } : {}),
    messages,
    ...(options.tools
      ? {
          tools: options.tools.map(({ name, description = '', inputSchema }) => ({
            name,
            description,
            // A schema is JSON.
            parameters: (inputSchema ?? {}) as JsonSchema,
          })),
        }
      : {}),
    ...(toolChoice ? { toolChoice: toChoice(toolChoice) } : {}),
    ...(responseFormat?.type === 'json' && responseFormat.schema
      ? { output: { name: responseFormat.name ?? 'output', schema: responseFormat.schema as JsonSchema } }
      : {}),
    ...(options.maxOutputTokens === undefined ? {} : { maxOutputTokens: options.maxOutputTokens }),
    ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
    ...(options.topP === undefined ? {} : { topP: options.topP }),
    ...(options.stopSequences ? { stop: options.stopSequences } : {}),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(reasoning === 'low' || reasoning === 'medium' || reasoning === 'high' ? { reasoning } : {}),
  }
}

function toChoice({
  type,
  toolName = '',
}: {
  type: string
  toolName?: string
}): NonNullable<ChatRequest['toolChoice']> {
  return type === 'auto' || type === 'none' || type === 'required' ? type : { name: toolName }
}

function toAssistant(content: readonly PromptPart[]): ChatMessage {
  const calls = content.flatMap(({ type, toolCallId = '', toolName = '', input }) =>
    type === 'tool-call'
      ? [{ callId: toolCallId, name: toolName, arguments: typeof input === 'string' ? input : JSON.stringify(input) }]
      : [],
  )
  const text = content.map((part) => (part.type === 'text' ? (part.text ?? '') : '')).join('')
  return { role: 'assistant', content: text, ...(calls.length > 0 ? { toolCalls: calls } : {}) }
}

function toResult({ toolCallId = '', toolName = '', output }: PromptPart): ToolResultPart {
  const value = output?.value
  const isError = output?.type.startsWith('error') === true
  const content =
    output?.type === 'content' && Array.isArray(value)
      ? simplify((value as PromptPart[]).flatMap(toPart))
      : typeof value === 'string'
        ? value
        : JSON.stringify(value)
  return { callId: toolCallId, name: toolName, content, ...(isError ? { isError } : {}) }
}

function toPart(part: PromptPart): ContentPart[] {
  if (part.type === 'text') return [{ type: 'text', text: part.text ?? '' }]
  if (part.type !== 'file') return []
  const mimeType = part.mediaType ?? ''
  const kind = mimeType.split('/')[0]
  const type = kind === 'image' || kind === 'audio' ? kind : 'file'
  const named = part.filename === undefined ? {} : { name: part.filename }
  const { data } = part
  if (data?.url) return [{ type, mimeType, url: data.url.href, ...named }]
  return data?.data instanceof Uint8Array ? [{ type, mimeType, data: data.data, ...named }] : []
}

function simplify(parts: ContentPart[]): string | ContentPart[] {
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  return texts.length === parts.length ? texts.join('') : parts
}
