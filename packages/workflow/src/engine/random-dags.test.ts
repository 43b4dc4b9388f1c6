import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import type { Step } from '../builder/step.ts'
import { SKIP } from '../step/step-context.ts'
import { bench, flowOf, step } from './__fixtures__/run-with.ts'

/** How one step of a random workflow is made. */
interface Plan {
  id: string
  dependsOn: string[]
  requires: 'settled' | 'success'
  parallel: boolean
  delays: number[]
  /** Attempts that fail before one succeeds. */
  failures: number
  retries: number
  fallback: 'fail' | 'skip'
  isSkipping: boolean
  isOff: boolean
}

const plans = (): fc.Arbitrary<Plan[]> =>
  fc
    .array(
      fc.record({
        edges: fc.array(fc.nat(), { maxLength: 3 }),
        requires: fc.constantFrom('settled' as const, 'settled' as const, 'success' as const),
        parallel: fc.boolean(),
        delays: fc.array(fc.nat({ max: 30 }), { minLength: 3, maxLength: 3 }),
        failures: fc.constantFrom(0, 0, 0, 1, 2, 9),
        retries: fc.nat({ max: 2 }),
        fallback: fc.constantFrom('fail' as const, 'skip' as const),
        isOff: fc.constantFrom(false, false, false, true),
        skips: fc.constantFrom(false, false, false, true),
      }),
      { minLength: 1, maxLength: 12 },
    )
    .map((nodes) =>
      nodes.map(({ edges, skips, ...node }, index) => ({
        ...node,
        isSkipping: skips,
        id: `s${index}`,
        dependsOn: index === 0 ? [] : [...new Set(edges.map((edge) => `s${edge % index}`))],
      })),
    )

/** What a workflow comes to when its steps are done one after the other, without time. */
function model(steps: readonly Plan[]): { ends: { [id: string]: [string, Json, number] }; status: string } {
  const ends: { [id: string]: [string, Json, number] } = {}
  const cascades = new Set<string>()
  let isPartial = false
  for (const { id, dependsOn, requires, failures, retries, fallback, isSkipping, isOff } of steps) {
    const statuses = dependsOn.map((on) => ends[on]?.[0])
    const isBlocked =
      dependsOn.some((on) => cascades.has(on)) ||
      statuses.includes('failed') ||
      (requires === 'success' && statuses.includes('skipped'))
    if (isBlocked) {
      cascades.add(id)
      ends[id] = ['skipped', null, 0]
    } else if (isOff) ends[id] = ['skipped', null, 0]
    else if (failures > retries) {
      ends[id] = [fallback === 'fail' ? 'failed' : 'skipped', null, retries + 1]
      if (fallback === 'skip') isPartial = true
    } else if (isSkipping) ends[id] = ['skipped', null, failures + 1]
    else ends[id] = ['completed', [id, ...dependsOn.map((on) => ends[on]?.[1] ?? null)], failures + 1]
  }
  const all = Object.values(ends)
  const hasFailed = all.some(([status]) => status === 'failed')
  return { ends, status: hasFailed ? 'failed' : isPartial ? 'partial' : 'completed' }
}

test('4.1 6 random workflows with failures, policies, retries and delays come to what doing them one by one comes to', async () => {
  await fc.assert(
    fc.asyncProperty(plans(), fc.integer({ min: 1, max: 4 }), async (given, maxConcurrency) => {
      const clock = createVirtualClock()
      const { engine } = bench({ clock })
      let running = 0
      let most = 0
      let serial = 0
      const steps: Step[] = given.map(({ id, delays, failures, isSkipping, isOff, retries, fallback, ...rest }) =>
        step(
          id,
          async ({ attempt, inputs }) => {
            most = Math.max(most, (running += 1))
            if (!rest.parallel) expect((serial += 1)).toBe(1)
            await clock.sleep(delays[attempt % 3] ?? 0)
            running -= 1
            if (!rest.parallel) serial -= 1
            if (attempt <= failures) throw new Error('no')
            return isSkipping ? SKIP : [id, ...rest.dependsOn.map((on) => inputs[on])]
          },
          {
            ...rest,
            retry: { maxAttempts: retries + 1, delay: (delays[0] ?? 0) / 1000, jitter: false },
            failurePolicy: { fallbackAction: fallback },
            ...(isOff && { condition: 'input.never == true' }),
          },
        ),
      )
      const ending = engine.run(flowOf(steps, { maxConcurrency }))
      await clock.runToRest()
      const result = await ending
      const expected = model(given)
      const seen = Object.fromEntries(
        Object.entries(result.steps).map(([id, { status, output, attempts }]) => [
          id,
          [status, output, attempts.length],
        ]),
      )
      expect(seen).toEqual(expected.ends)
      expect(result.status).toBe(expected.status)
      expect(most).toBeLessThanOrEqual(maxConcurrency)
      expect(
        Object.values(result.steps)
          .map(({ startSeq }) => startSeq)
          .sort((a, b) => a - b),
      ).toEqual(given.map((_, index) => index + 1))
    }),
    { numRuns: 150 },
  )
})

test('W-6 a chain of 5,000 steps runs, each once', async () => {
  const steps = Array.from({ length: 5_000 }, (_, index) =>
    step(
      `s${index}`,
      ({ inputs }) => (index === 0 ? 0 : inputs[`s${index - 1}`] + 1),
      index === 0 ? {} : { dependsOn: [`s${index - 1}`] },
    ),
  )
  const { engine } = bench()
  const result = await engine.run(flowOf(steps, { limits: { maxSteps: 5_000 } }))
  expect(result).toMatchObject({ status: 'completed', output: 4_999 })
})
