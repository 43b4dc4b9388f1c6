import {
  checkOptions,
  ParleyError,
  toJsonSchema,
  type Contract,
  type Json,
  type JsonSchema,
  type WaitSpec,
} from '@parley/spec'

/** When a wait ends without an answer, and how. */
export interface WaitEnd {
  /** Seconds. @default no end */
  timeout?: number
  /** @default 'reject' */
  onTimeout?: 'reject' | 'default' | 'fail'
  /** Taken with `onTimeout: 'default'`. */
  default?: Json
}

/** What a person is asked for. */
export interface ApprovalOptions extends WaitEnd {
  /** What the answer's data must satisfy: JSON Schema, or a contract that has one. */
  schema?: JsonSchema | Contract
  /** Who may answer. @default whoever holds the token */
  approvers?: string[]
  /** Shown to the person; a template. */
  show?: string
}

/** Which event is waited for. */
export interface EventOptions extends WaitEnd {
  /** What the event's data must hold. */
  match?: Json
  schema?: JsonSchema | Contract
}

const endOptions: readonly string[] = ['timeout', 'onTimeout', 'default']

/** Steps at which a run waits, without holding anything: `new Step({ name: 'review', action: wait.approval() })`. */
export const wait: {
  /** For a person. @throws {ParleyError} `invalid_options`, `tool_schema_unsupported` */
  approval(options?: ApprovalOptions): WaitSpec
  /** For an event of this name. @throws {ParleyError} `invalid_options`, `tool_schema_unsupported` */
  event(name: string, options?: EventOptions): WaitSpec
  /** For milliseconds, or until an instant. @throws {ParleyError} `invalid_options` */
  timer(until: number | string | Date): WaitSpec
} = {
  approval(options = {}) {
    checkOptions('wait.approval', options, [...endOptions, 'schema', 'approvers', 'show'])
    const { schema, onTimeout = 'reject', ...rest } = options
    return { type: 'approval', onTimeout, ...rest, ...(schema && { schema: schemaOf(schema) }) }
  },
  event(name, options = {}) {
    checkOptions('wait.event', options, [...endOptions, 'match', 'schema'])
    if (typeof name !== 'string' || name === '')
      throw new ParleyError({ code: 'invalid_options', message: 'wait.event needs the name of an event.' })
    const { schema, onTimeout = 'reject', ...rest } = options
    return { type: 'event', name, onTimeout, ...rest, ...(schema && { schema: schemaOf(schema) }) }
  },
  timer(until) {
    if (typeof until === 'number') return { type: 'timer', ms: until, onTimeout: 'reject' }
    const at = new Date(until)
    if (!Number.isNaN(at.getTime())) return { type: 'timer', at: at.toISOString(), onTimeout: 'reject' }
    throw new ParleyError({
      code: 'invalid_options',
      message: 'wait.timer takes milliseconds or an instant such as "2026-01-31T09:30:00Z".',
    })
  },
}

function schemaOf(schema: JsonSchema | Contract): JsonSchema {
  return isContract(schema) ? toJsonSchema(schema) : schema
}

function isContract(schema: JsonSchema | Contract): schema is Contract {
  return '~standard' in schema
}
