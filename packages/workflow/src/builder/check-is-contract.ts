import { ParleyError } from '@parley/spec'

/** Refuses a contract that is no schema of the Standard Schema family. @throws {ParleyError} `invalid_options` */
export function checkIsContract(contract: unknown, of: string, field: string): void {
  if (contract === undefined) return
  // Some libraries make their schemas functions.
  const canHave = (typeof contract === 'object' && contract !== null) || typeof contract === 'function'
  if (canHave && '~standard' in contract) return
  throw new ParleyError({
    code: 'invalid_options',
    message: `${field} of ${of} is no Standard Schema. Give a Schema, a zod schema or another one of that family.`,
    details: { path: field, expected: 'Standard Schema' },
  })
}
