import type { Content, Json, RoomEvent } from '@parley/spec'
import type { VirtualClock } from '../virtual-clock.ts'

/** What of a heard ledger the assertions read. */
export interface LedgerView {
  utterances: readonly {
    utteranceId: string
    agentId: string | null
    kind: string
    status: string
    words: readonly { text: string; played: boolean; confirmed: boolean }[]
  }[]
}

/** One utterance as it should stand in the ledger; what is left out is not looked at. */
export interface ExpectedUtterance {
  agentId?: string | null
  kind?: string
  status?: string
  /** Words that were played, joined by spaces. */
  heard?: string | RegExp
  /** Words that the far end has confirmed. */
  confirmed?: string | RegExp
  /** All words. */
  generated?: string | RegExp
}

/** Checks the utterances of a ledger, all of them, in order. @throws an `Error` that shows the first difference */
export function expectLedger(
  ledger: LedgerView | { toJSON(): LedgerView },
  expected: readonly ExpectedUtterance[],
): void {
  const { utterances } = 'toJSON' in ledger ? ledger.toJSON() : ledger
  const shown = utterances.map(({ agentId, kind, status, words }) => {
    const join = (which: (word: (typeof words)[number]) => boolean): string =>
      words
        .filter(which)
        .map(({ text }) => text)
        .join(' ')
    const [heard, confirmed] = [join(({ played }) => played), join((word) => word.confirmed)]
    return { agentId, kind, status, heard, confirmed, generated: join(() => true) }
  })
  expected.forEach((wanted, n) => {
    const actual = shown[n]
    if (actual === undefined) throw new Error(`The ledger has no utterance ${n}: it holds ${show(shown)}.`)
    for (const [key, value] of Object.entries(wanted)) {
      const found = (actual as Record<string, unknown>)[key]
      if (!fits(found, value)) {
        throw new Error(
          `Utterance ${n}: ${key} is ${show(found)}, not ${show(value)}. The ledger holds ${show(shown)}.`,
        )
      }
    }
  })
  if (shown.length > expected.length) {
    throw new Error(`The ledger holds ${shown.length} utterances, not ${expected.length}: ${show(shown)}.`)
  }
}

/** One entry as it should stand in a room's log; what is left out is not looked at. */
export interface ExpectedEntry {
  type?: string
  /** Who it is from. */
  from?: 'person' | 'agent' | 'system'
  channelId?: string
  medium?: string
  text?: string | RegExp
  interrupted?: boolean
}

/**
 * Checks that entries stand in a log in this order; others may stand between them unless `exact`.
 * @throws an `Error` that shows the log
 */
export function expectLog(
  events: readonly RoomEvent[],
  expected: readonly ExpectedEntry[],
  { exact = false }: { exact?: boolean } = {},
): void {
  const shown = events.map((event) => ({
    type: event.type,
    from: event.source.kind,
    channelId: event.source.channelId,
    medium: event.source.medium,
    text: textOf(event.content),
    interrupted: event.content.type === 'text' && event.content.interrupted === true,
  }))
  let at = 0
  for (const [n, wanted] of expected.entries()) {
    const fitsWanted = (entry: (typeof shown)[number]): boolean =>
      Object.entries(wanted).every(([key, value]) => fits((entry as Record<string, unknown>)[key], value))
    const found = shown.findIndex((entry, index) => index >= at && fitsWanted(entry))
    if (found < 0 || (exact && found !== at)) {
      throw new Error(`The log has no entry ${n}, ${show(wanted)}, after entry ${at - 1}. It holds ${show(shown)}.`)
    }
    at = found + 1
  }
  if (exact && shown.length !== expected.length) {
    throw new Error(`The log holds ${shown.length} entries, not ${expected.length}: ${show(shown)}.`)
  }
}

/** Finds the first receipt of a kind whose data hold these values. @throws an `Error` that shows the receipts of the kind */
export function expectReceipt<R extends { data: Json } & ({ kind: string } | { what: string })>(
  receipts: readonly R[],
  kind: string,
  data: Record<string, Json | RegExp> = {},
): R {
  const kindOf = (receipt: R): string => ('kind' in receipt ? receipt.kind : receipt.what)
  const found = receipts.find((receipt) => {
    if (kindOf(receipt) !== kind) return false
    const held = receipt.data
    if (typeof held !== 'object' || held === null || Array.isArray(held)) return Object.keys(data).length === 0
    return Object.entries(data).every(([key, value]) => fits(held[key], value))
  })
  if (found !== undefined) return found
  const same = receipts.filter((receipt) => kindOf(receipt) === kind).map((receipt) => receipt.data)
  const kinds = [...new Set(receipts.map(kindOf))].join(', ')
  throw new Error(`No receipt ${kind} holds ${show(data)}. Of that kind: ${show(same)}. Kinds: ${kinds}.`)
}

/** Options of `expectNoLeak`. */
export interface NoLeakOptions {
  /** Its timers must be gone. */
  clock?: VirtualClock
  /** Counts of what must be back where it was: streams of fakes, listeners, connections. */
  counts?: Record<string, () => number>
  /** Kinds of the process's own resources that do not matter. @default none */
  ignore?: readonly string[]
}

/**
 * Runs something and checks that no timer, socket or worker of the process, no timer of the clock and nothing that is
 * counted is left. @throws an `Error` that names what is left
 */
export async function expectNoLeak(
  run: () => Promise<void>,
  { clock, counts = {}, ignore = [] }: NoLeakOptions = {},
): Promise<void> {
  const measure = (): Map<string, number> => {
    const found = new Map<string, number>()
    for (const kind of process.getActiveResourcesInfo()) {
      if (!ignore.includes(kind) && kind !== 'Immediate') found.set(kind, (found.get(kind) ?? 0) + 1)
    }
    if (clock !== undefined) found.set('timers of the clock', clock.pending)
    for (const [name, count] of Object.entries(counts)) found.set(name, count())
    return found
  }
  const before = measure()
  await run()
  // What was closed is gone from the process a few turns of the loop later.
  for (let turn = 0; turn < 50; turn++) {
    if (leftOver(before, measure()).length === 0) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  const left = leftOver(before, measure())
  if (left.length > 0) throw new Error(`Something is left: ${left.join(', ')}.`)
}

function leftOver(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  return [...after]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
    .map(([kind, count]) => `${count - (before.get(kind) ?? 0)} ${kind}`)
}

function textOf(content: Content): string {
  switch (content.type) {
    case 'text':
    case 'note':
    case 'system':
      return content.text
    case 'rich':
      return content.plainText ?? content.body
    case 'dtmf':
      return content.digits
    case 'edit':
      return textOf(content.content)
    case 'toolCall':
      return content.name
    default:
      return ''
  }
}

function fits(actual: unknown, wanted: unknown): boolean {
  if (wanted instanceof RegExp) return typeof actual === 'string' && wanted.test(actual)
  return actual === wanted || JSON.stringify(actual) === JSON.stringify(wanted)
}

function show(value: unknown): string {
  return value instanceof RegExp
    ? String(value)
    : JSON.stringify(value, (_, inner: unknown) => (inner instanceof RegExp ? String(inner) : inner))
}
