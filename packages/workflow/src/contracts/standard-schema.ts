import { ParleyError, type Contract } from '@parley/spec'

/** One fault, as a schema of the Standard Schema family tells it. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What such a schema says of a value. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** What a schema of the family has at `~standard`. @see https://standardschema.dev */
export interface StandardProps<Output> {
  readonly version: 1
  readonly vendor: string
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
  readonly types?: { readonly input: unknown; readonly output: Output } | undefined
}

/** Whether a value is a schema of the Standard Schema family, version 1. */
export function isContract(value: unknown): value is Contract {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  if (!('~standard' in value)) return false
  const props = value['~standard']
  if (typeof props !== 'object' || props === null) return false
  return 'version' in props && props.version === 1 && 'validate' in props && typeof props.validate === 'function'
}

/**
 * Gives a value back as a contract.
 * @param what - names the place in the message, such as `The output contract of step "plan"`
 * @throws {ParleyError} `invalid_options` when it is no Standard Schema
 */
export function requireContract(value: unknown, what: string): Contract {
  if (isContract(value)) return value
  throw new ParleyError({
    code: 'invalid_options',
    message: `${what} is not a Standard Schema. Pass a zod schema, a Schema, or any schema with "~standard".`,
    details: { path: what, expected: 'Standard Schema' },
  })
}
