import { ParleyError, type ArgumentInfo, type Json } from '@parley/spec'
import { cloneJson } from '../../state/copy-json.ts'
import type { Attempt } from '../attempt.ts'
import { lookUp } from '../frame.ts'

/** Calls one tool with the arguments that the step names. */
export async function actTool(attempt: Attempt): Promise<unknown> {
  const { prepared, scope } = attempt
  const { step } = prepared
  const { kernel } = scope.parts
  if (kernel === undefined || step.action === undefined) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `Step "${step.id}" calls a tool, but the engine has none. Give createEngine a kernel.`,
      details: { path: 'kernel', step: step.id },
    })
  }
  const result = await scope.parts.callTool(kernel, step.action, argumentsOf(attempt), {
    signal: attempt.signal,
    idempotencyKey: attempt.idempotencyKey,
    step: step.id,
    attempt: attempt.number,
    budget: attempt.budget,
  })
  if (result.ok && 'value' in result) return result.value
  if (result.ok) {
    throw new ParleyError({
      code: 'tool_unavailable',
      message: `The tool of step "${step.id}" waits for a person. Put an approval step before it instead.`,
      details: { step: step.id },
    })
  }
  const { code, message, retryable } = result.error
  throw new ParleyError({ code, message, retryable, details: { step: step.id, tool: step.action } })
}

/** The arguments of a step by their names; each comes from where its declaration says. */
export function argumentsOf(attempt: Attempt): { [name: string]: Json } {
  const { inputs } = attempt.prepared.step
  if (inputs === undefined) return cloneJson(attempt.inputs() as Json) as { [name: string]: Json } // an object of JSON
  return Object.fromEntries(Object.entries(inputs).map(([name, info]) => [name, argumentOf(attempt, name, info)]))
}

function argumentOf(attempt: Attempt, name: string, info: ArgumentInfo): Json {
  const { step, scope } = attempt.prepared
  if (info.type === 'literal') return cloneJson(info.value ?? null)
  const path = (info.name ?? (typeof info.value === 'string' ? info.value : name)).split('.')
  const value = lookUp(attempt.sources, scope, info.type === 'history' ? ['history', ...path] : ['context', ...path])
  if (value !== undefined) return cloneJson(value)
  throw new ParleyError({
    code: 'template_unresolved',
    message: `The argument "${name}" of step "${step.id}" comes from ${info.type} "${path.join('.')}", which has no value.`,
    details: { step: step.id, path: path.join('.') },
  })
}
