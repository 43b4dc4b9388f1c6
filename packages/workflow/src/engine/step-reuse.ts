import { ParleyError, toParleyError, type Json, type ModelReceipt, type StepCacheEntry } from '@parley/spec'
import { validateValue, type Validated } from '../contracts/validate-value.ts'
import { withinTime } from '../contracts/within-time.ts'
import { copyToJson } from '../state/copy-json.ts'
import { checkAnswer } from './acts/act-llm.ts'
import type { Acted } from './act.ts'
import type { Attempt } from './attempt.ts'
import { noteValidation } from './check-contracts.ts'
import { reuseKey, sharedReading, type ReuseKey } from './reuse-key.ts'
import { keepReuseReceipt } from './reuse-receipt.ts'
import { validationContext } from './validation-context.ts'

/** What a step is given in place of acting. */
interface Reused {
  output: Json
  writes?: ReadonlyMap<string, Json>
}

/** How long a cache may take to answer, in ms: a step does not wait longer than that for work that it can do itself. */
const CACHE_MS = 1_000

/**
 * Looks whether a step has an output that can be reused, and keeps a receipt if so.
 * @returns the key that its own output is to be kept under; absent: nothing of it is
 * @throws {ParleyError} what the step itself would throw before it acts, and `budget_exceeded` of a judge in its contract
 */
export async function findReused(attempt: Attempt): Promise<{ key?: ReuseKey; reused?: Reused }> {
  const { parts } = attempt.scope
  const recorded = parts.reusedAt?.({ stepKey: attempt.stepKey, attempt: attempt.number })
  if (recorded !== undefined) {
    keepReuseReceipt(attempt, recorded.receipt)
    return { reused: { output: recorded.output } }
  }
  const { cache } = attempt.prepared.step
  if (parts.stepCache === undefined || cache === undefined) return {}
  const key = reuseKey(attempt)
  const entry = await readEntry(attempt, key)
  if (entry === undefined) return { key }
  const { output, writes, origin } = entry
  const checked = await checkAgain(attempt, output)
  // The contract is another one now: the output is as good as none.
  if (!checked.ok) return { key }
  const reused = { output: copyToJson(checked.value, `output of "${attempt.prepared.step.id}"`) }
  if (attempt.prepared.outputContract !== undefined) {
    noteValidation(attempt, 'start', { phase: 'output' })
    noteValidation(attempt, 'complete', { phase: 'output' })
  }
  keepReuseReceipt(attempt, { promptHash: key.key, ...(origin === undefined ? {} : { origin }) })
  return { key, reused: writes === undefined ? reused : { ...reused, writes: new Map(Object.entries(writes)) } }
}

/** Keeps what an attempt gave, once its output has been found valid. */
export async function keepForReuse(attempt: Attempt, { key, shared }: ReuseKey, acted: Acted): Promise<void> {
  const { scope, prepared, verified, receiptIds, modelId, isWhole } = attempt
  const { stepCache } = scope.parts
  const { cache } = prepared.step
  if (stepCache === undefined || cache === undefined) return
  // What is less than was asked for is not kept for those who ask for it all.
  const isLess = verified === false || !isWhole || (receiptIds.length > 0 && scope.downgrades.length > 0)
  // It may have read what another step has written meanwhile.
  if (isLess || sharedReading(attempt) !== shared) return
  const { value, unchecked = value, writes } = acted
  const output = asJson(unchecked)
  // Only its contract makes JSON of it, and what the contract is given cannot be kept.
  if (output === undefined) return
  const last = scope.receipts.findLast(({ receiptId }) => modelId !== undefined && receiptIds.includes(receiptId))
  const storedAtMs = scope.clock.now()
  const entry: StepCacheEntry = {
    output,
    storedAtMs,
    expiresAtMs: storedAtMs + cache.ttlMs,
    ...(writes === undefined ? {} : { writes: Object.fromEntries(writes) }),
    ...(last === undefined ? {} : { origin: originOf(last) }),
  }
  await guarded(attempt, 'keep an output', () => stepCache.set(key, entry))
}

function originOf(receipt: ModelReceipt): NonNullable<StepCacheEntry['origin']> {
  const { routerVersion, priceVersion, capabilityVersion, classification, decision } = receipt
  return { routerVersion, priceVersion, capabilityVersion, classification, decision }
}

async function readEntry(attempt: Attempt, { key }: ReuseKey): Promise<StepCacheEntry | undefined> {
  const { scope, prepared } = attempt
  const { stepCache } = scope.parts
  const entry = await guarded(attempt, 'be read', async () => {
    const found = await stepCache?.get(key)
    // A cache of the host may give anything.
    return found && { ...found, output: copyToJson(found.output, 'output of the cache') }
  })
  if (!entry) return undefined
  // The step may be content with less age than it was when the entry was made.
  const endsAtMs = Math.min(entry.expiresAtMs, entry.storedAtMs + (prepared.step.cache?.ttlMs ?? 0))
  return scope.clock.now() < endsAtMs ? entry : undefined
}

/** Asks the cache; a fault of it is told, and the step goes on without it. */
async function guarded<Answer>(
  attempt: Attempt,
  what: string,
  ask: () => Answer | Promise<Answer>,
): Promise<Answer | undefined> {
  const { scope, signal, prepared } = attempt
  const { clock, parts } = scope
  const message = `The step cache could not ${what} for step "${prepared.step.id}", which goes on without it. Look at the cache given to createEngine.`
  try {
    const timed = await withinTime(Promise.resolve().then(ask), CACHE_MS, { clock, signal })
    if (timed.done) return timed.value
    parts.onError(new ParleyError({ code: 'store_unavailable', message: `${message} It took over ${CACHE_MS} ms.` }))
  } catch (thrown) {
    if (signal.aborted) throw thrown
    parts.onError(toParleyError(thrown, { code: 'store_unavailable', message }))
  }
  return undefined
}

function checkAgain(attempt: Attempt, output: Json): Validated | Promise<Validated> {
  const { step, outputContract } = attempt.prepared
  if (step.kind === 'llm' || step.kind === 'race') return checkAnswer(attempt, output)
  if (outputContract === undefined) return { ok: true, value: output }
  return validateValue(outputContract, output, validationContext(attempt))
}

function asJson(value: unknown): Json | undefined {
  if (value === undefined) return null
  try {
    return copyToJson(value, 'output')
  } catch {
    return undefined
  }
}
