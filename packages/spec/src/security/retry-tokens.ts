import { isUnsafeKey } from '../template/unsafe-key.ts'
import type { ContractFault, FailureClass, RetryContext } from '../workflow/failure.ts'
import { redactText } from './redact-text.ts'

const maxFieldLength = 100
const maxTypeLength = 40
const maxFields = 50

/** What is advised to a later attempt, by the class of the failure. Fixed, so that nobody's words get into a prompt. */
const guidance: { readonly [failure in FailureClass]: string } = {
  execution: 'The last attempt failed while it ran. Try again; take a simpler way if there is one.',
  validation:
    'The last output did not have the required form. Return every field, each with the type that is expected.',
  timeout: 'The last attempt took too long. Give a shorter answer and do fewer steps.',
  budget: 'The last attempt did not fit the budget. Use fewer and shorter calls.',
  cancelled: 'The last attempt was cancelled before it ended. Start again from the beginning.',
  capability: 'No model could do what was asked. Do it without the feature that is missing.',
  approval_rejected: 'The last result was not approved. Propose another one.',
  condition: 'A condition could not be evaluated. Return the values that it reads, with the right types.',
}

/** A field's path as a token: lower case, `a-z 0-9 _ . [ ] -` only, 100 characters. */
export function toFieldToken(path: string): string {
  return toToken(path, { illegal: /[^a-z0-9_.[\]-]/g, maxLength: maxFieldLength })
}

/** A type's name as a token: lower case, `a-z 0-9 _ | [ ] ,` only, 40 characters. */
export function toTypeToken(type: string): string {
  return toToken(type, { illegal: /[^a-z0-9_|[\],]/g, maxLength: maxTypeLength })
}

/** What a later attempt is told of one that failed otherwise than by its contract. */
export function executionRetryContext(attempt: number, failure: FailureClass): RetryContext {
  return { attempt, errorType: 'execution', errorClass: failure, guidance: guidance[failure] }
}

/** What a later attempt is told of one whose value broke its contract: names of fields and types, at most 50 fields. */
export function validationRetryContext(attempt: number, faults: readonly ContractFault[]): RetryContext {
  const byField = new Map<string, ContractFault>()
  for (const fault of faults) {
    if (byField.size >= maxFields) break
    const field = toFieldToken(fault.path)
    // The first fault of a field is the one to mend first.
    if (fault.severity === 'error' && !isUnsafeKey(field) && !byField.has(field)) byField.set(field, fault)
  }
  const fields = [...byField]
  return {
    attempt,
    errorType: 'validation',
    failedFields: fields.map(([field]) => field),
    expectedTypes: Object.fromEntries(fields.map(([field, { expected }]) => [field, toTypeToken(expected)])),
    actualTypes: Object.fromEntries(fields.map(([field, { actual }]) => [field, toTypeToken(actual)])),
    guidance: guidance.validation,
  }
}

function toToken(text: string, { illegal, maxLength }: { illegal: RegExp; maxLength: number }): string {
  // A key of somebody's data can hold a credential, which would stay readable in lower case. Some capitals take two
  // places in lower case, so the cut comes last.
  return redactText(text).toLowerCase().replace(illegal, '_').slice(0, maxLength)
}
