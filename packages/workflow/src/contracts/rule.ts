import type { Json } from '@parley/spec'
import type { CheckRun } from './check-run.ts'
import type { Place } from './json-schema-place.ts'

/** One check of a compiled JSON Schema; faults go to the run. */
export type Check = (value: unknown, run: CheckRun) => void

/** A compiled JSON Schema. */
export interface Rule {
  readonly token: string
  readonly check: Check
}

/** Compiles a schema inside another one. */
export type CompileRule = (schema: Json, place: Place) => Rule
