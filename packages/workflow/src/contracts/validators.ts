import { checkOptions, ParleyError } from '@parley/spec'
import { codePointLength } from './code-point-length.ts'
import { CompositeValidator } from './composite-validator.ts'
import { LLMValidator, type LLMValidatorOptions } from './llm-validator.ts'
import { createStartPattern, flagsOfText, refusePattern, type RegexEngine } from './safe-pattern.ts'
import type { ValidationContext } from './validation-context.ts'
import type { Validator, ValidatorResult } from './validator.ts'

/** Bounds of a number or a length; both ends are allowed. */
export interface Bounds {
  min?: number
  max?: number
}

/** Options of `v.pattern`. */
export interface PatternOptions {
  /** Runs the pattern in linear time; without it, patterns that may be slow are refused. */
  regexEngine?: RegexEngine
}

/** A check written by hand: true passes, a text says what is wrong, anything falsy fails. */
export type CustomCheck = (
  value: unknown,
  context: ValidationContext,
) => boolean | string | null | undefined | Promise<boolean | string | null | undefined>

/** Checks of a field beyond its type. */
export interface Validators {
  /** A number within bounds. @throws {ParleyError} `invalid_options` */
  range(bounds: Bounds): Validator
  /** Characters of a text, or items of a list. @throws {ParleyError} `invalid_options` */
  length(bounds: Bounds): Validator
  /** A text that matches from its first character on. @throws {ParleyError} `invalid_options` for a bad or slow pattern */
  pattern(pattern: string | RegExp, options?: PatternOptions): Validator
  /** One of these values, strictly equal. @throws {ParleyError} `invalid_options` */
  oneOf(values: readonly unknown[]): Validator
  /** Not null, not absent, no text of white space only, no empty list or object. */
  notEmpty(): Validator
  custom(check: CustomCheck): Validator
  /** Judged by a model. @throws {ParleyError} `invalid_options` */
  llm(options: LLMValidatorOptions): Validator
  /** All of them in order, up to the first that fails. */
  all(validators: readonly Validator[]): Validator
}

/** Makes validators: `v.range v.length v.pattern v.oneOf v.notEmpty v.custom v.llm v.all`. */
export const v: Validators = {
  range(bounds) {
    const { min = -Infinity, max = Infinity } = checkBounds('v.range', bounds)
    const message = `The number must be ${boundsText(bounds)}.`
    return simple('range', message, (value) => typeof value === 'number' && value >= min && value <= max)
  },
  length(bounds) {
    const { min = 0, max = Infinity } = checkBounds('v.length', bounds)
    return simple('length', `The length must be ${boundsText(bounds)}.`, (value) => {
      const length = lengthOf(value)
      return length !== undefined && length >= min && length <= max
    })
  },
  pattern(pattern, options = {}) {
    checkOptions('v.pattern', options, ['regexEngine'])
    const { source, flags } = typeof pattern === 'string' ? { source: pattern, flags: flagsOfText(pattern) } : pattern
    const refusal = refusePattern(source, { ...options, flags })
    if (refusal !== undefined) throw invalid('v.pattern', `refuses the pattern: ${refusal}`)
    const matches = createStartPattern(source, flags, options.regexEngine)
    return simple(
      'pattern',
      'The text does not match the pattern.',
      (value) => typeof value === 'string' && matches(value),
    )
  },
  oneOf(values) {
    if (!Array.isArray(values)) throw invalid('v.oneOf', 'takes a list of values')
    const message = 'The value is not among those that are allowed.'
    return simple('one_of', message, (value) => values.some((allowed) => allowed === value))
  },
  notEmpty() {
    const validator = simple('not_empty', 'The value is empty.', (value) => !isEmpty(value))
    return { ...validator, checksAbsent: true }
  },
  custom(check) {
    if (typeof check !== 'function') throw invalid('v.custom', 'takes a function')
    return {
      name: 'custom',
      check: (value, context) => {
        const answer = check(value, context)
        return answer instanceof Promise ? answer.then(readCustom) : readCustom(answer)
      },
    }
  },
  llm: (options) => new LLMValidator(options),
  all: (validators) => new CompositeValidator(validators),
}

const passed: ValidatorResult = { ok: true }

function simple(name: string, message: string, holds: (value: unknown) => boolean): Validator {
  const failed: ValidatorResult = { ok: false, message }
  return { name, check: (value) => (holds(value) ? passed : failed) }
}

function readCustom(answer: unknown): ValidatorResult {
  if (answer === true) return passed
  const message = typeof answer === 'string' && answer !== '' ? answer : 'The value is not allowed.'
  return { ok: false, message }
}

function checkBounds(what: string, bounds: Bounds): Bounds {
  checkOptions(what, bounds, ['min', 'max'])
  const { min, max } = bounds
  for (const bound of [min, max]) {
    if (bound !== undefined && (typeof bound !== 'number' || Number.isNaN(bound))) throw invalid(what, 'takes numbers')
  }
  if (min !== undefined && max !== undefined && min > max) throw invalid(what, 'has a min above its max')
  return bounds
}

function boundsText({ min, max }: Bounds): string {
  if (min === undefined) return max === undefined ? 'any' : `at most ${max}`
  return max === undefined ? `at least ${min}` : `${min} to ${max}`
}

function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string') return codePointLength(value)
  return Array.isArray(value) ? value.length : undefined
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (typeof value === 'string') return value.trim() === ''
  if (typeof value !== 'object') return false
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}

function invalid(what: string, why: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `${what} ${why}.`,
    details: { path: what },
  })
}
