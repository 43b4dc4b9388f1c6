import { ParleyError, type ContractFault } from '@parley/spec'
import { formatPath, type PathKey } from './fault-path.ts'
import { toToken, typeToken } from './type-token.ts'
import { DEFAULT_VALIDATION_TIMEOUT_MS, type ValidationContext } from './validation-context.ts'
import type { Validator, ValidatorResult } from './validator.ts'
import { withinTime } from './within-time.ts'

/** A fault whose place is not complete yet. `path` runs from the inside out. */
interface FaultNote {
  kind: 'fault'
  path: PathKey[]
  expected: string
  actual: string
  message: string
}
/** A check that could not be made. */
interface BrokenNote {
  kind: 'broken'
  path: PathKey[]
  what: string
  expected: string
  why: string
}
interface WaitNote {
  kind: 'wait'
  path: PathKey[]
  pending: Pending
}
interface PaidNote {
  kind: 'paid'
  path: PathKey[]
  validator: Validator
  value: unknown
}
/** A fault with its path in parts. */
export interface PlacedFault {
  readonly keys: readonly PathKey[]
  readonly fault: ContractFault
}

type Note = FaultNote | BrokenNote | WaitNote | PaidNote

/**
 * One validation of one value: what was found so far. Paths are put together on the way back from a fault, so that a
 * value without faults costs nothing.
 */
export class CheckRun {
  readonly context: ValidationContext
  /** Notes so far; read it before a check, and hand it to `under` after it. */
  size = 0
  /** Faults so far. */
  faultCount = 0
  #notes: Note[] | undefined

  constructor(context: ValidationContext) {
    this.context = context
  }

  /** A value that is not of the type or kind that was expected. */
  fault(expected: string, value: unknown, message?: string, path: PathKey[] = []): void {
    const actual = typeToken(value)
    this.faultCount++
    this.#note({
      kind: 'fault',
      path: path.toReversed(),
      expected: toToken(expected),
      actual,
      message: (message ?? `Expected ${expected}, got ${actual}.`).slice(0, 500),
    })
  }

  /**
   * A check that threw. Its text is not kept: it may hold the value.
   * @throws `thrown` when it is a decision about the run: the budget is exhausted, or the run was stopped
   */
  broken(what: string, thrown: unknown): void {
    if (this.context.signal.aborted) throw thrown
    if (ParleyError.isInstance(thrown) && thrown.code === 'budget_exceeded') throw thrown
    this.faultCount++
    this.#note({ kind: 'broken', path: [], what, expected: 'validation', why: 'threw' })
  }

  /** Puts the notes since `size` under a key: they came from the value there. */
  under(key: PathKey, since: number): void {
    const notes = this.#notes
    if (notes === undefined) return
    for (let index = since; index < notes.length; index++) notes[index]?.path.push(key)
  }

  /** Waits for a schema or validator; `read` gets the answer and a run of its own for what it finds in it. */
  wait<Value>(what: string, work: Promise<Value>, read: (value: Value, run: CheckRun) => unknown): Pending {
    const inner = new CheckRun(this.context)
    const { timeoutMs = DEFAULT_VALIDATION_TIMEOUT_MS } = this.context
    const settled = withinTime(work, timeoutMs, this.context).then(
      (timed) => {
        if (timed.done) return read(timed.value, inner)
        inner.#late(what, timeoutMs)
        return undefined
      },
      (thrown: unknown) => inner.broken(what, thrown),
    )
    return this.pending(new Pending(inner, settled))
  }

  /** Waits for several things that belong to one value, which is complete afterwards. */
  waitForAll(parts: readonly Pending[], value: unknown, failed: boolean): Pending {
    const settled = Promise.all(parts.map((part) => part.settled)).then(() => value)
    return this.pending(new Pending(new CheckRun(this.context), settled, parts, failed))
  }

  pending(pending: Pending): Pending {
    this.#note({ kind: 'wait', path: [], pending })
    return pending
  }

  /** Runs validators on a value whose type is right. */
  validate(validators: readonly Validator[], value: unknown): void {
    const isAbsent = value === undefined || value === null
    for (const validator of validators) {
      if (isAbsent && validator.checksAbsent !== true) continue
      if (validator.isPaid === true) this.#note({ kind: 'paid', path: [], validator, value })
      else this.#check(validator, value)
    }
  }

  #check(validator: Validator, value: unknown): void {
    let result: ValidatorResult | Promise<ValidatorResult>
    try {
      result = validator.check(value, this.context)
    } catch (thrown) {
      this.broken(validator.name, thrown)
      return
    }
    if (result instanceof Promise) {
      this.wait(validator.name, result, (answer, run) => run.#read(validator, value, answer))
    } else this.#read(validator, value, result)
  }

  #read(validator: Validator, value: unknown, result: ValidatorResult): void {
    if (!result.ok) this.fault(validator.name, value, result.message)
  }

  #late(what: string, timeoutMs: number): void {
    this.faultCount++
    const why = `took longer than ${timeoutMs} ms`
    this.#note({ kind: 'broken', path: [], what, expected: 'validation_in_time', why })
  }

  #note(note: Note): void {
    this.#notes ??= []
    this.#notes.push(note)
    this.size++
  }

  /** All faults, at once where nothing is waited for. Paid validators run only when there is no other fault. */
  faults(): PlacedFault[] | Promise<PlacedFault[]> {
    const notes = this.#notes ?? []
    const isSettled = notes.every((note) => note.kind === 'fault' || note.kind === 'broken')
    return isSettled ? notes.flatMap((note) => toFault(note, [])) : this.#settle()
  }

  async #settle(): Promise<PlacedFault[]> {
    const free: PlacedFault[] = []
    const paid: PaidNote[] = []
    await this.#gather([], free, paid)
    if (free.length > 0) return free
    const judged = await Promise.all(paid.map((note) => this.#judge(note)))
    return judged.flat()
  }

  async #gather(above: readonly PathKey[], faults: PlacedFault[], paid: PaidNote[]): Promise<void> {
    const notes = this.#notes ?? []
    await Promise.all(notes.flatMap((note) => (note.kind === 'wait' ? [note.pending.settled] : [])))
    for (const note of notes) {
      if (note.kind === 'wait') await note.pending.run.#gather([...note.path, ...above], faults, paid)
      else if (note.kind === 'paid') paid.push({ ...note, path: [...note.path, ...above] })
      else faults.push(...toFault(note, above))
    }
  }

  async #judge({ validator, value, path }: PaidNote): Promise<PlacedFault[]> {
    const run = new CheckRun(this.context)
    run.#check(validator, value)
    const faults: PlacedFault[] = []
    await run.#gather(path, faults, [])
    return faults
  }
}

/** A value that is known later. */
export class Pending {
  readonly run: CheckRun
  /** The value; when the run has faults it means nothing. Rejects only with a decision about the run. */
  settled: Promise<unknown>
  readonly #parts: Pending[]
  readonly #hasFailed: boolean

  constructor(run: CheckRun, settled: Promise<unknown>, parts: readonly Pending[] = [], hasFailed = false) {
    this.run = run
    this.settled = settled
    this.#parts = [...parts]
    this.#hasFailed = hasFailed
    // It is awaited when all checks have begun; until then a rejection is not unhandled.
    settled.catch(() => {})
  }

  /** Whether the value, as far as it is known, has faults. */
  get hasFailed(): boolean {
    return this.#hasFailed || this.run.faultCount > 0 || this.#parts.some((part) => part.hasFailed)
  }

  /** Goes on with the value once it is there, unless it has faults. */
  map(next: (value: unknown, run: CheckRun) => unknown): this {
    this.settled = this.settled.then((value) => {
      if (this.hasFailed) return value
      const result = next(value, this.run)
      if (!(result instanceof Pending)) return result
      this.#parts.push(result)
      return result.settled
    })
    this.settled.catch(() => {})
    return this
  }
}

function toFault(note: Note, above: readonly PathKey[]): PlacedFault[] {
  if (note.kind === 'wait' || note.kind === 'paid') return []
  const keys = [...note.path, ...above].toReversed()
  const path = formatPath(keys)
  if (note.kind === 'broken') {
    const message = `The check "${note.what}" of ${path} ${note.why}. The value counts as not valid.`
    const { expected } = note
    return [{ keys, fault: { path: '<internal>', expected, actual: 'unknown', message, severity: 'error' } }]
  }
  const { expected, actual, message } = note
  return [{ keys, fault: { path, expected, actual, message, severity: 'error' } }]
}
