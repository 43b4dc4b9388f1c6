import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openLanes, stepLanes, type LanesInput, type LanesState, type LaneStep } from './lanes.ts'

const laneStep = (order: number, serial = false, region?: LaneStep['region']): LaneStep => ({
  key: `s${order}`,
  order,
  serial,
  ...(region !== undefined && { region }),
})

function feed(max: number, ...inputs: LanesInput[]): { state: LanesState; begun: string[][] } {
  let state = openLanes(max)
  const begun: string[][] = []
  for (const input of inputs) {
    const next = stepLanes(state, input)
    state = next.state
    begun.push(next.begin.map(({ key }) => key))
  }
  return { state, begun }
}

const ready = (step: LaneStep): LanesInput => ({ type: 'ready', step })
const ended = (order: number): LanesInput => ({ type: 'ended', key: `s${order}` })

test('4.1.3 a place that becomes free goes to the first in order of definition, not of arrival', () => {
  expect(feed(1, ready(laneStep(9)), ready(laneStep(5)), ready(laneStep(3)), ended(9), ended(3)).begun).toEqual([
    ['s9'],
    [],
    [],
    ['s3'],
    ['s5'],
  ])
})

test('4.1.4 steps that are not parallel share one lane; parallel steps run beside it', () => {
  expect(
    feed(8, ready(laneStep(1, true)), ready(laneStep(2, true)), ready(laneStep(3)), ready(laneStep(4, true)), ended(1))
      .begun,
  ).toEqual([['s1'], [], ['s3'], [], ['s2']])
})

test('4.1.3 a region has a limit of its own inside that of the run', () => {
  const inner = { path: 'r', max: 1 }
  expect(
    feed(3, ready(laneStep(1, false, inner)), ready(laneStep(2, false, inner)), ready(laneStep(3)), ended(1)).begun,
  ).toEqual([['s1'], [], ['s3'], ['s2']])
})

test('12.3 a pause lets nobody begin until it is over; a stop for good', () => {
  expect(feed(1, { type: 'pause' }, ready(laneStep(1)), { type: 'resume' }).begun).toEqual([[], [], ['s1']])
  const { state, begun } = feed(
    1,
    ready(laneStep(1)),
    ready(laneStep(2)),
    { type: 'stop' },
    ended(1),
    ready(laneStep(3)),
  )
  expect(begun).toEqual([['s1'], [], [], [], []])
  expect(state.running.size).toBe(0)
})

test('4.1.3 no more than the limits at any time, and nobody waits while there is a place for him', () => {
  const inputs = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant('ready' as const),
        serial: fc.boolean(),
        region: fc.option(fc.constantFrom('p', 'q')),
      }),
      fc.record({ kind: fc.constant('ended' as const), which: fc.nat() }),
    ),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(inputs, fc.integer({ min: 1, max: 5 }), (given, max) => {
      let state = openLanes(max)
      let order = 0
      for (const input of given) {
        const running = [...state.running.keys()]
        if (input.kind === 'ended' && running.length === 0) continue
        state = stepLanes(
          state,
          input.kind === 'ready'
            ? ready(
                laneStep(
                  (order += 1),
                  input.serial,
                  input.region === null ? undefined : { path: input.region, max: 2 },
                ),
              )
            : { type: 'ended', key: running[input.which % running.length] ?? '' },
        ).state
        const now = [...state.running.values()]
        const inRegion = (path: string): number => now.filter(({ region }) => region?.path === path).length
        expect(now.length).toBeLessThanOrEqual(max)
        expect(now.filter(({ serial }) => serial).length).toBeLessThanOrEqual(1)
        expect(Math.max(inRegion('p'), inRegion('q'))).toBeLessThanOrEqual(2)
        const isFree = (step: LaneStep): boolean =>
          now.length < max &&
          !(step.serial && now.some(({ serial }) => serial)) &&
          !(step.region !== undefined && inRegion(step.region.path) >= 2)
        expect(state.waiting.filter(isFree)).toEqual([])
        expect(state.waiting.map((step) => step.order)).toEqual(
          state.waiting.map((step) => step.order).sort((a, b) => a - b),
        )
      }
    }),
  )
})
