import {
  ParleyError,
  asPromptData,
  renderTemplate,
  withRetryNote,
  type ChatMessage,
  type ChatRequest,
  type ChatResult,
  type Contract,
  type Json,
  type JsonSchema,
  type Template,
} from '@parley/spec'
import { resolveContract } from '../../contracts/resolve-contract.ts'
import { validateValue, type Validated } from '../../contracts/validate-value.ts'
import type { Acted } from '../act.ts'
import type { Attempt } from '../attempt.ts'
import { lookUp } from '../frame.ts'
import { askModels } from '../model-calls.ts'
import { noteValidation } from '../check-contracts.ts'
import { safeValue } from '../safe-value.ts'
import { validationContext } from '../validation-context.ts'

/** Asks a model, by the strategy of the step; the answer is text, or what the contract says. */
export async function actLlm(attempt: Attempt): Promise<Acted> {
  const given = schemaFromData(attempt)
  const contracts = answerContracts(attempt, given)
  const request = requestOf(attempt, promptOf(attempt), given)
  if (contracts.length === 0) {
    const answer = await askModels(attempt, request)
    return { value: answer.result.text, text: answer.result.text }
  }
  const schema = answerSchema(attempt, given)
  noteValidation(attempt, 'start', { phase: 'output' })
  const answer = await askModels(attempt, request, async (result) =>
    validateAll(contracts, valueOf(result, schema), attempt),
  )
  if (!answer.ok) return { value: null, faults: answer.faults }
  noteValidation(attempt, 'complete', { phase: 'output' })
  const isKept = attempt.prepared.step.cache !== undefined
  const { text } = answer.result
  return {
    value: answer.value,
    isChecked: true,
    text,
    ...(isKept ? { unchecked: valueOf(answer.result, schema) } : {}),
  }
}

/** What a step asks of a model, all of it but the note of a later attempt. */
export function askedOf(attempt: Attempt): { request: ChatRequest; given: JsonSchema | undefined } {
  const given = schemaFromData(attempt)
  return { request: requestOf(attempt, writtenPrompt(attempt), given), given }
}

/** Holds an answer against all that the step asks of it. */
export function checkAnswer(attempt: Attempt, value: unknown): Promise<Validated> {
  return validateAll(answerContracts(attempt, schemaFromData(attempt)), value, attempt)
}

function answerContracts({ prepared: { outputContract } }: Attempt, given: JsonSchema | undefined): Contract[] {
  return [
    ...(outputContract === undefined ? [] : [outputContract]),
    ...(given === undefined ? [] : [resolveContract({ schema: given }, new Map())]),
  ]
}

function answerSchema({ prepared: { step } }: Attempt, given: JsonSchema | undefined): JsonSchema | undefined {
  if (given !== undefined) return given
  return step.outputContract !== undefined && 'schema' in step.outputContract ? step.outputContract.schema : undefined
}

function requestOf(attempt: Attempt, prompt: string, given: JsonSchema | undefined): ChatRequest {
  const { step, system } = attempt.prepared
  const schema = answerSchema(attempt, given)
  const options = step.modelOptions ?? {}
  return {
    ...(system === undefined ? {} : { system: render(attempt, system) }),
    messages: [...messagesBefore(attempt), { role: 'user', content: prompt }],
    ...(schema === undefined || !needsStructure(schema) ? {} : { output: { name: outputName(step.id), schema } }),
    ...numberOption(options, 'temperature'),
    ...numberOption(options, 'topP'),
    ...numberOption(options, 'maxOutputTokens'),
    ...numberOption(options, 'seed'),
  }
}

/** What was said before in the session, for a node that is to know it and may read it. */
function messagesBefore({ prepared: { step, scope: gate }, scope: { history } }: Attempt): ChatMessage[] {
  if (step.history === undefined || history === undefined || !gate.canRead('history')) return []
  return history.messages(step.history).map(({ role, content }) => ({ role, content: String(asPromptData(content)) }))
}

/** The schema that the run's data holds for the answer. @throws {ParleyError} `schema_unsupported` */
function schemaFromData({ prepared: { step, scope }, sources }: Attempt): JsonSchema | undefined {
  if (step.outputSchemaFrom === undefined) return undefined
  const value = lookUp(sources, scope, step.outputSchemaFrom.split('.'))
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new ParleyError({
    code: 'schema_unsupported',
    message: `"${step.outputSchemaFrom}" has to hold a JSON Schema for the answer of step "${step.id}".`,
    details: { step: step.id, path: step.outputSchemaFrom },
  })
}

/** Validates by one contract after another; each takes what the one before it made of the value. */
async function validateAll(contracts: readonly Contract[], value: unknown, attempt: Attempt): Promise<Validated> {
  let checked: Validated = { ok: true, value }
  for (const contract of contracts) {
    checked = await validateValue(contract, checked.value, validationContext(attempt))
    if (!checked.ok) return checked
  }
  return checked
}

/** The prompt with its data, and on a later attempt one note of what was wrong. @throws {ParleyError} `template_unresolved` */
export function promptOf(attempt: Attempt): string {
  return withRetryNote(writtenPrompt(attempt), attempt.retryContext)
}

/** The prompt with its data, the same on every attempt. @throws {ParleyError} `template_unresolved` */
export function writtenPrompt(attempt: Attempt): string {
  const { prompt, step } = attempt.prepared
  if (prompt !== undefined) return render(attempt, prompt)
  throw new ParleyError({
    code: 'template_unresolved',
    message: `Step "${step.id}" has no prompt.`,
    details: { step: step.id },
  })
}

/** @throws {ParleyError} `template_unresolved` naming the path */
export function render(attempt: Attempt, template: Template): string {
  const { scope, step } = attempt.prepared
  const { sources } = attempt
  const rendered = renderTemplate(template, (path) =>
    asPromptData(safeValue(attempt.scope, path, lookUp(sources, scope, path))),
  )
  if (rendered.ok) return rendered.text
  throw new ParleyError({
    code: 'template_unresolved',
    message: `The prompt of step "${step.id}" uses {{${rendered.path.join('.')}}}, which has no value. Give one, or a text for that case: {{ ${rendered.path.join('.')} ?? "none" }}.`,
    details: { step: step.id, path: rendered.path.join('.') },
  })
}

function needsStructure(schema: JsonSchema): boolean {
  return schema['type'] !== 'string'
}

function valueOf(result: ChatResult, schema: JsonSchema | undefined): unknown {
  if (schema !== undefined && !needsStructure(schema)) return result.text
  try {
    return JSON.parse(unfenced(result.text)) as unknown
  } catch {
    // Not JSON: the contract says what it thinks of text.
    return result.text
  }
}

/** Models like to put JSON into a fence of Markdown. */
function unfenced(text: string): string {
  const trimmed = text.trim()
  if (!trimmed.startsWith('```') || !trimmed.endsWith('```')) return trimmed
  const firstLine = trimmed.indexOf('\n')
  return firstLine === -1 ? trimmed : trimmed.slice(firstLine + 1, -3).trim()
}

function numberOption(
  options: { [key: string]: Json },
  name: 'temperature' | 'topP' | 'maxOutputTokens' | 'seed',
): { [key: string]: number } {
  const value = Object.hasOwn(options, name) ? options[name] : undefined
  return typeof value === 'number' ? { [name]: value } : {}
}

function outputName(id: string): string {
  return id.replaceAll('-', '_')
}
