import { ParleyError, checkContract, type Json, type WaitRecord } from '@parley/spec'
import { resolveContract } from '../contracts/resolve-contract.ts'

/**
 * Checks an answer before it is kept; the wait stays open when it does not fit.
 * @throws {ParleyError} `wait_invalid`
 */
export async function checkAnswer(wait: WaitRecord, data: Json | undefined): Promise<void> {
  if (wait.schema === undefined) return
  const checked = await checkContract(resolveContract({ schema: wait.schema }, new Map()), data ?? null)
  if (checked.ok) return
  throw new ParleyError({
    code: 'wait_invalid',
    message: `The answer does not fit what the wait asks for: ${checked.violations.map(({ path, message }) => `${path || '<root>'}: ${message}`).join('; ')}. The wait stays open.`,
    details: { waitId: wait.id, fields: checked.violations.map(({ path }) => path) },
  })
}

/** Whether a signal has the fields that a wait asks for. */
export function matches(match: Json | undefined, data: Json): boolean {
  if (match === undefined) return true
  if (typeof match !== 'object' || match === null || Array.isArray(match))
    return JSON.stringify(match) === JSON.stringify(data)
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false
  return Object.keys(match).every((key) => Object.hasOwn(data, key) && matches(match[key], data[key] ?? null))
}
