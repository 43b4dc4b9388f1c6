import { z } from 'zod'
import { badRequest, type VendorRefusal } from './refusal.ts'
import type { CheckedBody } from './responses-body.ts'
import { checkFormatSchema, checkTools, toShapeRefusal } from './schema-refusal.ts'

const text = z.strictObject({ type: z.literal('text'), text: z.string() })
const content = z.discriminatedUnion('type', [
  text,
  z.strictObject({
    type: z.literal('image_url'),
    image_url: z.strictObject({ url: z.string(), detail: z.enum(['auto', 'low', 'high']).optional() }),
  }),
  z.strictObject({
    type: z.literal('input_audio'),
    input_audio: z.strictObject({ data: z.string(), format: z.enum(['wav', 'mp3']) }),
  }),
  z.strictObject({
    type: z.literal('file'),
    file: z.strictObject({
      file_data: z.string().optional(),
      file_id: z.string().optional(),
      filename: z.string().optional(),
    }),
  }),
])
const name = z
  .string()
  .regex(/^[^\s<|\\/>]+$/)
  .optional()
const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
})
const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer']), content: z.union([z.string(), z.array(text)]), name }),
  z.strictObject({ role: z.literal('user'), content: z.union([z.string(), z.array(content)]), name }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.union([z.string(), z.array(text)]).nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(toolCall).optional(),
    name,
  }),
  z.strictObject({
    role: z.literal('tool'),
    content: z.union([z.string(), z.array(text)]),
    tool_call_id: z.string(),
  }),
])
const body = z.strictObject({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  store: z.boolean().nullish(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('function'),
        function: z.strictObject({
          name: z.string(),
          description: z.string().optional(),
          parameters: z.record(z.string(), z.unknown()).optional(),
          strict: z.boolean().nullish(),
        }),
      }),
    )
    .optional(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
    ])
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text') }),
      z.strictObject({ type: z.literal('json_object') }),
      z.strictObject({
        type: z.literal('json_schema'),
        json_schema: z.strictObject({
          name: z.string().regex(/^[\w-]{1,64}$/),
          schema: z.record(z.string(), z.unknown()),
          description: z.string().optional(),
          strict: z.boolean().nullish(),
        }),
      }),
    ])
    .optional(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  seed: z.int().nullish(),
  n: z.literal(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
  prompt_cache_key: z.string().optional(),
  safety_identifier: z.string().optional(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority']).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  user: z.string().optional(),
})

/** The body of `POST /chat/completions`, as far as the double knows it. */
export type ChatBody = z.output<typeof body>

/** Checks a body as the vendor does: shape, tools, output schema, calls against tool messages. */
export function checkChatBody(value: unknown): CheckedBody<ChatBody> {
  const parsed = body.safeParse(value)
  if (!parsed.success) return { ok: false, refusal: toShapeRefusal(parsed.error, value) }
  const { tools = [], tool_choice: choice, response_format: format } = parsed.data
  const functions = tools.map((tool) => tool.function)
  const refusal =
    checkTools(functions, (index) => `tools[${index}].function`) ??
    checkToolChoice(functions, choice) ??
    (format?.type === 'json_schema' && format.json_schema.strict === true
      ? checkFormatSchema(format.json_schema.name, format.json_schema.schema, 'response_format')
      : undefined) ??
    checkToolMessages(parsed.data.messages)
  return refusal ? { ok: false, refusal } : { ok: true, body: parsed.data }
}

function checkToolChoice(functions: { name: string }[], choice: ChatBody['tool_choice']): VendorRefusal | undefined {
  if (choice === undefined) return undefined
  if (functions.length === 0)
    return badRequest("'tool_choice' is only allowed when 'tools' are specified.", 'tool_choice')
  if (typeof choice === 'object' && !functions.some((tool) => tool.name === choice.function.name)) {
    return badRequest(`Tool choice '${choice.function.name}' not found in 'tools' parameter.`, 'tool_choice')
  }
  return undefined
}

function checkToolMessages(messages: ChatBody['messages']): VendorRefusal | undefined {
  let open = new Set<string>()
  for (const [index, entry] of messages.entries()) {
    if (entry.role === 'tool') {
      if (!open.delete(entry.tool_call_id)) {
        return badRequest(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${index}].role`,
        )
      }
      continue
    }
    if (open.size > 0) return unanswered(open)
    if (entry.role === 'assistant') open = new Set((entry.tool_calls ?? []).map(({ id }) => id))
  }
  return open.size > 0 ? unanswered(open) : undefined
}

function unanswered(open: ReadonlySet<string>): VendorRefusal {
  return badRequest(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(', ')}`,
    'messages',
  )
}
