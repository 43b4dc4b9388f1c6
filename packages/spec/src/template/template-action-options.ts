import type { Contract } from '../contract.ts'
import { checkOptions } from '../options.ts'
import { ParleyError } from '../parley-error.ts'
import type { Clock } from '../world.ts'
import { refuseCredentials } from './refuse-credentials.ts'

/** What one call of an action may say otherwise than its options. */
export interface TemplateCallOptions {
  /** Name of the model. */
  model?: string
  /** Text that the model is given as its instructions, as it is. */
  system?: string
  /** Longest answer, in tokens. @default the provider's */
  maxOutputTokens?: number
  /** @default the provider's */
  temperature?: number
  /** Longest wait for the whole answer, in seconds. @default 120 */
  timeout?: number
}

/** What every action that is made of a template may be given. */
export interface TemplateActionOptions extends TemplateCallOptions {
  /** What the answer has to be: asks for structured output, and the checked value is the result's `data`. */
  output?: Contract
  /** @default the machine's clock */
  clock?: Clock
}

/** What one call may say; also the first of the names that an action knows. */
export const templateCallOptions: readonly (keyof TemplateCallOptions)[] = [
  'model',
  'system',
  'maxOutputTokens',
  'temperature',
  'timeout',
]

/** Seconds: what fits into a timer. */
const maxTimeout = 2_147_483

const isText = (value: unknown): boolean => typeof value === 'string'
const isFunction = (value: unknown): boolean => typeof value === 'function'

const expectations: { readonly [option: string]: { expected: string; holds: (value: unknown) => boolean } } = {
  model: { expected: 'the name of a model', holds: (value) => typeof value === 'string' && value !== '' },
  system: { expected: 'a text', holds: isText },
  maxOutputTokens: {
    expected: 'a whole number from 1 up',
    holds: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 1,
  },
  temperature: {
    expected: 'a number from 0 up',
    holds: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
  },
  timeout: {
    expected: `seconds above 0, at most ${maxTimeout}`,
    holds: (value) => typeof value === 'number' && value > 0 && value <= maxTimeout,
  },
  output: {
    expected: 'a contract: a Schema, zod or another Standard Schema',
    holds: (value) =>
      ((typeof value === 'object' && value !== null) || typeof value === 'function') && '~standard' in value,
  },
  baseUrl: { expected: 'an https address', holds: isText },
  allowLocalhost: { expected: 'true or false', holds: (value) => typeof value === 'boolean' },
  fetch: { expected: 'a function', holds: isFunction },
  credentials: { expected: 'a CredentialSource, which is a function', holds: isFunction },
}

/**
 * Refuses credentials, unknown options and values that cannot be meant.
 * @param known - names that may be given
 * @throws {ParleyError} `invalid_options`
 */
export function checkActionOptions(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options === 'object' && options !== null) refuseCredentials(what, options)
  checkOptions(what, options, known)
  for (const [path, value] of Object.entries(options ?? {}) as [string, unknown][]) {
    const expectation = Object.hasOwn(expectations, path) ? expectations[path] : undefined
    if (value === undefined || expectation === undefined || expectation.holds(value)) continue
    throw new ParleyError({
      code: 'invalid_options',
      message: `${what}: ${path} has to be ${expectation.expected}.`,
      details: { path, expected: expectation.expected },
    })
  }
}
