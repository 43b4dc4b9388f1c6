import { errorCodes, type ErrorCode, type Json, type RunEvent } from '@parley/spec'

/** What only operators see: what went into a node, what it used, and why it was begun again. */
const hiddenFields: ReadonlySet<string> = new Set([
  'class',
  'errors',
  'faults',
  'guidance',
  'input',
  'inputs',
  'prompt',
  'reason',
  'token_usage',
  'tokens',
  'usage',
])

/** Fields whose inside belongs to users; what is in there is theirs to show. */
const openFields: ReadonlySet<string> = new Set(['output', 'outputs'])

/**
 * A run event as people may see it who do not operate the server: without inputs of nodes, usage, the text of errors and
 * reasons of restarts. `data` has the names of the wire. Of an error stays its code with the fixed sentence of that code.
 */
export function toPublicEvent(event: RunEvent): RunEvent {
  return { ...event, data: withoutHidden(event.data) }
}

function withoutHidden(data: { [key: string]: Json }): { [key: string]: Json } {
  const open: { [key: string]: Json } = {}
  for (const [key, value] of Object.entries(data)) {
    if (hiddenFields.has(key) || key === '__proto__') continue
    open[key] = key === 'error' ? publicError(value) : openFields.has(key) ? value : shown(value)
  }
  return open
}

function shown(value: Json): Json {
  if (Array.isArray(value)) return value.map(shown)
  return typeof value === 'object' && value !== null ? withoutHidden(value) : value
}

function publicError(error: Json): Json {
  const code = typeof error === 'object' && error !== null && !Array.isArray(error) ? error['code'] : undefined
  if (typeof code !== 'string' || !isErrorCode(code))
    return { code: 'step_failed', message: errorCodes.step_failed.sentence }
  return { code, message: errorCodes[code].sentence }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code)
}
