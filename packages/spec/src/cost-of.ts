import type { Measured, Price } from './budget-port.ts'

/**
 * The cost of a measured use in integer nano-USD; null when the price is unknown, never zero. Cached, reasoning and
 * audio tokens are part of the input and output counts and are priced apart.
 */
export function costOf(price: Price | undefined, used: Measured): number | null {
  if (price === undefined) return null
  const { cachedInputTokens: cached = 0, reasoningTokens: reasoning = 0 } = used
  const { audioInputTokens: audioIn = 0, audioOutputTokens: audioOut = 0 } = used
  const plainIn = Math.max(0, used.inputTokens - cached - audioIn)
  const plainOut = Math.max(0, used.outputTokens - reasoning - audioOut)
  const cost =
    plainIn * price.input +
    cached * (price.cachedInput ?? price.input) +
    audioIn * (price.audioInput ?? price.input) +
    plainOut * price.output +
    reasoning * (price.reasoning ?? price.output) +
    audioOut * (price.audioOutput ?? price.output) +
    (used.characters ?? 0) * (price.perCharacter ?? 0) +
    ((used.ms ?? 0) / 60_000) * (price.perMinute ?? 0) +
    (used.requests ?? 1) * (price.perRequest ?? 0)
  return Math.ceil(cost)
}
