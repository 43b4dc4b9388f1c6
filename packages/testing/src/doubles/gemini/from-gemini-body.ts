import type { ChatMessage, ChatRequest, ContentPart, JsonSchema, ToolCallPart, ToolResultPart } from '@parley/spec'
import { fromBase64, simplify } from '../http/from-vendor-content.ts'
import type { GeminiBody, GeminiContent } from './generate-body.ts'

type Part = GeminiContent['parts'][number]

/** Reads a body of Gemini back as a request of the port. */
export function fromGeminiBody(body: GeminiBody): ChatRequest {
  const { systemInstruction, tools = [], toolConfig, generationConfig = {} } = body
  const declarations = tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations)
  const calling = toolConfig?.functionCallingConfig
  const schema = generationConfig.responseJsonSchema ?? generationConfig.responseSchema
  const reasoning = reasoningOf(generationConfig.thinkingConfig)
  const { temperature, topP, maxOutputTokens, stopSequences, seed } = generationConfig
  return {
    ...(systemInstruction ? { system: systemInstruction.parts.map(({ text }) => text).join('\n\n') } : {}),
    messages: body.contents.flatMap(toMessages),
    ...(declarations.length > 0
      ? {
          tools: declarations.map(({ name, description = '', parametersJsonSchema, parameters }) => ({
            name,
            description,
            // What the wire carries is JSON.
            parameters: (parametersJsonSchema ?? parameters ?? {}) as JsonSchema,
          })),
        }
      : {}),
    ...(calling === undefined ? {} : { toolChoice: toToolChoice(calling) }),
    // The wire has no name for a schema.
    ...(schema === undefined ? {} : { output: { name: 'output', schema: schema as JsonSchema } }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(stopSequences === undefined ? {} : { stop: stopSequences }),
    ...(seed === undefined ? {} : { seed }),
    ...(reasoning === undefined ? {} : { reasoning }),
  }
}

type Calling = NonNullable<NonNullable<GeminiBody['toolConfig']>['functionCallingConfig']>
type Thinking = NonNullable<GeminiBody['generationConfig']>['thinkingConfig']

function toToolChoice({ mode, allowedFunctionNames = [] }: Calling): NonNullable<ChatRequest['toolChoice']> {
  const [only] = allowedFunctionNames
  if (mode === 'NONE') return 'none'
  if (mode !== 'ANY') return 'auto'
  return only !== undefined && allowedFunctionNames.length === 1 ? { name: only } : 'required'
}

function reasoningOf(thinking: Thinking): ChatRequest['reasoning'] {
  const { thinkingBudget: budget, thinkingLevel: level } = thinking ?? {}
  if (level !== undefined)
    return level === 'MINIMAL' ? 'off' : level === 'LOW' ? 'low' : level === 'MEDIUM' ? 'medium' : 'high'
  if (budget === undefined || budget < 0) return undefined
  if (budget < 1024) return 'off'
  return budget < 8192 ? 'low' : budget < 24_576 ? 'medium' : 'high'
}

function toMessages({ role, parts }: GeminiContent): ChatMessage[] {
  if (role === 'model') {
    const toolCalls = parts.flatMap(({ functionCall }): ToolCallPart[] =>
      functionCall === undefined
        ? []
        : [
            {
              callId: functionCall.id ?? '',
              name: functionCall.name,
              arguments: JSON.stringify(functionCall.args ?? {}),
            },
          ],
    )
    const content = parts.map(({ text = '', thought }) => (thought === true ? '' : text)).join('')
    return [{ role: 'assistant', content, ...(toolCalls.length > 0 ? { toolCalls } : {}) }]
  }
  const results = parts.flatMap(({ functionResponse }) =>
    functionResponse === undefined ? [] : [toResult(functionResponse)],
  )
  const said = parts.filter(({ functionResponse }) => functionResponse === undefined)
  return [
    ...(results.length > 0 ? [{ role: 'tool' as const, results }] : []),
    ...(said.length > 0 ? [{ role: 'user' as const, content: simplify(said.map(toPart)) }] : []),
  ]
}

/** `output` and `error` are the names that the vendor gives to what came of a call; anything else is the result itself. */
function toResult({ id = '', name, response, parts = [] }: NonNullable<Part['functionResponse']>): ToolResultPart {
  const isError = 'error' in response
  const said = response['error'] ?? response['output'] ?? response
  const text = typeof said === 'string' ? said : JSON.stringify(said)
  const content: string | ContentPart[] =
    parts.length === 0 ? text : [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...parts.map(toPart)]
  return { callId: id, name, content, ...(isError ? { isError } : {}) }
}

function toPart({ text = '', inlineData, fileData }: Pick<Part, 'text' | 'inlineData' | 'fileData'>): ContentPart {
  if (inlineData !== undefined) {
    const { mimeType, data } = inlineData
    return { type: kindOf(mimeType), mimeType, data: fromBase64(data) }
  }
  if (fileData === undefined) return { type: 'text', text }
  const { mimeType = 'application/octet-stream', fileUri } = fileData
  return { type: kindOf(mimeType), mimeType, url: fileUri }
}

function kindOf(mimeType: string): 'image' | 'audio' | 'file' {
  const kind = mimeType.split('/')[0]
  return kind === 'image' || kind === 'audio' ? kind : 'file'
}
