import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import {
  createSlotTable,
  emptySlots,
  RUNNING_PER_ROOM,
  slotStep,
  WAITING_PER_ROOM,
  type SlotInput,
} from './delegation-slots.ts'

test('DG-6 never more than 8 run and 32 wait, nobody starts twice, and the order of asking is kept', () => {
  const inputs = fc.array(
    fc.record({ type: fc.constantFrom('take' as const, 'take' as const, 'free' as const), id: fc.nat({ max: 60 }) }),
    { maxLength: 200 },
  )
  fc.assert(
    fc.property(inputs, (given) => {
      let state = emptySlots
      const asked = new Set<string>()
      const started: string[] = []
      const accepted: string[] = []
      for (const { type, id } of given) {
        const name = `d${id}`
        if (type === 'take' && asked.has(name)) continue
        if (type === 'take') asked.add(name)
        const step = slotStep(state, { type, id: name } satisfies SlotInput)
        state = step.state
        started.push(...step.starts)
        if (type === 'take' && !step.isBusy) accepted.push(name)
        expect(state.running.length).toBeLessThanOrEqual(RUNNING_PER_ROOM)
        expect(state.waiting.length).toBeLessThanOrEqual(WAITING_PER_ROOM)
        if (state.waiting.length > 0) expect(state.running.length).toBe(RUNNING_PER_ROOM)
      }
      expect(new Set(started).size).toBe(started.length)
      expect(started).toEqual(accepted.filter((name) => started.includes(name)))
    }),
  )
})

test('DG-6 the 41st of a room is turned away, another room is not', () => {
  const table = createSlotTable()
  for (let count = 0; count < 40; count++)
    expect(table.take('one', `d${count}`)).toEqual(count < 8 ? [`d${count}`] : [])
  expect(table.take('one', 'd40')).toBeUndefined()
  expect(table.take('other', 'd41')).toEqual(['d41'])
  expect(table.free('one', 'd0')).toEqual(['d8'])
})
