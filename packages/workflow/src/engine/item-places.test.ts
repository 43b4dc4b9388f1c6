import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ItemPlaces } from './item-places.ts'
import { LaneGate } from './lane-gate.ts'

test('4.1.3 the first item works in the place of its step, the others ask for one each', () => {
  const lanes = new LaneGate(3)
  const begun: (number | string)[] = []
  lanes.request({ key: 'other', order: 1, serial: false }, () => begun.push('other'))
  lanes.request({ key: 'each', order: 2, serial: false }, () => begun.push('each'))
  const places = new ItemPlaces(lanes, { key: 'each', order: 2 })
  for (const item of [0, 1, 2, 3]) places.take(item, () => begun.push(item))
  expect(begun).toEqual(['other', 'each', 0, 1])
  lanes.leave('other')
  expect(begun.at(-1)).toBe(2)
  // The step's own place goes to the next in line.
  places.give(0)
  expect(begun.at(-1)).toBe(3)
  expect(lanes.running).toBe(3)
})

test('4.1.3 a step that stands before them in the definition has the next place, whatever items there are', () => {
  const lanes = new LaneGate(2)
  const begun: (number | string)[] = []
  lanes.request({ key: 'each', order: 2, serial: false }, () => {})
  const places = new ItemPlaces(lanes, { key: 'each', order: 2 })
  places.take(0, () => begun.push(0))
  places.take(1, () => begun.push(1))
  lanes.request({ key: 'first', order: 1, serial: false }, () => begun.push('first'))
  places.give(1)
  places.take(2, () => begun.push(2))
  expect(begun).toEqual([0, 1, 'first'])
})

test('4.1.3 places that no item takes are given on', () => {
  const lanes = new LaneGate(2)
  lanes.request({ key: 'each', order: 1, serial: false }, () => {})
  const places = new ItemPlaces(lanes, { key: 'each', order: 1 })
  places.take(0, () => {})
  places.take(1, () => {})
  places.give(1)
  places.rest()
  expect(lanes.running).toBe(1)
})

const anyMove = fc.record({
  list: fc.nat(2),
  what: fc.constantFrom('take', 'give', 'plain', 'plainEnds'),
  nth: fc.nat(5),
})

test('4.1.3 property: items of all lists and steps together are never more than the limit, no place is idle while one waits, items begin in order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 6 }), fc.array(anyMove, { maxLength: 80 }), (max, moves) => {
      const lanes = new LaneGate(max)
      const lists = [0, 1, 2].map((order) => {
        lanes.request({ key: `each${order}`, order: order * 2, serial: false }, () => {})
        const places = new ItemPlaces(lanes, { key: `each${order}`, order: order * 2 })
        return { places, asked: 0, begun: [] as number[], running: new Set<number>() }
      })
      const plain = { asked: 0, begun: 0, running: new Set<string>() }
      for (const { list: which, what, nth } of moves) {
        const list = lists[which]
        if (list === undefined) continue
        if (what === 'take') {
          const item = (list.asked += 1)
          list.places.take(item, () => {
            list.begun.push(item)
            list.running.add(item)
          })
        } else if (what === 'give') {
          const item = [...list.running][nth % Math.max(1, list.running.size)]
          if (item === undefined) continue
          list.running.delete(item)
          list.places.give(item)
          list.places.rest()
        } else if (what === 'plain') {
          const key = `plain${(plain.asked += 1)}`
          lanes.request({ key, order: which * 2 + 1, serial: false }, () => {
            plain.begun += 1
            plain.running.add(key)
          })
        } else {
          const key = [...plain.running][nth % Math.max(1, plain.running.size)]
          if (key === undefined) continue
          plain.running.delete(key)
          lanes.leave(key)
        }
        // A list without items at work still has the place of its step.
        const used = lists.reduce((sum, { running }) => sum + Math.max(1, running.size), plain.running.size)
        expect(used).toBeLessThanOrEqual(max)
        const isWaiting = plain.begun < plain.asked || lists.some(({ asked, begun }) => begun.length < asked)
        if (isWaiting) expect(lanes.running).toBe(max)
        for (const { begun } of lists) expect(begun).toEqual([...begun].sort((one, other) => one - other))
      }
    }),
  )
})
