import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createToolFiller, FILLER_CLAUSE_WAIT_MS, toolFillerDefaults } from './tool-filler.ts'

const lines = ['One moment.', 'Still looking.', 'Nearly there.']

test('T-4 defaults: delay, interval, number and rotation of fillers', () => {
  expect(toolFillerDefaults).toEqual({ delayMs: 800, intervalMs: 6_000, max: 3, rotate: true })
  expect(FILLER_CLAUSE_WAIT_MS).toBe(400)
})

test('T-4 the first line comes after 800 ms of silence, the others 6 s apart, three at most', () => {
  const filler = createToolFiller({ lines })
  expect(filler.deadlineMs()).toBeNull()
  filler.toolStarted(1_000)
  expect(filler.deadlineMs()).toBe(1_800)
  expect(filler.poll(1_799)).toBeNull()
  expect(filler.poll(1_800)).toEqual({ line: 'One moment.' })
  filler.speech('agent', true, 1_800)
  expect(filler.deadlineMs()).toBeNull()
  filler.speech('agent', false, 2_500)
  expect(filler.deadlineMs()).toBe(8_500)
  expect(filler.poll(8_500)).toEqual({ line: 'Still looking.' })
  expect(filler.poll(14_500)).toEqual({ line: 'Nearly there.' })
  expect(filler.deadlineMs()).toBeNull()
  expect(filler.poll(99_000)).toBeNull()
})

test('T-4 any speech of either side restarts the wait', () => {
  const filler = createToolFiller({ lines })
  filler.toolStarted(0)
  filler.speech('user', true, 500)
  expect(filler.poll(5_000)).toBeNull()
  filler.speech('user', false, 5_000)
  expect(filler.poll(5_799)).toBeNull()
  expect(filler.poll(5_800)).not.toBeNull()
})

test('T-4 it stops when the tool ends; parallel tools are one wait', () => {
  const filler = createToolFiller({ lines })
  filler.toolStarted(0)
  filler.toolStarted(100)
  filler.toolEnded(200)
  expect(filler.deadlineMs()).toBe(800)
  filler.toolEnded(300)
  expect(filler.poll(900)).toBeNull()
})

test('T-4 the same line is not used twice in a row, whatever happens', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 4 }),
      fc.boolean(),
      fc.array(fc.nat(4), { maxLength: 12 }),
      (count, rotate, rounds) => {
        const filler = createToolFiller({ lines: Array.from({ length: count }, (_, index) => `line ${index}`), rotate })
        const said: string[] = []
        let nowMs = 0
        for (const polls of rounds) {
          filler.toolStarted(nowMs)
          for (let poll = 0; poll < polls; poll++) {
            nowMs += 6_000
            const due = filler.poll(nowMs)
            if (due !== null && 'line' in due) said.push(due.line)
          }
          filler.toolEnded(nowMs)
        }
        expect(said.some((line, index) => line === said[index - 1])).toBe(false)
      },
    ),
  )
})

test('T-4 without rotation each tool begins with the first line, unless that was said last', () => {
  const filler = createToolFiller({ lines, rotate: false })
  const first = (nowMs: number): unknown => {
    filler.toolStarted(nowMs)
    const due = filler.poll(nowMs + 800)
    filler.toolEnded(nowMs + 900)
    return due
  }
  expect([first(0), first(10_000), first(20_000)]).toEqual([{ line: lines[0] }, { line: lines[1] }, { line: lines[0] }])
})

test('T-4 lines may be generated', () => {
  const generate = (): Promise<string> => Promise.resolve('Looking at your order.')
  const filler = createToolFiller({ generate })
  filler.toolStarted(0)
  expect(filler.poll(800)).toEqual({ generate })
})

test('T-4 the answer waits for the end of a clause, 400 ms at most, then the filler is faded', () => {
  const filler = createToolFiller({ lines })
  expect(filler.answerStart(1_000, 1_400)).toEqual({ atMs: 1_400, fade: false })
  expect(filler.answerStart(1_000, 1_401)).toEqual({ atMs: 1_400, fade: true })
  expect(filler.answerStart(1_000, null)).toEqual({ atMs: 1_400, fade: true })
  expect(filler.answerStart(1_000, 900)).toEqual({ atMs: 1_000, fade: false })
})

test('an unknown option names the nearest known one', () => {
  // @ts-expect-error an option that does not exist
  expect(() => createToolFiller({ delay: 3 })).toThrow('Did you mean "delayMs"?')
})
