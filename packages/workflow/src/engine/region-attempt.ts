import { ParleyError, type Json } from '@parley/spec'
import type { Acted } from './act.ts'
import type { Attempt } from './attempt.ts'
import { closeWaits } from './close-waits.ts'
import type { Frame } from './frame.ts'
import { innerScope } from './inner-scope.ts'
import { isBranch } from './is-branch.ts'
import type { PreparedRegion } from './prepare.ts'
import { regionOutput } from './region-output.ts'
import { regionPrefix } from './region-prefix.ts'
import type { Work } from './run-attempt.ts'
import type { RegionEnd } from './run-region.ts'
import type { UnplannedStep } from './step-outcome.ts'

/** Ends an attempt whose region came to no end of its own: it was stopped, put aside, or asks for a plan. */
export class RegionHalted extends Error {
  readonly end: { type: 'cancelled' } | { type: 'parked' } | { type: 'replan'; failed: UnplannedStep }

  constructor(end: RegionHalted['end']) {
    super('The region came to no end.')
    this.end = end
  }
}

/**
 * Runs a region once, as an attempt of the step that it is of. Each attempt begins it anew, under keys of its own.
 * @throws {ParleyError} what the step inside failed with; `step_timeout`
 * @throws {RegionHalted} when the region came to no end of its own
 */
export async function actRegion(work: Work, attempt: Attempt, region: PreparedRegion): Promise<Acted> {
  const { prepared, stepKey } = work
  const timeout = watchTimeout(attempt)
  const signals = [timeout?.signal, work.signal].filter((signal) => signal !== undefined)
  const inner = signals.length === 0 ? undefined : innerScope(work.scope, AbortSignal.any(signals))
  const frame = frameOf(work, attempt, region)
  const prefix = regionPrefix(stepKey, attempt.number)
  try {
    const scope = inner?.scope ?? work.scope
    const end = await work.runRegion({ scope, region, frame, prefix })
    if (end.type === 'stopped') closeWaits(work.scope, (key) => key.startsWith(prefix))
    if (end.type === 'completed')
      return { value: regionOutput(region, frame), ...(frame.context === undefined ? {} : { context: frame.context }) }
    throw timeout?.error() ?? errorOf(end, prepared.step.id)
  } finally {
    timeout?.close()
    inner?.close()
  }
}

/** What the steps inside look for data in, and what they spend from. */
function frameOf(work: Work, attempt: Attempt, region: PreparedRegion): Frame {
  const { prepared, item, frame: outer } = work
  const context = item === undefined && isBranch(work, region) ? new Map<string, Json>() : undefined
  return {
    outputs: new Map(),
    outer,
    context,
    ...(item === undefined ? {} : { item }),
    ...(prepared.step.budget === undefined ? {} : { budget: attempt.budget }),
  }
}

function watchTimeout({
  prepared,
  scope,
}: Attempt): { signal: AbortSignal; error: () => ParleyError | undefined; close: () => void } | undefined {
  const { timeoutMs, id } = prepared.step
  if (timeoutMs === undefined) return undefined
  const controller = new AbortController()
  let error: ParleyError | undefined
  const close = scope.clock.setTimer(timeoutMs, () => {
    error = new ParleyError({
      code: 'step_timeout',
      message: `The region "${id}" took longer than ${timeoutMs} ms. Raise its timeout or let it do less.`,
      details: { timeoutMs },
    })
    controller.abort(error)
  })
  return { signal: controller.signal, error: () => error, close }
}

function errorOf(end: Exclude<RegionEnd, { type: 'completed' }>, id: string): Error {
  switch (end.type) {
    case 'failed':
      return new ParleyError({
        code: 'step_failed',
        message: end.error?.message ?? `The region "${id}" failed.`,
        details: { step: end.error?.step ?? id },
      })
    case 'stopped':
      return new RegionHalted({ type: 'cancelled' })
    case 'parked':
    case 'replan':
      return new RegionHalted(end)
  }
}
