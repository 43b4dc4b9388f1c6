import type { BackchannelDetector, TurnDetector, TurnPredictionInput } from '@parley/spec'
import { describe, expect, test } from 'vitest'

/** A turn detector and what the suite must know to try it. */
export interface TurnDetectorSubject {
  detector: TurnDetector
  /** Texts of people who have finished, and of people who have not; both in `language`. */
  finished: readonly string[]
  unfinished: readonly string[]
  language?: string
  close?(): Promise<void> | void
}

/** The conformance suite of the `TurnDetector` port. */
export function turnDetectorSuite(
  name: string,
  create: () => TurnDetectorSubject | Promise<TurnDetectorSubject>,
): void {
  describe(`turn detector: ${name}`, () => {
    const trial = (run: (subject: TurnDetectorSubject) => Promise<void>) => async (): Promise<void> => {
      const subject = await create()
      try {
        await run(subject)
      } finally {
        await subject.close?.()
      }
    }
    const inputOf = (text: string, { language }: TurnDetectorSubject): TurnPredictionInput => ({
      turns: [{ role: 'assistant', text: 'How can I help you?' }],
      text,
      ...(language !== undefined && { language }),
      signal: new AbortController().signal,
    })

    test(
      'its information has a threshold for each language',
      trial(async ({ detector: { info } }) => {
        expect(info.id).not.toBe('')
        for (const language of info.languages) {
          const threshold = info.thresholds[language] ?? info.thresholds['default']
          expect(threshold).toBeGreaterThan(0)
          expect(threshold).toBeLessThan(1)
        }
      }),
    )

    test(
      'a prediction is a probability: high for finished, low for unfinished texts',
      trial(async (subject) => {
        const { detector, language = 'en' } = subject
        const threshold = detector.info.thresholds[language] ?? detector.info.thresholds['default'] ?? 0.5
        for (const text of subject.finished) {
          const probability = (await detector.predict(inputOf(text, subject))) ?? -1
          expect(probability, text).toBeGreaterThanOrEqual(threshold)
          expect(probability, text).toBeLessThanOrEqual(1)
        }
        for (const text of subject.unfinished) {
          const probability = (await detector.predict(inputOf(text, subject))) ?? -1
          expect(probability, text).toBeGreaterThanOrEqual(0)
          expect(probability, text).toBeLessThan(threshold)
        }
      }),
    )

    test(
      'P-9 a language it has not gives null, no error',
      trial(async (subject) => {
        expect(await subject.detector.predict({ ...inputOf('hello', subject), language: 'xx' })).toBeNull()
      }),
    )

    test(
      'an aborted question is answered by a rejection, or not at all',
      trial(async (subject) => {
        const asked = subject.detector.predict({
          ...inputOf('hello', subject),
          signal: AbortSignal.abort(new Error('late')),
        })
        const outcome = await asked.catch((error: unknown) => error)
        expect(outcome === null || outcome instanceof Error || typeof outcome === 'number').toBe(true)
      }),
    )

    test(
      'two questions at the same time do not disturb each other',
      trial(async (subject) => {
        const texts = [...subject.finished, ...subject.unfinished]
        const alone: (number | null)[] = []
        for (const text of texts) alone.push(await subject.detector.predict(inputOf(text, subject)))
        const together = await Promise.all(texts.map((text) => subject.detector.predict(inputOf(text, subject))))
        expect(together).toEqual(alone)
      }),
    )
  })
}

/** A backchannel detector and texts that it must tell apart. */
export interface BackchannelSubject {
  detector: BackchannelDetector
  backchannels: readonly string[]
  turns: readonly string[]
  language?: string
}

/** The conformance suite of the `BackchannelDetector` port. */
export function backchannelSuite(name: string, create: () => BackchannelSubject | Promise<BackchannelSubject>): void {
  describe(`backchannel detector: ${name}`, () => {
    const judge = async ({ detector, language }: BackchannelSubject, text: string): Promise<boolean> =>
      detector.isBackchannel({ text, durationMs: 400, ...(language !== undefined && { language }) })

    test('what only says "I hear you" is a backchannel', async () => {
      const subject = await create()
      for (const text of subject.backchannels) expect(await judge(subject, text), text).toBe(true)
    })

    test('what wants the floor is none, and neither is nothing', async () => {
      const subject = await create()
      for (const text of [...subject.turns, '', ' ']) expect(await judge(subject, text), text).toBe(false)
    })
  })
}
