import { checkOptions, ParleyError, toNanoUsd, type SpeechPricing } from '@parley/spec'

import type { CallBudgetOptions } from '../options/voice-options.ts'

/** What costs money in a call. */
export type CostStage = 'model' | 'stt' | 'tts' | 'realtime' | 'telephony' | 'recording'

/** What a call cost so far, in integer nano-USD. */
export interface CallCostReport {
  totalNanoUsd: number
  stages: Partial<Record<CostStage, number>>
  /** Parts without a price, as `<stage>:<provider>`: they cost something, and not 0. */
  unknown: string[]
  /** Segments and characters that came from the cache: they cost nothing. */
  cached: { segments: number; characters: number }
}

/** A cap that was crossed, told once. */
export type BudgetCrossing =
  | { cap: 'soft'; action: 'notify' | 'downgrade' }
  | { cap: 'hard'; action: 'wrapUp' | 'transfer' | 'end' }

/** Adds up what a call costs. */
export interface CallCost {
  /** A model's cost; `null` where its price is unknown. */
  model(provider: string, costNanoUsd: number | null, stage?: 'model' | 'realtime'): void
  stt(provider: string, audioMs: number, pricing: SpeechPricing | undefined): void
  tts(provider: string, characters: number, pricing: SpeechPricing | undefined): void
  /** Speech from the cache. */
  cachedTts(characters: number): void
  /** The line's whole time so far: billed by the started minute. */
  telephony(provider: string, totalMs: number, perMinute: number | undefined): void
  /** The recording's whole time so far. */
  recording(provider: string, totalMs: number, perMinute: number | undefined): void
  report(): CallCostReport
  /** Caps crossed since the last call of this. */
  crossings(): BudgetCrossing[]
}

/** The defaults of a call's budget. */
export const callBudgetDefaults = { onSoft: 'notify', onHard: 'wrapUp' } as const

interface Part {
  stage: CostStage
  nano: number
  ms: number
  pricing: SpeechPricing | undefined
}

/**
 * Makes the account of one call.
 * @throws {ParleyError} `invalid_options`, `budget_invalid`
 */
export function createCallCost(budget: CallBudgetOptions = {}): CallCost {
  checkOptions('callBudget', budget, ['softUsd', 'hardUsd', ...Object.keys(callBudgetDefaults)])
  const { softUsd, hardUsd, onSoft, onHard } = { ...callBudgetDefaults, ...budget }
  const soft = softUsd === undefined ? null : toNanoUsd(softUsd, 'callBudget.softUsd')
  const hard = hardUsd === undefined ? null : toNanoUsd(hardUsd, 'callBudget.hardUsd')
  if (soft !== null && hard !== null && soft > hard) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'callBudget: softUsd is above hardUsd. Give a soft cap up to the hard one.',
      details: { path: 'callBudget.softUsd' },
    })
  }
  const parts = new Map<string, Part>()
  const unknown = new Set<string>()
  const cached = { segments: 0, characters: 0 }
  const crossed = new Set<'soft' | 'hard'>()

  function partOf(stage: CostStage, provider: string, pricing?: SpeechPricing): Part {
    const key = `${stage}:${provider}`
    const known = parts.get(key) ?? { stage, nano: 0, ms: 0, pricing }
    parts.set(key, known)
    return known
  }

  function speech(
    stage: 'stt' | 'tts',
    provider: string,
    ms: number,
    characters: number,
    pricing: SpeechPricing | undefined,
  ): void {
    const price = stage === 'stt' ? pricing?.perMinute : (pricing?.perCharacter ?? pricing?.perMinute)
    if (pricing === undefined || (price === undefined && pricing.perRequest === undefined)) {
      if (ms > 0 || characters > 0) unknown.add(`${stage}:${provider}`)
      return
    }
    const part = partOf(stage, provider, pricing)
    part.ms += ms
    part.nano += characters * (pricing.perCharacter ?? 0) + (pricing.perRequest ?? 0)
  }

  function line(
    stage: 'telephony' | 'recording',
    provider: string,
    totalMs: number,
    perMinute: number | undefined,
    isStarted: boolean,
  ): void {
    if (perMinute === undefined) {
      if (totalMs > 0) unknown.add(`${stage}:${provider}`)
      return
    }
    const minutes = totalMs / 60_000
    const part = partOf(stage, provider)
    part.nano = Math.max(part.nano, Math.ceil((isStarted ? Math.ceil(minutes) : minutes) * perMinute))
  }

  /** Time is priced as a whole, so that rounding up happens once. */
  const costOf = ({ nano, ms, pricing }: Part): number => nano + Math.ceil((ms * (pricing?.perMinute ?? 0)) / 60_000)

  function report(): CallCostReport {
    const stages: Partial<Record<CostStage, number>> = {}
    let totalNanoUsd = 0
    for (const part of parts.values()) {
      stages[part.stage] = (stages[part.stage] ?? 0) + costOf(part)
      totalNanoUsd += costOf(part)
    }
    return { totalNanoUsd, stages, unknown: [...unknown].sort(), cached: { ...cached } }
  }

  return {
    model(provider, costNanoUsd, stage = 'model') {
      if (costNanoUsd === null) unknown.add(`${stage}:${provider}`)
      else partOf(stage, provider).nano += costNanoUsd
    },
    stt: (provider, audioMs, pricing) => speech('stt', provider, audioMs, 0, pricing),
    tts: (provider, characters, pricing) => speech('tts', provider, 0, characters, pricing),
    cachedTts(characters) {
      cached.segments += 1
      cached.characters += characters
    },
    telephony: (provider, totalMs, perMinute) => line('telephony', provider, totalMs, perMinute, true),
    recording: (provider, totalMs, perMinute) => line('recording', provider, totalMs, perMinute, false),
    report,
    crossings() {
      const { totalNanoUsd } = report()
      const found: BudgetCrossing[] = []
      if (soft !== null && totalNanoUsd >= soft && !crossed.has('soft')) {
        crossed.add('soft')
        found.push({ cap: 'soft', action: onSoft })
      }
      if (hard !== null && totalNanoUsd >= hard && !crossed.has('hard')) {
        crossed.add('hard')
        found.push({ cap: 'hard', action: onHard })
      }
      return found
    },
  }
}
