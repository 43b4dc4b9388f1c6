import type { Measured, Price, PriceTable } from './budget-port.ts'
import type { Instant } from './json.ts'
import { ParleyError } from './parley-error.ts'

const nanoPerUsd = 1_000_000_000

/**
 * What a call costs in integer nano-USD. `null` means the price is unknown, never zero. Cached, reasoning and audio tokens
 * are part of the input and output counts and are priced apart; without `requests` it is one.
 * @throws `budget_invalid` for amounts that are negative, not whole, or too large to count
 */
export function costOf(price: Price | undefined, usage: Measured): number | null {
  const { inputTokens, outputTokens, cachedInputTokens: cached = 0, reasoningTokens: thought = 0 } = usage
  const { audioInputTokens: heard = 0, audioOutputTokens: spoken = 0, characters = 0, ms = 0, requests = 1 } = usage
  for (const [name, amount] of Object.entries({
    inputTokens,
    outputTokens,
    cached,
    thought,
    heard,
    spoken,
    characters,
    ms,
    requests,
  })) {
    checkAmount(name, amount)
  }
  if (price === undefined) return null
  const isPriced =
    inputTokens + outputTokens > 0 ||
    (characters > 0 && price.perCharacter !== undefined) ||
    (ms > 0 && price.perMinute !== undefined)
  if (!isPriced && (characters > 0 || ms > 0)) return null
  // Parts of a whole never count for more than the whole.
  const plainInput = Math.max(0, inputTokens - cached - heard)
  const plainOutput = Math.max(0, outputTokens - thought - spoken)
  const cost =
    plainInput * price.input +
    cached * (price.cachedInput ?? price.input) +
    heard * (price.audioInput ?? price.input) +
    plainOutput * price.output +
    thought * (price.reasoning ?? price.output) +
    spoken * (price.audioOutput ?? price.output) +
    characters * (price.perCharacter ?? 0) +
    Math.ceil((ms * (price.perMinute ?? 0)) / 60_000) +
    requests * (price.perRequest ?? 0)
  checkAmount('cost', cost)
  return cost
}

/** The price of a model that is valid at an instant: of its rows the latest that has begun. */
export function priceAt(table: PriceTable, model: string, at: Instant): Price | undefined {
  let found: PriceTable['entries'][number] | undefined
  for (const entry of table.entries) {
    if (entry.model !== model || entry.from > at) continue
    if (found === undefined || entry.from > found.from) found = entry
  }
  if (found === undefined) return undefined
  const { model: _model, ...price } = found
  return price
}

/**
 * An amount of US dollars as integer nano-USD.
 * @throws `budget_invalid` for NaN, negative amounts, more than nine places, and amounts too large to count
 */
export function toNanoUsd(usd: number, path = 'maxCostUsd'): number {
  const nano = Math.round(usd * nanoPerUsd)
  // Division is correctly rounded, so it gives back the number exactly when nine places were enough.
  if (Number.isSafeInteger(nano) && nano >= 0 && nano / nanoPerUsd === usd) return nano
  throw new ParleyError({
    code: 'budget_invalid',
    message: `${path} is ${usd}. Give US dollars from 0 up, with at most nine places.`,
    details: { path, expected: 'US dollars, at most nine places' },
  })
}

/** Integer nano-USD as US dollars. */
export function toUsd(nanoUsd: number): number {
  return nanoUsd / nanoPerUsd
}

/**
 * Refuses an amount that cannot be counted with.
 * @throws `budget_invalid`
 */
export function checkAmount(name: string, amount: number): void {
  if (Number.isSafeInteger(amount) && amount >= 0) return
  throw new ParleyError({
    code: 'budget_invalid',
    message: `${name} is ${amount}. Give a whole number from 0 up to 2^53 - 1.`,
    details: { path: name, expected: 'a whole number from 0 up' },
  })
}
