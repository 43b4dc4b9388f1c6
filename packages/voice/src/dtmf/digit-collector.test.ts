import { createVirtualClock } from '@parley/testing'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDigitCollector, type KeypadEntry } from './digit-collector.ts'
import {
  defaultCollectOptions,
  defaultDigitCollectorOptions,
  defaultToneOptions,
  TONE_TAIL_MS,
  type DigitCollectorOptions,
} from './dtmf-options.ts'
import { keypadText, sensitiveText } from './keypad-text.ts'
import { tonesFor } from './tone-plan.ts'

function call(options?: Partial<DigitCollectorOptions>, promptMs = 1_000) {
  const clock = createVirtualClock()
  const entries: KeypadEntry[] = []
  const said: [string, number, number][] = []
  const sensitive: [boolean, number][] = []
  const collector = createDigitCollector(options, {
    clock,
    onEntry: (entry) => entries.push(entry),
    async say(prompt, attempt) {
      said.push([prompt, attempt, clock.monotonicMs()])
      await clock.sleep(promptMs)
    },
    onSensitive: (isSensitive, atMs) => sensitive.push([isSensitive, atMs]),
  })
  const press = (keys: string): void => keys.split('').forEach((key) => collector.push(key))
  return { clock, collector, entries, said, sensitive, press }
}

describe('digit collector', () => {
  test('D-2 defaults: terminator, pause and length of an entry', () => {
    expect(defaultDigitCollectorOptions).toEqual({ terminator: '#', interDigitMs: 2_000, maxDigits: 32 })
  })

  test('D-3 defaults: collect', () => {
    expect(defaultCollectOptions).toEqual({ terminator: '#', timeoutMs: 10_000, sensitive: false, retries: 2 })
  })

  test('D-3 D-4 what is keyed in beyond a complete entry belongs to it, for as long as keys follow each other', async () => {
    const { clock, collector, press } = call()
    const plain = collector.collect({ digits: 4 })
    press('2044')
    expect(await plain).toEqual({ type: 'digits', digits: '2044' })
    expect([collector.absorbs('#'), collector.absorbs('5')]).toEqual([true, false])
    await clock.advance(2_001)
    expect(collector.absorbs('#')).toBe(false)

    const secret = collector.collect({ digits: 4, sensitive: true })
    expect(collector.absorbs('4')).toBe(false)
    press('4821')
    expect(await secret).toEqual({ type: 'digits', digits: '4821' })
    expect(collector.absorbs('5')).toBe(true)
    await clock.advance(1_500)
    expect(collector.absorbs('#')).toBe(true)
    await clock.advance(2_001)
    expect(collector.absorbs('5')).toBe(false)

    const ended = collector.collect({ digits: { min: 1, max: 8 } })
    press('12#')
    expect(await ended).toEqual({ type: 'digits', digits: '12' })
    expect(collector.absorbs('#')).toBe(false)
  })

  test('D-5 defaults: tones', () => {
    expect(defaultToneOptions).toEqual({ toneMs: 100, gapMs: 60, waitMs: 500 })
    expect(TONE_TAIL_MS).toBe(100)
  })

  test('D-2 the terminator ends an entry and is no part of it', () => {
    const { entries, press } = call()
    press('1234#')
    expect(entries).toEqual([{ digits: '1234', endedBy: 'terminator', startedAtMs: 0 }])
    press('#')
    expect(entries).toHaveLength(1)
  })

  test('D-2 a pause of 2 s after the last key ends an entry', async () => {
    const { clock, entries, press } = call()
    press('1')
    await clock.advance(1_999)
    press('2')
    await clock.advance(1_999)
    expect(entries).toEqual([])
    await clock.advance(1)
    expect(entries).toEqual([{ digits: '12', endedBy: 'pause', startedAtMs: 0 }])
    expect(clock.pending).toBe(0)
  })

  test('D-2 the 32nd key ends an entry', () => {
    const { entries, press } = call()
    press('1'.repeat(33))
    expect(entries.map(({ digits, endedBy }) => [digits.length, endedBy])).toEqual([[32, 'maxDigits']])
  })

  test('D-2 an entry reads as "Keypad: 1234" for a model', () => {
    expect(keypadText('1234')).toBe('Keypad: 1234')
  })

  test('D-2 what is no key is ignored', () => {
    const { entries, press } = call()
    press('1x2 #')
    expect(entries[0]?.digits).toBe('12')
  })

  test('D-3 collect gives the digits as soon as they are complete, and no user turn', async () => {
    const { collector, entries, press } = call()
    const collected = collector.collect({ digits: 4 })
    press('1234')
    expect(await collected).toEqual({ type: 'digits', digits: '1234' })
    expect(entries).toEqual([])
    expect(collector.isCollecting).toBe(false)
  })

  test('D-3 a range is ended by the terminator or a pause', async () => {
    const { clock, collector, press } = call()
    const first = collector.collect({ digits: { min: 2, max: 6 } })
    press('123#')
    expect(await first).toEqual({ type: 'digits', digits: '123' })
    const second = collector.collect({ digits: { min: 2, max: 6 }, terminator: '*' })
    press('45')
    await clock.advance(2_000)
    expect(await second).toEqual({ type: 'digits', digits: '45' })
  })

  test('D-3 the wait of 10 s begins when the prompt was heard; it is asked twice more', async () => {
    const { clock, collector, said } = call()
    let value: unknown
    void collector.collect({ digits: 4, prompt: 'Your PIN, please.' }).then((result) => (value = result))
    await clock.advance(32_999)
    expect(said.map(([, attempt, atMs]) => [attempt, atMs])).toEqual([
      [1, 0],
      [2, 11_000],
      [3, 22_000],
    ])
    expect(value).toBeUndefined()
    await clock.advance(1)
    expect(value).toEqual({ type: 'timeout', partial: '' })
    expect(clock.pending).toBe(0)
  })

  test('D-3 too few keys are asked for again, and do not count for the next attempt', async () => {
    const { clock, collector, said, press } = call()
    const collected = collector.collect({ digits: 4, prompt: 'Your PIN, please.' })
    press('12')
    await clock.advance(2_000)
    expect(said).toHaveLength(2)
    press('7890')
    expect(await collected).toEqual({ type: 'digits', digits: '7890' })
    expect(clock.pending).toBeLessThanOrEqual(1)
  })

  test('D-3 keys during the prompt count', async () => {
    const { clock, collector, press } = call()
    const collected = collector.collect({ digits: 2, prompt: 'Your PIN, please.' })
    await clock.advance(200)
    press('12')
    expect(await collected).toEqual({ type: 'digits', digits: '12' })
  })

  test('D-3 a spoken reply, a hang-up and silence are values of their own', async () => {
    const spoken = call()
    const first = spoken.collector.collect({ digits: 4 })
    expect(spoken.collector.spoken(' ')).toBe(false)
    expect(spoken.collector.spoken('four four one seven')).toBe(true)
    expect(await first).toEqual({ type: 'spoken', text: 'four four one seven' })
    expect(spoken.collector.spoken('and a turn')).toBe(false)
    const gone = call()
    const second = gone.collector.collect({ digits: 4 })
    gone.collector.close()
    expect(await second).toEqual({ type: 'hangup' })
    expect(await gone.collector.collect({ digits: 4 })).toEqual({ type: 'hangup' })
    expect(gone.clock.pending).toBe(0)
  })

  test('D-3 an abort ends the wait with its reason, and keys are turns again', async () => {
    const { clock, collector, entries, press } = call()
    const controller = new AbortController()
    const collected = collector.collect({ digits: 4 }, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(collected).rejects.toThrow('enough')
    press('1#')
    expect(entries).toHaveLength(1)
    expect(clock.pending).toBe(0)
    await expect(collector.collect({ digits: 4 }, { signal: controller.signal })).rejects.toThrow('enough')
    expect(collector.isCollecting).toBe(false)
  })

  test('D-3 a second collection, a count of none and a misspelt option are refused', async () => {
    const { collector } = call()
    void collector.collect({ digits: 1 })
    await expect(collector.collect({ digits: 1 })).rejects.toMatchObject({ code: 'invalid_options' })
    await expect(call().collector.collect({ digits: 0 })).rejects.toMatchObject({ code: 'invalid_options' })
    // @ts-expect-error the misspelt option is what is tested
    await expect(call().collector.collect({ digits: 1, retrys: 1 })).rejects.toThrow(/retries/)
  })

  test('D-3 a prompt that never ends is waited for 30 s', async () => {
    const { clock, collector } = call(undefined, 10 ** 9)
    let value: unknown
    void collector.collect({ digits: 4, prompt: 'Hm?', retries: 0 }).then((result) => (value = result))
    await clock.advance(40_000)
    expect(value).toEqual({ type: 'timeout', partial: '' })
  })

  test('D-3 whatever is pressed or said, a collection ends once, within its bounds, and leaves no timer', async () => {
    const step = fc.oneof(
      fc.constantFrom('1', '2', '#', '*', 'x').map((key) => ({ key })),
      fc.nat(12_000).map((waitMs) => ({ waitMs })),
      fc.constantFrom('', 'hello').map((text) => ({ text })),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 3 }),
        async (steps, min, spread) => {
          const { clock, collector, sensitive } = call()
          const ends: unknown[] = []
          const options = { digits: { min, max: min + spread }, prompt: 'PIN?', sensitive: true }
          void collector.collect(options).then((value) => ends.push(value))
          for (const next of steps) {
            if ('key' in next) collector.push(next.key)
            else if ('waitMs' in next) await clock.advance(next.waitMs)
            else collector.spoken(next.text)
          }
          await clock.runToRest()
          expect(ends).toHaveLength(1)
          const [value] = ends as { type: string; digits?: string }[]
          if (value?.type === 'digits') expect(value.digits).toMatch(new RegExp(`^[12*]{${min},${min + spread}}$`))
          expect(sensitive.map(([isSensitive]) => isSensitive)).toEqual([true, false])
          expect([collector.isCollecting, clock.pending]).toEqual([false, 0])
        },
      ),
    )
  })

  test('D-4 a sensitive collection says when masking begins and ends, however it ends', async () => {
    const { clock, collector, sensitive, press } = call()
    await clock.advance(500)
    const first = collector.collect({ digits: 2, sensitive: true })
    expect(collector.isSensitive).toBe(true)
    await clock.advance(700)
    press('12')
    await first
    expect(collector.isSensitive).toBe(false)
    void collector.collect({ digits: 2, sensitive: true })
    await clock.advance(100)
    collector.close()
    expect(sensitive).toEqual([
      [true, 500],
      [false, 1_200],
      [true, 1_200],
      [false, 1_300],
    ])
  })

  test('D-4 masked keys and words show neither which nor how many', () => {
    expect(keypadText('1234', { sensitive: true })).toBe('Keypad: [REDACTED]')
    expect(keypadText('1', { sensitive: true })).toBe('Keypad: [REDACTED]')
    expect(sensitiveText()).toBe('[REDACTED]')
  })

  test('D-5 each digit is a tone of 100 ms and a gap of 60 ms, w waits 500 ms', () => {
    expect(tonesFor('1w2#')).toEqual([
      { type: 'tone', digit: '1', durationMs: 100 },
      { type: 'silence', durationMs: 60 },
      { type: 'silence', durationMs: 500 },
      { type: 'tone', digit: '2', durationMs: 100 },
      { type: 'silence', durationMs: 60 },
      { type: 'tone', digit: '#', durationMs: 100 },
      { type: 'silence', durationMs: 60 },
    ])
    expect(() => tonesFor('12x')).toThrow(/0-9/)
  })
})
