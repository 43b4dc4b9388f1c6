import type { Json, JsonSchema } from '@parley/spec'
import { z } from 'zod'
import type { DocumentContext, NodeHead } from './document-context.ts'
import type { DocumentDraft, DocumentKeys } from './document-draft.ts'
import type { DocumentProblems } from './document-problems.ts'
import type { DocumentReading } from './document-reading.ts'
import { readContract } from './parts/read-contract.ts'
import { readFunctions } from './parts/read-functions.ts'
import { readModelOptions } from './parts/read-model-options.ts'
import { checkService } from './parts/read-rag.ts'
import { readMcpServers, readRestServers } from './parts/read-servers.ts'
import { readTemplates } from './parts/read-templates.ts'
import { headFields, readCompat, readDefaults, readLimits, readName, readOutputs } from './read-head.ts'
import { readRegion } from './read-region.ts'
import { readShape } from './read-shape.ts'
import { definedFields } from './wire-fields.ts'

/** Read by a shape of its own. */
const part = z.unknown().optional()

/** Keys of a document that its nodes take from its head. */
export const nodeHeadFields = {
  llm_model: z.string().min(1).optional(),
  llm_kwargs: part,
  rag_service: z.string().min(1).optional(),
  rag_collection: z.string().min(1).optional(),
  data_types: z.record(z.string(), z.record(z.string(), z.json())).optional(),
} as const

const nativeShape = z.strictObject({
  ...headFields,
  ...nodeHeadFields,
  parley: z.literal(1).optional(),
  input: part,
  input_contract: part,
  output: part,
  output_contract: part,
  outputs: part,
  steps: part,
  nodes: part,
  start: part,
  max_concurrency: z.number().int().min(1).optional(),
  defaults: part,
  budget: part,
  failure_policy: part,
  templates: part,
  rest_servers: part,
  mcp_servers: part,
  functions: part,
  python_functions: part,
  limits: part,
  compat: part,
  sensitive_keys: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.json()).optional(),
})

/** Reads a document that is headed by `parley: 1`. */
export function readNativeDocument(keys: DocumentKeys, reading: DocumentReading): DocumentDraft {
  const { problems } = reading
  const read: z.output<typeof nativeShape> = readShape(nativeShape, keys, [], problems) ?? {}
  const context = createContext(read, reading)
  const { steps, nodes, start, max_concurrency } = read
  const body = definedFields({ steps: steps ?? (nodes === undefined ? [] : undefined), nodes, start, max_concurrency })
  const root = readRegion(body, [], context)
  const contract = (schema: 'input' | 'output', name: 'input_contract' | 'output_contract') =>
    readContract({ schema: read[schema], schemaAt: [schema], contract: read[name], contractAt: [name] }, problems)
  return {
    draft: {
      name: readName(read.name, keys, problems),
      version: read.version ?? '1',
      ...definedFields({
        description: read.description,
        input: contract('input', 'input_contract'),
        output: contract('output', 'output_contract'),
        outputs: readOutputs(read.outputs, problems),
      }),
      root: root?.region ?? { kind: 'dag', steps: [], maxConcurrency: 1 },
      defaults: readDefaults(read, problems),
      templates: readTemplates(read.templates, ['templates'], problems),
      servers: {
        rest: readRestServers(read.rest_servers, ['rest_servers'], reading),
        mcp: readMcpServers(read.mcp_servers, ['mcp_servers'], reading),
      },
      functions: {},
      limits: readLimits(read.limits, max_concurrency, reading),
      compat: readCompat(read.compat, problems),
      sensitiveKeys: read.sensitive_keys ?? [],
      // The shape has checked that the values are JSON.
      metadata: (read.metadata ?? {}) as { [key: string]: Json },
    },
    origins: root?.origins ?? new Map(),
  }
}

/** The keys of a head that say what its steps are read with. */
export interface ContextFields {
  llm_model?: string | undefined
  llm_kwargs?: unknown
  rag_service?: string | undefined
  rag_collection?: string | undefined
  data_types?: { [name: string]: unknown } | undefined
  functions?: unknown
  python_functions?: unknown
}

/** Makes what the steps and nodes of a document are read with. */
export function createContext(fields: ContextFields, reading: DocumentReading): DocumentContext {
  const { problems, limits } = reading
  const key = fields.functions === undefined ? 'python_functions' : 'functions'
  if (fields.functions !== undefined && fields.python_functions !== undefined) {
    const message = '"functions" and "python_functions" say the same thing.'
    problems.add({ code: 'document_invalid', at: ['python_functions'], message, fix: 'Keep "functions".' })
  }
  return {
    problems,
    limits,
    counter: { steps: 0 },
    depth: 1,
    head: readNodeHead(fields, problems),
    functionPaths: readFunctions(fields[key], [key], reading),
    readRegion,
  }
}

function readNodeHead(fields: ContextFields, problems: DocumentProblems): NodeHead {
  checkService(fields.rag_service, ['rag_service'], problems)
  const options =
    fields.llm_kwargs === undefined ? undefined : readModelOptions(fields.llm_kwargs, ['llm_kwargs'], problems)
  return {
    ...definedFields({
      model: fields.llm_model,
      modelOptions: options,
      service: fields.rag_service,
      collection: fields.rag_collection,
    }),
    // The shape of the head has checked that each type is an object of JSON.
    dataTypes: (fields.data_types ?? {}) as { [name: string]: JsonSchema },
  }
}
