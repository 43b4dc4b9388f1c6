import { z } from 'zod'

const name = z.string().min(1)
const names = z.array(name)
/** Read by a shape of its own, which knows more than a union would say. */
const part = z.unknown().optional()

const stepKinds = [
  ...(['fn', 'llm', 'agent', 'tool', 'rag', 'if', 'switch', 'region', 'foreach', 'race'] as const),
  ...(['workflow', 'wait', 'start', 'end'] as const),
] as const

/** All keys of a step, as documents write them. */
export const stepShape = z.strictObject({
  id: name.optional(),
  name: name.optional(),
  kind: z.enum(stepKinds).optional(),
  depends_on: names.optional(),
  requires: z.enum(['settled', 'success']).optional(),
  condition: z.json().optional(),
  action: name.optional(),
  function: name.optional(),
  tool: name.optional(),
  agent: name.optional(),
  workflow: name.optional(),
  prompt: z.string().optional(),
  system: z.string().optional(),
  model: name.optional(),
  model_options: part,
  tier: z.enum(['fast', 'balanced', 'high']).optional(),
  strategy: part,
  capabilities: part,
  input_schema: part,
  input_contract: part,
  output_schema: part,
  output_contract: part,
  output_schema_from: name.optional(),
  reads: names.optional(),
  read_keys: names.optional(),
  writes: names.optional(),
  write_keys: names.optional(),
  retry: part,
  timeout: z.number().gt(0).optional(),
  validation_timeout: z.number().gt(0).optional(),
  failure_policy: part,
  on_failure: part,
  foreach: part,
  foreach_policy: part,
  foreach_concurrency: part,
  item_key: part,
  parallel: z.boolean().optional(),
  max_concurrency: z.number().int().min(1).optional(),
  budget: part,
  effect: z.enum(['pure', 'idempotent', 'effectful']).optional(),
  cache: z.strictObject({ ttl_ms: z.number().int().min(1), key: z.string().optional() }).optional(),
  inputs: part,
  method: z.enum(['get', 'head', 'post', 'put', 'patch', 'delete']).optional(),
  rag: part,
  wait: part,
  on_timeout: part,
  default: part,
  schema: part,
  approvers: part,
  show: part,
  event: part,
  match: part,
  ms: part,
  at: part,
  next: name.optional(),
  then: name.optional(),
  else: name.optional(),
  switch: z.strictObject({ expr: name, cases: z.record(z.string(), name), default: name.optional() }).optional(),
  region: part,
  steps: part,
  nodes: part,
  start: part,
  output: name.optional(),
  history: z
    .strictObject({ limit: z.number().int().min(0).default(50), max_chars: z.number().int().min(0).optional() })
    .optional(),
  stream: z
    .strictObject({
      output: z.boolean().optional(),
      delta: z.boolean().optional(),
      instructions: z.boolean().optional(),
      partials: z.boolean().optional(),
    })
    .optional(),
  max_steps: z.number().int().min(1).optional(),
  allowed_tools: names.optional(),
  reducers: z.record(z.string(), z.enum(['append', 'merge', 'sum', 'max', 'min', 'last'])).optional(),
})

/** A step as it was written, checked key by key. */
export type WrittenStep = z.output<typeof stepShape>
