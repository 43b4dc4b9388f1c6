import type {
  ContractRef,
  Json,
  McpServerDeclaration,
  Region,
  RestServer,
  StepDefaults,
  WorkflowDefinition,
  WorkflowLimits,
} from '@parley/spec'
import { defaultLimits } from '../definition/definition-defaults.ts'
import { regionToDocument } from './region-to-document.ts'
import { snakeFields } from './wire-fields.ts'

/** What stands for a value that is not shown. */
const masked = '***'

/** How a definition is written. */
export interface ToDocumentOptions {
  /** For people to read: values of the environment of MCP servers are masked, so it is another workflow when it is loaded. @default false */
  shown?: boolean
}

/**
 * Writes a definition as a native document. Loading it with the same registries gives the same definition, and the same
 * hash. What holds by default is left out.
 */
export function toDocument(
  definition: WorkflowDefinition,
  { shown = false }: ToDocumentOptions = {},
): { [key: string]: Json } {
  const { name, version, description, input, output, outputs, root, templates, servers, limits, compat } = definition
  const document = {
    parley: 1,
    name,
    version,
    description,
    ...contractKeys('input', input),
    ...contractKeys('output', output),
    defaults: defaultsToDocument(definition.defaults),
    templates: filled(Object.entries(templates).map(([key, value]) => ({ name: key, value }))),
    rest_servers: filled(servers.rest.map(restToDocument)),
    mcp_servers: filled(servers.mcp.map((server) => mcpToDocument(server, shown))),
    limits: limitsToDocument(limits, root),
    compat: filled(snakeFields(compat)),
    sensitive_keys: filled(definition.sensitiveKeys),
    metadata: filled(definition.metadata),
    outputs,
    ...regionToDocument(root),
  }
  // Made of a definition, which is JSON; what is absent is left out.
  return withoutAbsent(document) as { [key: string]: Json }
}

function contractKeys(key: 'input' | 'output', contract: ContractRef | undefined): { [key: string]: unknown } {
  if (contract === undefined) return {}
  return 'schema' in contract ? { [key]: contract.schema } : { [`${key}_contract`]: contract }
}

function limitsToDocument(limits: WorkflowLimits, root: Region): object | undefined {
  // What the root runs at once is read as the limit of the whole run, where nothing else is said.
  const implied = { ...defaultLimits, ...(root.kind === 'dag' && { maxConcurrency: root.maxConcurrency }) }
  const { maxConcurrency, maxModelCalls, maxVisits } = limits
  return filled(
    withoutAbsent({
      max_concurrency: maxConcurrency === implied.maxConcurrency ? undefined : maxConcurrency,
      max_model_calls: maxModelCalls === implied.maxModelCalls ? undefined : maxModelCalls,
      max_visits: maxVisits === implied.maxVisits ? undefined : maxVisits,
    }),
  )
}

function defaultsToDocument({
  tier,
  timeoutMs,
  retry,
  budget,
  failurePolicy,
  model,
}: StepDefaults): object | undefined {
  return filled(
    withoutAbsent({
      model,
      tier: tier === 'balanced' ? undefined : tier,
      timeout: timeoutMs === undefined ? undefined : timeoutMs / 1_000,
      retry: retry && snakeFields(retry),
      budget: budget && snakeFields(budget),
      failure_policy: failurePolicy && snakeFields(failurePolicy),
    }),
  )
}

function restToDocument({ operations, ...server }: RestServer): object {
  return { ...snakeFields(server), ...(operations && { operations: operations.map(snakeFields) }) }
}

function mcpToDocument({ id, env, ...server }: McpServerDeclaration, shown: boolean): object {
  const values = env && (shown ? Object.fromEntries(Object.keys(env).map((name) => [name, masked])) : env)
  return { name: id, ...snakeFields(server), ...(values && { env: values }) }
}

/** A list or an object that holds something. */
function filled<Value extends object>(value: Value): Value | undefined {
  return Object.keys(value).length === 0 ? undefined : value
}

function withoutAbsent(fields: object): { [key: string]: unknown } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
