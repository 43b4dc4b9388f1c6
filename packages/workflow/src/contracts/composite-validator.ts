import type { ValidationContext } from './validation-context.ts'
import type { Validator, ValidatorResult } from './validator.ts'

/** Validators as one: they run in order, and the first that fails is the answer. */
export class CompositeValidator implements Validator {
  readonly name: string = 'all'
  readonly isPaid: boolean
  readonly checksAbsent: boolean
  readonly validators: readonly Validator[]

  constructor(validators: readonly Validator[]) {
    this.validators = [...validators]
    this.isPaid = validators.some((validator) => validator.isPaid === true)
    this.checksAbsent = validators.some((validator) => validator.checksAbsent === true)
  }

  check(value: unknown, context: ValidationContext): ValidatorResult | Promise<ValidatorResult> {
    return this.#checkFrom(0, value, context)
  }

  #checkFrom(start: number, value: unknown, context: ValidationContext): ValidatorResult | Promise<ValidatorResult> {
    const isAbsent = value === undefined || value === null
    for (let index = start; index < this.validators.length; index++) {
      const validator = this.validators[index]
      // As outside of a composite: what is absent has nothing to check but whether it may be.
      if (validator === undefined || (isAbsent && this.checksAbsent && validator.checksAbsent !== true)) continue
      const result = validator.check(value, context)
      if (result instanceof Promise) {
        return result.then((answer) => (answer.ok ? this.#checkFrom(index + 1, value, context) : answer))
      }
      if (!result.ok) return result
    }
    return { ok: true }
  }
}
