import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  circuitFailures,
  circuitMachine,
  circuitOpenMs,
  circuitWindowMs,
  isUsable,
  type Circuit,
  type CircuitEvent,
} from './circuit.ts'

const after = (events: [CircuitEvent, number][], from: Circuit = circuitMachine.initial): Circuit =>
  events.reduce((state, [event, atMs]) => circuitMachine.step(state, event, atMs).state, from)
const failuresAt = (...times: number[]): [CircuitEvent, number][] => times.map((atMs) => ['failed', atMs])

describe('workflows 11 health', () => {
  test('workflows 11 the limits are 5 failures, 30 s and 15 s', () => {
    expect([circuitFailures, circuitWindowMs, circuitOpenMs]).toEqual([5, 30_000, 15_000])
  })

  test('workflows 11 five failures within 30 s open the circuit, four do not', () => {
    expect(isUsable(after(failuresAt(0, 1, 2, 3)), 4)).toBe(true)
    expect(isUsable(after(failuresAt(0, 1, 2, 3, 29_999)), 29_999)).toBe(false)
    expect(isUsable(after(failuresAt(0, 1, 2, 3, 30_000)), 30_000)).toBe(true)
  })

  test('workflows 11 after 15 s one call may probe; its success closes the circuit', () => {
    const open = after(failuresAt(0, 0, 0, 0, 0))
    expect(isUsable(open, 14_999)).toBe(false)
    expect(isUsable(open, 15_000)).toBe(true)
    const probing = after([['dispatched', 15_000]], open)
    expect(isUsable(probing, 15_001)).toBe(false)
    expect(after([['succeeded', 15_100]], probing)).toEqual(circuitMachine.initial)
  })

  test('workflows 11 a failed probe opens the circuit for 15 s more', () => {
    const again = after(
      [
        ['dispatched', 15_000],
        ['failed', 15_100],
      ],
      after(failuresAt(0, 0, 0, 0, 0)),
    )
    expect(isUsable(again, 30_099)).toBe(false)
    expect(isUsable(again, 30_100)).toBe(true)
  })

  test('workflows 11 a probe that says nothing lets the next one try, at once or after its time', () => {
    const probing = after([['dispatched', 15_000]], after(failuresAt(0, 0, 0, 0, 0)))
    expect(isUsable(after([['released', 15_010]], probing), 15_010)).toBe(true)
    expect(isUsable(probing, 30_000)).toBe(true)
  })

  test('workflows 11 whatever happened, a model is usable again within 15 s, and its state is plain JSON', () => {
    const event = fc.record({
      event: fc.constantFrom<CircuitEvent>('dispatched', 'succeeded', 'failed', 'released'),
      waitMs: fc.nat(20_000),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let nowMs = 0
        let state = circuitMachine.initial
        for (const { event: one, waitMs } of events) {
          nowMs += waitMs
          state = circuitMachine.step(state, one, nowMs).state
        }
        expect(isUsable(state, nowMs + circuitOpenMs)).toBe(true)
        expect(JSON.parse(JSON.stringify(state))).toEqual(state)
      }),
    )
  })
})
