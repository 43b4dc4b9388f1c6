import { z } from 'zod'
import { isSigning, modelGeneration } from './model-generation.ts'
import { invalidArgument, type GeminiRefusal } from './refusal.ts'

const value = z.record(z.string(), z.unknown())
const blob = z.strictObject({ mimeType: z.string().min(1), data: z.base64(), displayName: z.string().optional() })
const fileData = z.strictObject({
  mimeType: z.string().optional(),
  fileUri: z.string().min(1),
  displayName: z.string().optional(),
})
const part = z.strictObject({
  text: z.string().optional(),
  inlineData: blob.optional(),
  fileData: fileData.optional(),
  functionCall: z
    .strictObject({ id: z.string().optional(), name: z.string().min(1), args: value.optional() })
    .optional(),
  functionResponse: z
    .strictObject({
      id: z.string().optional(),
      name: z.string().min(1),
      response: value,
      parts: z.array(z.strictObject({ inlineData: blob.optional(), fileData: fileData.optional() })).optional(),
    })
    .optional(),
  thought: z.boolean().optional(),
  thoughtSignature: z.string().optional(),
})
const content = z.strictObject({ role: z.enum(['user', 'model']).optional(), parts: z.array(part).min(1) })
const declaration = z.strictObject({
  name: z.string().regex(/^[A-Za-z_][\w.:-]{0,127}$/),
  description: z.string().optional(),
  parameters: value.optional(),
  parametersJsonSchema: value.optional(),
})
const body = z.strictObject({
  contents: z.array(content).min(1),
  systemInstruction: z
    .strictObject({ role: z.string().optional(), parts: z.array(z.strictObject({ text: z.string() })).min(1) })
    .optional(),
  tools: z.array(z.strictObject({ functionDeclarations: z.array(declaration).optional() })).optional(),
  toolConfig: z
    .strictObject({
      functionCallingConfig: z
        .strictObject({
          mode: z.enum(['AUTO', 'ANY', 'NONE', 'VALIDATED']).optional(),
          allowedFunctionNames: z.array(z.string()).optional(),
        })
        .optional(),
    })
    .optional(),
  generationConfig: z
    .strictObject({
      temperature: z.number().min(0).max(2).optional(),
      topP: z.number().min(0).max(1).optional(),
      topK: z.number().min(1).optional(),
      maxOutputTokens: z.int().min(1).optional(),
      stopSequences: z.array(z.string()).max(5).optional(),
      seed: z.int().optional(),
      candidateCount: z.literal(1).optional(),
      presencePenalty: z.number().optional(),
      frequencyPenalty: z.number().optional(),
      responseMimeType: z.enum(['text/plain', 'application/json']).optional(),
      responseSchema: value.optional(),
      responseJsonSchema: value.optional(),
      thinkingConfig: z
        .strictObject({
          includeThoughts: z.boolean().optional(),
          thinkingBudget: z.int().min(-1).optional(),
          thinkingLevel: z.enum(['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']).optional(),
        })
        .optional(),
    })
    .optional(),
  safetySettings: z.array(z.strictObject({ category: z.string(), threshold: z.string() })).optional(),
  cachedContent: z.string().optional(),
})

/** The body of `generateContent` and `streamGenerateContent`, as far as the double knows it. */
export type GeminiBody = z.output<typeof body>
/** One turn of the conversation. */
export type GeminiContent = GeminiBody['contents'][number]

/** A body that was accepted, or the refusal that the vendor would give. */
export type CheckedGeminiBody = { ok: true; body: GeminiBody } | { ok: false; refusal: GeminiRefusal }

const dataFields = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse'] as const
/** What the vendor takes in place of a signature for a call that it has not made. */
const skipSignature = 'skip_thought_signature_validator'

/** Checks a body as the vendor does: shape with unknown keys refused, turns, calls against responses, signatures. */
export function checkGeminiBody(given: unknown, model: string, signatures: ReadonlySet<string>): CheckedGeminiBody {
  const parsed = body.safeParse(given)
  if (!parsed.success) return { ok: false, refusal: toShapeRefusal(parsed.error) }
  const { contents } = parsed.data
  const refusal =
    checkParts(contents) ??
    checkTools(parsed.data, model) ??
    checkThinking(parsed.data, model) ??
    checkTurns(contents) ??
    checkSignatures(contents, model, signatures)
  return refusal === undefined ? { ok: true, body: parsed.data } : { ok: false, refusal }
}

function toShapeRefusal(error: z.ZodError): GeminiRefusal {
  const issue = error.issues[0]
  const path = (issue?.path ?? []).map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  if (issue?.code === 'unrecognized_keys') {
    return invalidArgument(
      `Invalid JSON payload received. Unknown name "${issue.keys[0]}" at '${path.slice(1)}': Cannot find field.`,
    )
  }
  return invalidArgument(`Invalid value at '${path.slice(1)}' (${issue?.message ?? 'invalid'})`)
}

function checkParts(contents: readonly GeminiContent[]): GeminiRefusal | undefined {
  for (const [index, { parts }] of contents.entries()) {
    for (const [position, one] of parts.entries()) {
      if (dataFields.filter((field) => one[field] !== undefined).length !== 1) {
        return invalidArgument(
          `* GenerateContentRequest.contents[${index}].parts[${position}].data: required oneof field 'data' must have one initialized field`,
        )
      }
    }
  }
  return undefined
}

function checkTools(
  { tools = [], toolConfig, generationConfig }: GeminiBody,
  model: string,
): GeminiRefusal | undefined {
  const names = tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations.map(({ name }) => name))
  const { mode, allowedFunctionNames } = toolConfig?.functionCallingConfig ?? {}
  if (mode !== undefined && mode !== 'NONE' && names.length === 0)
    return invalidArgument('Function calling config is set without function_declarations.')
  if (allowedFunctionNames !== undefined && mode !== 'ANY' && mode !== 'VALIDATED')
    return invalidArgument('Allowed function names should be set only when the calling mode is ANY or VALIDATED.')
  const unknown = allowedFunctionNames?.find((name) => !names.includes(name))
  if (unknown !== undefined)
    return invalidArgument(`allowed_function_names contains "${unknown}", which is not declared.`)
  if (names.length > 0 && generationConfig?.responseMimeType === 'application/json' && modelGeneration(model) < 3)
    return invalidArgument("Function calling with a response mime type: 'application/json' is unsupported")
  const hasSchema = generationConfig?.responseJsonSchema !== undefined || generationConfig?.responseSchema !== undefined
  if (hasSchema && generationConfig?.responseMimeType !== 'application/json')
    return invalidArgument('A response schema needs the response mime type application/json.')
  return undefined
}

function checkThinking({ generationConfig }: GeminiBody, model: string): GeminiRefusal | undefined {
  const { thinkingBudget, thinkingLevel } = generationConfig?.thinkingConfig ?? {}
  const generation = modelGeneration(model)
  if (thinkingLevel !== undefined && generation < 3)
    return invalidArgument('Thinking level is not supported for this model.')
  if (thinkingBudget !== undefined && generation < 2.5)
    return invalidArgument('Thinking budget is not supported for this model.')
  if (thinkingBudget !== undefined && thinkingLevel !== undefined)
    return invalidArgument('You can only set one of thinking budget and thinking level.')
  if (thinkingBudget === 0 && /pro/.test(model))
    return invalidArgument('Budget 0 is invalid. This model only works in thinking mode.')
  return undefined
}

function checkTurns(contents: readonly GeminiContent[]): GeminiRefusal | undefined {
  for (const [index, { role, parts }] of contents.entries()) {
    const before = contents[index - 1]
    const calls = parts.filter(({ functionCall }) => functionCall !== undefined)
    const responses = parts.filter(({ functionResponse }) => functionResponse !== undefined)
    if (calls.length > 0 && (role !== 'model' || before === undefined || before.role === 'model')) {
      return invalidArgument(
        'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      )
    }
    const called = before?.parts.filter(({ functionCall }) => functionCall !== undefined) ?? []
    if (called.length !== responses.length) {
      return invalidArgument(
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      )
    }
  }
  const open = contents.at(-1)?.parts.some(({ functionCall }) => functionCall !== undefined) ?? false
  return open ? invalidArgument('Please ensure that function call turns are followed by their responses.') : undefined
}

/** Calls since the last words of the person need the signature that came with them. */
function checkSignatures(
  contents: readonly GeminiContent[],
  model: string,
  signatures: ReadonlySet<string>,
): GeminiRefusal | undefined {
  const given = contents.flatMap(({ parts }) => parts.flatMap(({ thoughtSignature }) => thoughtSignature ?? []))
  if (given.some((signature) => signature !== skipSignature && !signatures.has(signature)))
    return invalidArgument('Thought signature is not valid.')
  if (!isSigning(model)) return undefined
  const spoken = contents.findLastIndex(
    ({ role, parts }) => role !== 'model' && parts.some(({ functionResponse }) => functionResponse === undefined),
  )
  for (const { parts } of contents.slice(spoken + 1)) {
    const first = parts.find(({ functionCall }) => functionCall !== undefined)
    if (first !== undefined && first.thoughtSignature === undefined) {
      return invalidArgument(
        `Function call is missing a thought_signature in functionCall parts. Function call \`${first.functionCall?.name}\`.`,
      )
    }
  }
  return undefined
}
