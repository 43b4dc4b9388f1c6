import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { runAmd, type AmdClassifier } from './run-amd.ts'

function start(classifier?: AmdClassifier) {
  const clock = createVirtualClock()
  const told: string[] = []
  const running = runAmd(
    {},
    {
      clock,
      ...(classifier === undefined ? {} : { classifier }),
      onVerdict: (verdict, by) => told.push(`${clock.monotonicMs()} ${verdict} by ${by}`),
      onMaySpeak: () => told.push(`${clock.monotonicMs()} speak`),
      onError: (error) => told.push(`error ${String(error)}`),
    },
  )
  running.tell({ type: 'answered' })
  /** Half a second of speech, told as a detector does. */
  const speak = async (): Promise<void> => {
    running.tell({ type: 'speechStart', atMs: clock.monotonicMs() })
    await clock.advance(750)
    running.tell({ type: 'speechEnd', atMs: clock.monotonicMs() - 250 })
  }
  return { clock, told, running, speak }
}

test('AM-1 a short hello is a person, 500 ms after its end', async () => {
  const { clock, told, speak } = start()
  await speak()
  await clock.runToRest()
  expect(told).toEqual(['1000 human by timing', '1000 speak'])
  expect(clock.pending).toBe(0)
})

test("AM-2 the classifier's answer counts, if it is one of the verdicts", async () => {
  const right = start({ classify: async () => 'machine' })
  await right.speak()
  await right.clock.runToRest()
  expect(right.told[0]).toBe('1000 machine by classifier')
  const wrong = start({ classify: async () => 'a robot, I think' as never })
  await wrong.speak()
  await wrong.clock.runToRest()
  expect(wrong.told[0]).toBe('1000 human by timing')
})

test('AM-2 a classifier that takes more than 2 s or throws has no say, and is told to stop', async () => {
  let signal: AbortSignal | undefined
  const slow = start({
    classify(input) {
      signal = input.signal
      return new Promise(() => {})
    },
  })
  await slow.speak()
  await slow.clock.runToRest()
  expect(slow.told).toEqual(['3000 human by timing', '3000 speak'])
  expect(signal?.aborted).toBe(true)
  const broken = start({ classify: () => Promise.reject(new Error('down')) })
  await broken.speak()
  await broken.clock.runToRest()
  expect(broken.told).toEqual(['error Error: down', '1000 human by timing', '1000 speak'])
})

test('AM-2 speech that goes on while the classifier thinks is judged anew', async () => {
  const asked: number[] = []
  const { clock, told, running, speak } = start({
    classify: async ({ speechMs }) => {
      asked.push(speechMs)
      if (asked.length === 1) await new Promise(() => {})
      return 'ivr'
    },
  })
  await speak()
  await clock.advance(300)
  await speak()
  await clock.runToRest()
  expect(asked).toEqual([500, 1_000])
  expect(told).toEqual([expect.stringContaining('ivr by classifier'), expect.stringContaining('speak')])
  running.close()
})

test('AM-1 closed, it says nothing more and leaves no timer', async () => {
  const { clock, told, running } = start()
  running.close()
  running.tell({ type: 'beep' })
  await clock.advance(60_000)
  expect([told, clock.pending]).toEqual([[], 0])
})
