import type { ContractFault } from '@parley/spec'

/** Validators whose messages are written by us: they hold bounds of the contract and nothing of the value. */
const plainValidators: readonly string[] = ['range', 'length', 'pattern', 'one_of', 'not_empty']

/** Faults that a text names. */
const NAMED_FAULTS = 5

/**
 * What is wrong with a value, for people: fields, types and bounds, never values. What a check of somebody else says may
 * hold the value, so of those the tokens alone are shown.
 */
export function faultText(faults: readonly ContractFault[]): string {
  return faults.slice(0, NAMED_FAULTS).map(describeFault).join('; ')
}

function describeFault({ path, expected, actual, message }: ContractFault): string {
  if (!plainValidators.includes(expected)) return `${path}: expected ${expected}, found ${actual}`
  const [first = '', ...rest] = message.replace(/\.$/, '')
  return `${path}: ${first.toLowerCase()}${rest.join('')}, found ${actual}`
}
