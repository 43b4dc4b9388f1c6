import type { ValidationContext } from './validation-context.ts'

/** What a validator says of a value. */
export type ValidatorResult =
  | { ok: true; metadata?: { [key: string]: number } }
  /** `message` says what is wrong and holds nothing of the value. */
  | { ok: false; message: string; metadata?: { [key: string]: number } }

/** A check of one field beyond its type. */
export interface Validator {
  /** Shown as what was expected, as a token. */
  readonly name: string
  /** Asks a model. Such validators run last, and only when nothing else is wrong. @default false */
  readonly isPaid?: boolean
  /** Also runs where an optional field is absent or null; others have nothing to check there. @default false */
  readonly checksAbsent?: boolean
  check(value: unknown, context: ValidationContext): ValidatorResult | Promise<ValidatorResult>
}
