import { conditionError } from './condition-error.ts'

/** The most operations that one evaluation may take. */
export const maxOperations = 1_000_000

/** Characters that are read or written at the cost of one operation. */
const charactersPerOperation = 256

/** Counts what an evaluation costs, so that data and logic of anybody end within a known time. */
export interface OperationMeter {
  /** @throws {ParleyError} `condition_error` above `maxOperations` */
  spend(operations: number): void
  /** For work on this many characters. @throws {ParleyError} `condition_error` above `maxOperations` */
  spendCharacters(characters: number): void
  /** Begins another evaluation. */
  reset(): void
}

/** Makes a meter that stands at zero. */
export function createOperationMeter(): OperationMeter {
  let spent = 0
  const spend = (operations: number): void => {
    spent += operations
    if (spent > maxOperations) {
      throw conditionError(
        `The condition takes more than ${maxOperations} operations. Let a step work on large lists and texts, and test its result.`,
        { limit: 'operations', max: maxOperations },
      )
    }
  }
  return {
    spend,
    spendCharacters: (characters) => spend(Math.floor(characters / charactersPerOperation)),
    reset: () => {
      spent = 0
    },
  }
}
