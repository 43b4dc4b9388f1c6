import { createVirtualClock } from '@parley/testing'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  answererOf,
  createAmdMachine,
  type AmdEffect,
  type AmdEvent,
  type AmdMachineOptions,
  type AmdState,
  type AmdTimer,
} from './amd-machine.ts'
import { defaultAmdOptions } from './amd-options.ts'
import { judgePhrases } from './amd-phrases.ts'
import { createBeepDetector } from './beep-detector.ts'
import { createIvrNavigator, defaultIvrOptions } from './ivr-navigator.ts'

/** Runs a timeline; timers fire when they are due. */
function run(timeline: readonly [number, AmdEvent][], options?: AmdMachineOptions, untilMs = 60_000) {
  const machine = createAmdMachine(options)
  const timers = new Map<AmdTimer, number>()
  const effects: AmdEffect[] = []
  let state: AmdState = machine.initial
  const feed = (event: AmdEvent, nowMs: number): void => {
    const step = machine.step(state, event, nowMs)
    state = step.state
    effects.push(...step.effects)
    for (const effect of step.effects) {
      if (effect.type === 'setTimer') timers.set(effect.timer, effect.atMs)
      if (effect.type === 'cancelTimer') timers.delete(effect.timer)
    }
  }
  const fireUntil = (limitMs: number): void => {
    for (;;) {
      const [due] = [...timers].toSorted((one, other) => one[1] - other[1])
      if (due === undefined || due[1] > limitMs) return
      timers.delete(due[0])
      feed({ type: 'timerFired', timer: due[0] }, due[1])
    }
  }
  for (const [atMs, event] of timeline) {
    fireUntil(atMs)
    feed(event, atMs)
  }
  fireUntil(untilMs)
  const verdicts = effects.filter((effect) => effect.type === 'verdict')
  const maySpeak = effects.find((effect) => effect.type === 'maySpeak')
  return { state, effects, verdicts, verdict: verdicts[0], speakAtMs: maySpeak?.atMs, pending: timers.size }
}

/** Speech with the delay of a detector that needs 250 ms of silence. */
const speech = (fromMs: number, toMs: number): [number, AmdEvent][] => [
  [fromMs + 50, { type: 'speechStart', atMs: fromMs }],
  [toMs + 250, { type: 'speechEnd', atMs: toMs }],
]
const answered: [number, AmdEvent] = [0, { type: 'answered' }]

describe('answering machine detection', () => {
  test('defaults: answering machine detection', () => {
    expect(defaultAmdOptions).toEqual({
      humanSpeechMs: 2_500,
      humanSilenceMs: 500,
      machineSilenceMs: 1_500,
      noSpeechMs: 10_000,
      totalMs: 20_000,
      maxExtensions: 3,
      extensionMs: 10_000,
      classifierMs: 2_000,
    })
    expect(defaultIvrOptions).toEqual({ interDigitMs: 500, maxSameMenus: 3 })
  })

  test('AM-1 2 500 ms of speech and 500 ms of silence are a person, counted from the last voiced instant', () => {
    const { verdict, speakAtMs } = run([answered, ...speech(1_000, 3_500)])
    expect(verdict).toMatchObject({ verdict: 'human', by: 'timing', atMs: 4_000 })
    expect(speakAtMs).toBe(4_000)
  })

  test('AM-1 longer speech is a machine, and 1 500 ms of silence come before we speak', () => {
    const { verdict, speakAtMs } = run([answered, ...speech(1_000, 3_501)])
    expect(verdict).toMatchObject({ verdict: 'machine', by: 'timing', atMs: 4_001 })
    expect(speakAtMs).toBe(5_001)
  })

  test('AM-1 a machine that goes on speaking is waited for, and its beep lets us speak at once', () => {
    const words: [number, AmdEvent] = [2_000, { type: 'text', text: 'hi you have reached bob please leave a message' }]
    expect(
      run([
        answered,
        [1_050, { type: 'speechStart', atMs: 1_000 }],
        words,
        [5_250, { type: 'speechEnd', atMs: 5_000 }],
      ]),
    ).toMatchObject({
      verdict: { verdict: 'machine', by: 'words', atMs: 2_000 },
      speakAtMs: 6_500,
    })
    expect(
      run([
        answered,
        [1_050, { type: 'speechStart', atMs: 1_000 }],
        words,
        [5_250, { type: 'speechEnd', atMs: 5_000 }],
        [5_400, { type: 'beep' }],
      ]).speakAtMs,
    ).toBe(5_400)
    const resumed = run([answered, ...speech(1_000, 4_000), ...speech(5_000, 7_000)])
    expect(resumed.speakAtMs).toBe(8_500)
    expect(resumed.verdicts).toHaveLength(1)
  })

  test('AM-1 a beep alone is a machine', () => {
    expect(run([answered, [900, { type: 'beep' }]])).toMatchObject({
      verdict: { verdict: 'machine', by: 'beep' },
      speakAtMs: 900,
    })
  })

  test('AM-1 no speech for 10 s is uncertain', () => {
    expect(run([answered]).verdict).toMatchObject({ verdict: 'uncertain', by: 'noSpeech', atMs: 10_000 })
  })

  test('AM-1 the bound of 20 s is put off three times, by 10 s together, while somebody speaks', () => {
    const endless = run([answered, [1_050, { type: 'speechStart', atMs: 1_000 }]])
    expect(endless.effects.filter((effect) => effect.type === 'setTimer' && effect.timer === 'total')).toHaveLength(4)
    expect(endless.verdict).toMatchObject({ verdict: 'machine', by: 'bound', atMs: 30_000 })
    const thinking = run(
      [answered, [19_000, { type: 'speechStart', atMs: 19_000 }], [20_400, { type: 'speechEnd', atMs: 20_200 }]],
      {
        noSpeechMs: 60_000,
      },
    )
    expect(thinking.verdict).toMatchObject({ verdict: 'human', atMs: 20_700 })
  })

  test('AM-1 a line that hangs up before it spoke is unavailable, and nobody is spoken to', () => {
    const gone = run([answered, [500, { type: 'hangup' }]])
    expect(gone.verdict).toMatchObject({ verdict: 'unavailable', by: 'hangup' })
    expect(gone.speakAtMs).toBeUndefined()
  })

  test.each([
    ['en', "Hi, you've reached Dana. Leave a message after the beep.", 'machine'],
    ['en', 'Thank you for calling. For sales, press one.', 'ivr'],
    ['en', 'The number you have dialed is not in service.', 'unavailable'],
    ['en', 'Hello?', null],
    ['de', 'Bitte hinterlassen Sie eine Nachricht nach dem Signalton.', 'machine'],
    ['de-DE', 'Kein Anschluss unter dieser Nummer.', 'unavailable'],
    ['es', 'Deje su mensaje después del tono.', 'machine'],
    ['fr', 'Laissez un message après le bip.', 'machine'],
    ['fr', 'Tapez 1 pour le service clients.', 'ivr'],
    ['ja', 'Please leave a message after the beep.', 'machine'],
  ])('AM-2 words decide in %s: %s', (language, text, verdict) => {
    expect(judgePhrases(text, { language })).toBe(verdict)
  })

  test('AM-2 words of a menu beat the timing of a person', () => {
    expect(
      run([answered, [1_000, { type: 'speechStart', atMs: 1_000 }], [1_500, { type: 'text', text: 'press one' }]])
        .verdict,
    ).toMatchObject({
      verdict: 'ivr',
      by: 'words',
    })
  })

  test('AM-2 a plugged-in classifier is asked for what words leave open, and has 2 s', () => {
    const asked = run([answered, ...speech(1_000, 2_000), [3_000, { type: 'classified', verdict: 'ivr' }]], {
      hasClassifier: true,
    })
    expect(asked.effects).toContainEqual({ type: 'classify', text: '', speechMs: 1_000, deadlineMs: 4_500 })
    expect(asked.verdict).toMatchObject({ verdict: 'ivr', by: 'classifier', atMs: 3_000 })
    expect(run([answered, ...speech(1_000, 2_000)], { hasClassifier: true }).verdict).toMatchObject({
      verdict: 'human',
      by: 'timing',
      atMs: 4_500,
    })
    expect(
      run([answered, ...speech(1_000, 2_000), [3_000, { type: 'classified', verdict: null }]], { hasClassifier: true })
        .verdict,
    ).toMatchObject({
      verdict: 'human',
      atMs: 3_000,
    })
  })

  test('AM-2 nothing is spoken before the verdict, there is one verdict, and no timer is left', () => {
    const event: fc.Arbitrary<AmdEvent> = fc.oneof(
      fc.constant<AmdEvent>({ type: 'beep' }),
      fc.constant<AmdEvent>({ type: 'answered' }),
      fc.constant<AmdEvent>({ type: 'hangup' }),
      fc.nat(40_000).map((atMs): AmdEvent => ({ type: 'speechStart', atMs })),
      fc.nat(40_000).map((atMs): AmdEvent => ({ type: 'speechEnd', atMs })),
      fc.constantFrom('hello', 'leave a message', 'press one', '').map((text): AmdEvent => ({ type: 'text', text })),
      fc
        .constantFrom('human' as const, 'machine' as const, null)
        .map((verdict): AmdEvent => ({ type: 'classified', verdict })),
      fc
        .constantFrom<AmdTimer>('noSpeech', 'silence', 'total', 'classifier', 'machineSilence')
        .map((timer): AmdEvent => ({ type: 'timerFired', timer })),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40_000), event)), fc.boolean(), (events, hasClassifier) => {
        const timeline = events.toSorted((one, other) => one[0] - other[0])
        const result = run([answered, ...timeline], { hasClassifier }, 200_000)
        expect(result.verdicts).toHaveLength(1)
        expect(result.state.phase).toBe('done')
        expect(result.pending).toBe(0)
        const spoke = result.effects.findIndex(({ type }) => type === 'maySpeak')
        const judged = result.effects.findIndex(({ type }) => type === 'verdict')
        if (spoke >= 0) expect(spoke).toBeGreaterThan(judged)
        expect(JSON.parse(JSON.stringify(result.state))).toEqual(result.state)
      }),
      { numRuns: 500 },
    )
  })

  test('AM-2 uncertain acts as a person', () => {
    expect(
      ['human', 'uncertain', 'machine', 'ivr', 'unavailable'].map((verdict) =>
        answererOf(verdict as Parameters<typeof answererOf>[0]),
      ),
    ).toEqual(['human', 'human', 'machine', 'ivr', 'nobody'])
  })

  test('AM-1 one steady tone of 160 ms is a beep; speech, keys and short tones are not', () => {
    let beeps = 0
    const hear = (sampleAt: (seconds: number) => number, ms: number, rate: 8000 | 16000 = 8_000): void => {
      const detector = createBeepDetector({ onBeep: () => (beeps += 1) })
      for (let position = 0; position < (ms * rate) / 1_000; position += rate / 50) {
        const samples = Int16Array.from(
          { length: rate / 50 },
          (_, index) => 8_000 * sampleAt((position + index) / rate),
        )
        detector.push({ samples, sampleRateHz: rate, channels: 1, position })
      }
    }
    const sine = (hz: number) => (seconds: number) => Math.sin(2 * Math.PI * hz * seconds)
    for (const hz of [440, 1_000, 1_400, 2_000]) hear(sine(hz), 400)
    hear(sine(1_000), 400, 16_000)
    expect(beeps).toBe(5)
    hear(sine(1_000), 120)
    hear((seconds) => (sine(770)(seconds) + sine(1_336)(seconds)) / 2, 400)
    hear((seconds) => sine(180 + 60 * Math.sin(8 * seconds))(seconds) * 0.6 + sine(540)(seconds) * 0.4, 2_000)
    hear(() => 0, 400)
    hear((seconds) => 0.001 * sine(1_000)(seconds), 400)
    expect(beeps).toBe(5)
  })

  test('AM-3 digits go out one at a time, 500 ms apart', async () => {
    const clock = createVirtualClock()
    const sent: [string, number][] = []
    const navigator = createIvrNavigator(undefined, {
      clock,
      async send(digit) {
        sent.push([digit, clock.monotonicMs()])
      },
    })
    const pressed = Promise.all([navigator.press('12'), navigator.press('#')])
    await clock.runToRest()
    await pressed
    expect(sent).toEqual([
      ['1', 0],
      ['2', 500],
      ['#', 1_000],
    ])
  })

  test('AM-3 the same menu for the third time is a loop, however it is recognized', () => {
    const navigator = createIvrNavigator(undefined, { clock: createVirtualClock(), send: async () => {} })
    expect(navigator.menu('For sales press one, for support press two.')).toBe('go')
    expect(navigator.menu('Please say your account number')).toBe('go')
    expect(navigator.menu('for sales press one for support press two')).toBe('go')
    expect(navigator.menu('For sales press one. For support press to two.')).toBe('loop')
  })
})
