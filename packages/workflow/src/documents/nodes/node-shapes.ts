import { z } from 'zod'
import type { DocumentPath } from '../document-problems.ts'
import { ragFields } from '../parts/read-rag.ts'

const name = z.string().min(1)
/** Read by a shape of its own. */
const part = z.unknown().optional()

const withModel = {
  name,
  prompt: z.string(),
  inputs: part,
  output: name.optional(),
  next: name,
  use_history: z.boolean().default(true),
  history_limit: z.number().int().min(0).default(50),
  history_max_chars: z.number().int().min(1).optional(),
  llm_model: name.optional(),
  llm_kwargs: part,
  stream_output: z.boolean().optional(),
  stream_delta: z.boolean().optional(),
}

/** The keys of each type of node. */
export const nodeShapes = {
  start: z.strictObject({ name, type: z.literal('start'), next: name }),
  end: z.strictObject({ name, type: z.literal('end'), output: name.default('output') }),
  llm: z.strictObject({ ...withModel, type: z.literal('llm') }),
  agent: z.strictObject({
    ...withModel,
    type: z.literal('agent'),
    agent: name.optional(),
    max_steps: z.number().int().min(1).default(10),
    allowed_tools: z.array(name).optional(),
    stream_instructions: z.boolean().optional(),
    stream_partials: z.boolean().optional(),
  }),
  function: z.strictObject({
    name,
    type: z.literal('function'),
    tool: name,
    inputs: part,
    output: name.optional(),
    next: name,
    method: z.enum(['get', 'head', 'post', 'put', 'patch', 'delete']).default('get'),
  }),
  rag_query: z.strictObject({ ...ragFields, name, type: z.literal('rag_query'), output: name.optional(), next: name }),
  if: z.strictObject({ name, type: z.literal('if'), condition: z.json(), then: name, else: name }),
  switch: z.strictObject({
    name,
    type: z.literal('switch'),
    expr: name,
    cases: z.record(z.string(), name),
    default: name.optional(),
  }),
  parallel: z.strictObject({
    name,
    type: z.literal('parallel'),
    branches: z.array(name).min(1),
    next: name,
    max_concurrency: z.number().int().min(1).optional(),
  }),
  wait: z.strictObject({
    name,
    type: z.literal('wait'),
    kind: part,
    schema: part,
    timeout: part,
    on_timeout: part,
    default: part,
    approvers: part,
    show: part,
    event: part,
    match: part,
    ms: part,
    at: part,
    output: name.optional(),
    next: name,
  }),
  region: z.strictObject({
    name,
    type: z.literal('region'),
    steps: part,
    nodes: part,
    start: part,
    output: name.optional(),
    next: name,
  }),
} as const

export type NodeType = keyof typeof nodeShapes

/** A node as it was written, checked key by key. */
export type WrittenNode = { [Type in NodeType]: z.output<(typeof nodeShapes)[Type]> }[NodeType]

/** A node with its place in the document. */
export interface PlacedNode {
  node: WrittenNode
  at: DocumentPath
}
