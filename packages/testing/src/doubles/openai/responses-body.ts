import { z } from 'zod'
import { badRequest, type VendorRefusal } from './refusal.ts'
import { checkFormatSchema, checkTools, toShapeRefusal } from './schema-refusal.ts'

const inputText = z.strictObject({ type: z.literal('input_text'), text: z.string() })
const inputImage = z.strictObject({
  type: z.literal('input_image'),
  image_url: z.string().nullish(),
  file_id: z.string().nullish(),
  detail: z.enum(['low', 'high', 'auto']).optional(),
})
const inputFile = z.strictObject({
  type: z.literal('input_file'),
  file_data: z.string().optional(),
  file_id: z.string().nullish(),
  file_url: z.string().optional(),
  filename: z.string().optional(),
})
const inputContent = z.discriminatedUnion('type', [inputText, inputImage, inputFile])
const outputContent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('output_text'),
    text: z.string(),
    annotations: z.array(z.unknown()).optional(),
    logprobs: z.array(z.unknown()).optional(),
  }),
  z.strictObject({ type: z.literal('refusal'), refusal: z.string() }),
])
const status = z.enum(['in_progress', 'completed', 'incomplete']).nullish()
const message = z.strictObject({
  type: z.literal('message').optional(),
  id: z.string().optional(),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: z.union([z.string(), z.array(z.union([inputContent, outputContent]))]),
  status,
})
const functionCall = z.strictObject({
  type: z.literal('function_call'),
  id: z.string().optional(),
  call_id: z.string().min(1).max(64),
  name: z.string().min(1),
  arguments: z.string(),
  status,
})
const functionCallOutput = z.strictObject({
  type: z.literal('function_call_output'),
  id: z.string().nullish(),
  call_id: z.string().min(1).max(64),
  output: z.union([z.string(), z.array(inputContent)]),
  status,
})
const reasoningItem = z.strictObject({
  type: z.literal('reasoning'),
  id: z.string(),
  summary: z.array(z.strictObject({ type: z.literal('summary_text'), text: z.string() })),
  content: z.array(z.unknown()).optional(),
  encrypted_content: z.string().nullish(),
  status,
})
const inputItem = z.union([functionCall, functionCallOutput, reasoningItem, message])
const tool = z.strictObject({
  type: z.literal('function'),
  name: z.string(),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullable(),
  strict: z.boolean().nullable(),
})
const body = z.strictObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(inputItem)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  tools: z.array(tool).optional(),
  tool_choice: z
    .union([z.enum(['none', 'auto', 'required']), z.strictObject({ type: z.literal('function'), name: z.string() })])
    .optional(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z
    .strictObject({
      format: z
        .discriminatedUnion('type', [
          z.strictObject({ type: z.literal('text') }),
          z.strictObject({ type: z.literal('json_object') }),
          z.strictObject({
            type: z.literal('json_schema'),
            name: z.string().regex(/^[\w-]{1,64}$/),
            schema: z.record(z.string(), z.unknown()),
            description: z.string().optional(),
            strict: z.boolean().nullish(),
          }),
        ])
        .optional(),
      verbosity: z.enum(['low', 'medium', 'high']).nullish(),
    })
    .optional(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  reasoning: z
    .strictObject({
      effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
      summary: z.enum(['auto', 'concise', 'detailed']).nullish(),
    })
    .nullish(),
  include: z.array(z.enum(['reasoning.encrypted_content', 'message.output_text.logprobs'])).nullish(),
  previous_response_id: z.string().nullish(),
  prompt_cache_key: z.string().optional(),
  safety_identifier: z.string().optional(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority']).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  truncation: z.enum(['auto', 'disabled']).nullish(),
  user: z.string().optional(),
})

/** The body of `POST /responses`, as far as the double knows it. */
export type ResponsesBody = z.output<typeof body>
/** One item of the input. */
export type ResponsesItem = z.output<typeof inputItem>

/** A body that was accepted, or the refusal that the vendor would give. */
export type CheckedBody<Body> = { ok: true; body: Body } | { ok: false; refusal: VendorRefusal }

/** Checks a body as the vendor does: the shape with unknown keys refused, then tools, schemas and calls against outputs. */
export function checkResponsesBody(value: unknown): CheckedBody<ResponsesBody> {
  const parsed = body.safeParse(value)
  if (!parsed.success) return { ok: false, refusal: toShapeRefusal(parsed.error, value) }
  const { tools = [], tool_choice: choice, text } = parsed.data
  const refusal =
    checkTools(tools, (index) => `tools[${index}]`) ??
    checkToolChoice(tools, choice) ??
    (text?.format?.type === 'json_schema' && text.format.strict === true
      ? checkFormatSchema(text.format.name, text.format.schema, 'text.format.schema')
      : undefined)
  return refusal ? { ok: false, refusal } : { ok: true, body: parsed.data }
}

function checkToolChoice(tools: { name: string }[], choice: ResponsesBody['tool_choice']): VendorRefusal | undefined {
  if (typeof choice === 'object' && !tools.some(({ name }) => name === choice.name)) {
    return badRequest(`Tool choice '${choice.name}' not found in 'tools' parameter.`, 'tool_choice')
  }
  if (choice === 'required' && tools.length === 0) {
    return badRequest("Tool choice 'required' must be specified with 'tools' parameter.", 'tool_choice')
  }
  return undefined
}

/** Checks that calls and outputs belong together, and that reasoning stands before the calls it led to. */
export function checkResponsesItems(
  items: readonly ResponsesItem[],
  reasoningBefore: ReadonlyMap<string, string>,
): VendorRefusal | undefined {
  const called = new Set<string>()
  const answered = new Set<string>()
  const reasoningIds = new Set<string>()
  for (const item of items) {
    if (item.type === 'reasoning') reasoningIds.add(item.id)
    if (item.type === 'function_call') {
      const needed = reasoningBefore.get(item.call_id)
      if (needed !== undefined && !reasoningIds.has(needed)) {
        return badRequest(
          `Item '${item.call_id}' of type 'function_call' was provided without its required 'reasoning' item: '${needed}'.`,
          'input',
        )
      }
      called.add(item.call_id)
    }
    if (item.type === 'function_call_output') {
      if (!called.has(item.call_id)) {
        return badRequest(`No tool call found for function call output with call_id ${item.call_id}.`, 'input')
      }
      answered.add(item.call_id)
    }
  }
  const open = [...called].find((callId) => !answered.has(callId))
  return open === undefined ? undefined : badRequest(`No tool output found for function call ${open}.`, 'input')
}
