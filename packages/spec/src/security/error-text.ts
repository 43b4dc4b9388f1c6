import { ParleyError } from '../parley-error.ts'
import { safeMessage } from './safe-message.ts'
import { shortenErrorText } from './shorten-error-text.ts'

/** How many errors of an `AggregateError` are told. */
const maxLines = 10

/** What is said of an error that cannot be read. */
const unreadable = 'An error that cannot be read was thrown.'

/**
 * The only text of a thrown value that may reach logs, stores, streams, answers and prompts: class name and cleaned
 * message, on one line of at most 500 characters. A `ParleyError` gives its message alone; an `AggregateError` becomes at
 * most 10 such lines. Causes and stacks are left out. Never throws.
 */
export function safeErrorText(error: unknown): string {
  try {
    const lines: string[] = []
    collectLines(error, lines, new Set())
    return lines.join('\n')
  } catch {
    // A getter or a proxy of somebody else's error threw. What it threw is no safer than the error was.
    return unreadable
  }
}

/** An error's class, as far as it is a name. Never throws. */
export function errorClassName(error: object): string {
  const name = readText(error, 'name')
  const isNamed = name !== undefined && name !== '' && name !== 'Error'
  const className = isNamed ? name : (constructorName(error) ?? 'Error')
  return /^[A-Za-z_$][\w$.]{0,63}$/.test(className) ? safeMessage(className) : 'Error'
}

function collectLines(error: unknown, lines: string[], seen: Set<object>): void {
  if (lines.length >= maxLines) return
  if (typeof error === 'object' && error !== null) {
    if (seen.has(error)) return
    seen.add(error)
    const inner = aggregated(error)
    for (let index = 0; index < inner.length && lines.length < maxLines; index++)
      collectLines(inner[index], lines, seen)
    if (inner.length > 0) return
  }
  lines.push(lineOf(error))
}

function aggregated(error: object): readonly unknown[] {
  if (!(error instanceof AggregateError) && readText(error, 'name') !== 'AggregateError') return []
  const errors: unknown = Reflect.get(error, 'errors')
  return Array.isArray(errors) ? errors : []
}

function lineOf(error: unknown): string {
  if (typeof error === 'string') return safeMessage(error)
  if (typeof error !== 'object' || error === null) return `A value that is no error was thrown: ${typeOf(error)}.`
  const message = readText(error, 'message')
  if (ParleyError.isInstance(error)) return safeMessage(message ?? '')
  if (!(error instanceof Error) && message === undefined) return 'A value that is no error was thrown: object.'
  const text = message === undefined ? '' : safeMessage(message)
  const name = errorClassName(error)
  // With the class name in front it may be too long again.
  return shortenErrorText(text === '' ? name : `${name}: ${text}`)
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}

function readText(error: object, key: string): string | undefined {
  try {
    const value: unknown = Reflect.get(error, key)
    return typeof value === 'string' ? value : undefined
  } catch {
    // A getter that throws: the error has no such text.
    return undefined
  }
}

/** Subclasses rarely set `name`. A minified class has a name that says nothing. */
function constructorName(error: object): string | undefined {
  try {
    const made: unknown = Reflect.get(error, 'constructor')
    const name = typeof made === 'function' ? made.name : ''
    return /(?:Error|Exception)$/.test(name) ? name : undefined
  } catch {
    return undefined
  }
}
