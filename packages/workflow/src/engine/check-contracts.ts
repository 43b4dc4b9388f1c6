import { ParleyError, redactText, safeErrorText, type ContractFault, type Json } from '@parley/spec'
import { faultText } from '../contracts/fault-text.ts'
import { validateValue } from '../contracts/validate-value.ts'
import { copyToJson } from '../state/copy-json.ts'
import type { Attempt } from './attempt.ts'
import { note } from './run-scope.ts'
import { validationContext } from './validation-context.ts'

/** An output as it is kept, or why it is not. */
export interface CheckedOutput {
  value: Json
  faults?: readonly ContractFault[]
}

/** Faults in events and errors at the most. */
const MAX_FAULTS = 50

/** Holds the inputs against the contract; what it makes of them is what the action sees. */
export function checkInput(
  attempt: Attempt,
): readonly ContractFault[] | undefined | Promise<readonly ContractFault[] | undefined> {
  const { inputContract } = attempt.prepared
  if (inputContract === undefined) return undefined
  noteValidation(attempt, 'start', { phase: 'input' })
  const taken = (result: Awaited<ReturnType<typeof validateValue>>): readonly ContractFault[] | undefined => {
    if (!result.ok) return noteFaults(attempt, 'input', result.faults)
    noteValidation(attempt, 'complete', { phase: 'input' })
    // A contract on inputs is a contract on an object of them.
    if (typeof result.value === 'object' && result.value !== null) attempt.replaceInputs(result.value)
    return undefined
  }
  const result = validateValue(inputContract, attempt.inputs(), validationContext(attempt))
  return result instanceof Promise ? result.then(taken) : taken(result)
}

/** Holds an output against the contract. @throws {ParleyError} `value_not_json` */
export function checkOutput(attempt: Attempt, value: unknown): CheckedOutput | Promise<CheckedOutput> {
  const { outputContract, step } = attempt.prepared
  const root = `output of "${step.id}"`
  // A function that returns nothing gives nothing, which is null in JSON.
  if (outputContract === undefined) return { value: value === undefined ? null : copyToJson(value, root) }
  noteValidation(attempt, 'start', { phase: 'output' })
  const taken = (result: Awaited<ReturnType<typeof validateValue>>): CheckedOutput => {
    if (!result.ok) return { value: null, faults: noteFaults(attempt, 'output', result.faults) }
    noteValidation(attempt, 'complete', { phase: 'output' })
    return { value: result.value === undefined ? null : copyToJson(result.value, root) }
  }
  const result = validateValue(outputContract, value, validationContext(attempt))
  return result instanceof Promise ? result.then(taken) : taken(result)
}

/** Tells of faults, without the values; gives them as they may be told of. */
export function noteFaults(
  attempt: Attempt,
  phase: 'input' | 'output',
  found: readonly ContractFault[],
): readonly ContractFault[] {
  // A path names keys of the data, and the message of a custom check says what it likes.
  const faults = found.map(({ path, message, ...rest }) => ({
    ...rest,
    path: redactText(path),
    message: safeErrorText(message),
  }))
  noteValidation(attempt, 'fail', {
    phase,
    errors: faults.slice(0, MAX_FAULTS).map(({ path, expected, actual, message, severity }) => ({
      path,
      expected,
      actual,
      message,
      severity,
    })),
  })
  return faults
}

/**
 * The error of a step whose input or output breaks its contract; it names types, never values.
 * @param item - the place of the item that it was about, from 0
 */
export function contractError(
  code: 'contract_input' | 'contract_output',
  step: string,
  faults: readonly ContractFault[],
  item?: number,
): ParleyError {
  const what = code === 'contract_input' ? 'input' : 'output'
  return new ParleyError({
    code,
    message: `The ${what} of step "${step}"${item === undefined ? '' : ` for item ${item}`} breaks its contract. ${faultText(faults)}.`,
    details: { step, fields: faults.slice(0, MAX_FAULTS).map(({ path }) => path) },
  })
}

const validationHooks = {
  start: 'onValidationStart',
  complete: 'onValidationComplete',
  fail: 'onValidationFail',
} as const

/** Tells the log and the hooks of a validation. Nobody waits for the hooks: contracts are checked within one step. */
export function noteValidation(
  { scope, place }: Attempt,
  moment: 'start' | 'complete' | 'fail',
  data: { [key: string]: Json },
): void {
  note(scope, `validation_${moment}`, place, data)
  if (scope.hooks.length > 0) scope.later(validationHooks[moment], place, data)
}
