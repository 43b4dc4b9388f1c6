import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openRunLine, stepRunLine, type RunLineInput } from './run-line.ts'

const enter = (ticket: number, isResumed = false, mustStay = false): RunLineInput => ({
  type: 'enter',
  ticket,
  isResumed,
  mustStay,
})

function feed(limits: { maxRunning: number; maxQueued: number }, ...inputs: RunLineInput[]): (number[] | 'refused')[] {
  let state = openRunLine(limits)
  return inputs.map((input) => {
    const next = stepRunLine(state, input)
    state = next.state
    return next.isRefused ? 'refused' : next.begin
  })
}

test('S6 17 runs beyond the places stand in line and begin in their order, one for each that ends', () => {
  expect(
    feed({ maxRunning: 2, maxQueued: 9 }, enter(1), enter(2), enter(3), enter(4), { type: 'ended' }, { type: 'ended' }),
  ).toEqual([[1], [2], [], [], [3], [4]])
})

test('S6 17 beyond the line a new run is refused; what the store knows already is not', () => {
  expect(
    feed({ maxRunning: 1, maxQueued: 1 }, enter(1), enter(2), enter(3), enter(4, true), enter(5, false, true)),
  ).toEqual([[1], [], 'refused', [], []])
  expect(feed({ maxRunning: 1, maxQueued: 0 }, enter(1), enter(2), { type: 'ended' }, enter(3))).toEqual([
    [1],
    'refused',
    [],
    [3],
  ])
})

test('17 a run that goes on has its place before those that have not begun', () => {
  expect(feed({ maxRunning: 1, maxQueued: 9 }, enter(1), enter(2), enter(3, true), { type: 'ended' })).toEqual([
    [1],
    [],
    [],
    [3],
  ])
})

test('17 who leaves the line is passed over', () => {
  const left: RunLineInput = { type: 'left', ticket: 2 }
  expect(feed({ maxRunning: 1, maxQueued: 9 }, enter(1), enter(2), enter(3), left, { type: 'ended' })).toEqual([
    [1],
    [],
    [],
    [],
    [3],
  ])
})

const anyInput = fc.oneof(
  fc.record({ type: fc.constant('enter' as const), isResumed: fc.boolean(), mustStay: fc.boolean() }),
  fc.record({ type: fc.constant('ended' as const) }),
  fc.record({ type: fc.constant('left' as const), nth: fc.nat(8) }),
)

test('17 property: never more at work than there are places, no place is idle while one waits, nobody is lost or overtaken', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.nat(4),
      fc.array(anyInput, { maxLength: 60 }),
      (maxRunning, maxQueued, inputs) => {
        let state = openRunLine({ maxRunning, maxQueued })
        let ticket = 0
        const waiting: { resumed: number[]; fresh: number[] } = { resumed: [], fresh: [] }
        let running = 0
        for (const input of inputs) {
          if (input.type === 'ended' && running === 0) continue
          const inLine = [...waiting.resumed, ...waiting.fresh]
          const next = stepRunLine(
            state,
            input.type === 'enter'
              ? { ...input, ticket: (ticket += 1) }
              : input.type === 'left'
                ? { type: 'left', ticket: inLine[input.nth] ?? -1 }
                : input,
          )
          state = next.state
          if (input.type === 'enter') {
            const isFull = running === maxRunning && waiting.fresh.length >= maxQueued
            expect(next.isRefused).toBe(isFull && !input.isResumed && !input.mustStay)
            if (!next.isRefused) waiting[input.isResumed ? 'resumed' : 'fresh'].push(ticket)
          } else if (input.type === 'ended') running -= 1
          else {
            const gone = inLine[input.nth]
            waiting.resumed = waiting.resumed.filter((one) => one !== gone)
            waiting.fresh = waiting.fresh.filter((one) => one !== gone)
          }
          for (const begun of next.begin) {
            running += 1
            expect(begun).toBe(waiting.resumed.length > 0 ? waiting.resumed.shift() : waiting.fresh.shift())
          }
          expect(state.running).toBe(running)
          expect(running).toBeLessThanOrEqual(maxRunning)
          if (waiting.resumed.length + waiting.fresh.length > 0) expect(running).toBe(maxRunning)
          expect([state.resumed, state.fresh]).toEqual([waiting.resumed, waiting.fresh])
        }
      },
    ),
  )
})
