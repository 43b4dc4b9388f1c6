import type { Clock } from '@parley/spec'
import { describe, expect, test } from 'vitest'

/** A clock and the way to let its time pass. */
export interface ClockUnderTest {
  clock: Clock
  /** Lets `ms` go by: a virtual clock advances, a real one waits. */
  pass(ms: number): Promise<void>
}

/** The contract of `Clock`. Durations are short, so that real clocks can be tested too. */
export function clockSuite(name: string, open: (onError: (error: unknown) => void) => ClockUnderTest): void {
  describe(`Clock: ${name}`, () => {
    const failOnError = (error: unknown): void => {
      throw error
    }

    test('monotonic time never goes back and moves with the wall', async () => {
      const { clock, pass } = open(failOnError)
      const [wall, monotonic] = [clock.now(), clock.monotonicMs()]
      await pass(20)
      expect(clock.monotonicMs()).toBeGreaterThanOrEqual(monotonic + 19)
      expect(clock.now()).toBeGreaterThanOrEqual(wall + 19)
    })

    test('a timer fires once and not before its delay', async () => {
      const { clock, pass } = open(failOnError)
      const start = clock.monotonicMs()
      const fired: number[] = []
      clock.setTimer(20, () => fired.push(clock.monotonicMs() - start))
      await pass(5)
      expect(fired).toEqual([])
      await pass(40)
      await pass(20)
      expect(fired).toHaveLength(1)
      // A timer of the machine may be a fraction of a millisecond early by its own reckoning.
      expect(fired[0]).toBeGreaterThanOrEqual(19)
    })

    test('a delay of 0 waits for the next turn of the loop', async () => {
      const { clock, pass } = open(failOnError)
      const seen: string[] = []
      clock.setTimer(0, () => seen.push('timer'))
      seen.push('after setting')
      await pass(5)
      expect(seen).toEqual(['after setting', 'timer'])
    })

    test('timers of one instant fire in order of setting', async () => {
      const { clock, pass } = open(failOnError)
      const fired: number[] = []
      for (let n = 0; n < 5; n++) clock.setTimer(5, () => fired.push(n))
      await pass(30)
      expect(fired).toEqual([0, 1, 2, 3, 4])
    })

    test('a disposed timer never fires, disposing again does nothing', async () => {
      const { clock, pass } = open(failOnError)
      let fired = 0
      const dispose = clock.setTimer(5, () => (fired += 1))
      dispose()
      dispose()
      const late = clock.setTimer(5, () => (fired += 1))
      await pass(30)
      late()
      expect(fired).toBe(1)
    })

    test('sleep resolves after its time and rejects with the reason of an abort', async () => {
      const { clock, pass } = open(failOnError)
      const outcomes: unknown[] = []
      const controller = new AbortController()
      const note = (value: unknown): number => outcomes.push(value)
      void clock.sleep(5).then(() => note('slept'))
      void clock.sleep(10_000, { signal: controller.signal }).catch(note)
      void clock.sleep(10_000, { signal: AbortSignal.abort('at once') }).catch(note)
      await pass(30)
      expect(outcomes).toEqual(['at once', 'slept'])
      controller.abort('enough')
      await pass(1)
      expect(outcomes).toEqual(['at once', 'slept', 'enough'])
    })

    test('PO-3 what a callback throws goes to onError and the clock goes on', async () => {
      const errors: unknown[] = []
      const { clock, pass } = open((error) => errors.push(error))
      const failure = new Error('broken callback')
      let fired = false
      clock.setTimer(1, () => {
        throw failure
      })
      clock.setTimer(2, () => (fired = true))
      await pass(30)
      expect(errors).toEqual([failure])
      expect(fired).toBe(true)
    })
  })
}
