import type { Json, JsonSchema } from '@parley/spec'

/** A workflow that comes with the package: a document of prompt steps, as plain data. It changes only by a new version. */
export interface BuiltInTemplate {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly input: JsonSchema
  /** As documents write them. */
  readonly steps: readonly { readonly [key: string]: Json }[]
  /** Templates by the key of the result. */
  readonly outputs: { readonly [key: string]: string }
}
