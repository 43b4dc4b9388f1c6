import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import {
  combinedFeedback,
  loopRun,
  loopStep,
  type LoopEffect,
  type LoopInput,
  type LoopReport,
  type LoopState,
  type LoopTerms,
} from './loop-machine.ts'
import type { StepOutcome, Verdict } from './supervisor-machine.ts'

const yes: Verdict = { approved: true, feedback: '' }
const no = (feedback: string): Verdict => ({ approved: false, feedback })
const draft = (text: string): StepOutcome => ({ status: 'completed', text })

function play(
  terms: LoopTerms,
  drafts: StepOutcome[],
  verdicts: Verdict[],
  { picks = [0], stopAfter }: { picks?: number[]; stopAfter?: number | undefined } = {},
): { state: LoopState; reports: LoopReport[]; effects: LoopEffect[]; atOnce: number } {
  let state = loopRun(terms)
  let atOnce = 0
  const open: LoopEffect[] = []
  const effects: LoopEffect[] = []
  const feed = (input: LoopInput): void => {
    const step = loopStep(state, input, 0)
    state = step.state
    effects.push(...step.effects)
    if (step.effects.some(({ type }) => type === 'cancelAll')) open.splice(0)
    open.push(...step.effects.filter(({ type }) => type === 'produce' || type === 'review'))
    atOnce = Math.max(atOnce, open.length)
  }
  feed({ type: 'begin' })
  let produced = 0
  let judged = 0
  for (let count = 0; open.length > 0; count++) {
    if (count === stopAfter) feed({ type: 'stop', reason: 'deadline' })
    const [effect] = open.splice((picks[count % picks.length] ?? 0) % Math.max(1, open.length), 1)
    if (effect?.type === 'produce')
      feed({ type: 'produced', outcome: drafts[produced++ % drafts.length] ?? draft('x') })
    if (effect?.type === 'review')
      feed({ type: 'reviewed', reviewerId: effect.reviewerId, verdict: verdicts[judged++ % verdicts.length] ?? null })
  }
  return {
    state,
    effects,
    atOnce,
    reports: effects.flatMap((effect) => (effect.type === 'finish' ? [effect.report] : [])),
  }
}

const verdict: fc.Arbitrary<Verdict> = fc.oneof(fc.constant(null), fc.constant(yes), fc.constant(no('again')))
const outcome: fc.Arbitrary<StepOutcome> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(draft('text')) },
  fc.constant<StepOutcome>({ status: 'timeout', code: 'delegation_timeout' }),
)
const anyTerms = fc.record<LoopTerms>({
  reviewers: fc.integer({ min: 1, max: 3 }).map((count) => Array.from({ length: count }, (_, index) => `r${index}`)),
  strategy: fc.constantFrom('sequential', 'parallel'),
  maxIterations: fc.integer({ min: 1, max: 4 }),
})

test('SG-9 SG-11 every loop finishes exactly once within its iterations, and approved means that all approved the final draft', () => {
  fc.assert(
    fc.property(
      anyTerms,
      fc.array(outcome, { minLength: 1, maxLength: 5 }),
      fc.array(verdict, { minLength: 1, maxLength: 12 }),
      fc.record({
        picks: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 8 }),
        stopAfter: fc.option(fc.nat({ max: 8 }), { nil: undefined }),
      }),
      (terms, drafts, verdicts, how) => {
        const { state, reports, atOnce } = play(terms, drafts, verdicts, how)
        expect(reports).toHaveLength(1)
        expect(reports[0]?.iterations).toBeLessThanOrEqual(terms.maxIterations)
        if (terms.strategy === 'sequential') expect(atOnce).toBeLessThanOrEqual(1)
        if (reports[0]?.approved === true) {
          expect(state.reviews).toHaveLength(terms.reviewers.length)
          expect(state.reviews.every(({ approved }) => approved)).toBe(true)
          expect(reports[0].text).toBeDefined()
        }
      },
    ),
  )
})

const terms: LoopTerms = { reviewers: ['style', 'facts'], strategy: 'parallel', maxIterations: 3 }

test('SG-9 dissent leads to another draft with the combined feedback, labelled, in declared order', () => {
  const { effects, reports } = play(terms, [draft('one'), draft('two')], [no('too long'), no('wrong year'), yes, yes], {
    picks: [0, 1, 0, 0],
  })
  const again = effects.filter((effect) => effect.type === 'produce')[1]
  expect(again?.type === 'produce' && combinedFeedback(again.feedback, (id) => id.toUpperCase())).toBe(
    '[STYLE] wrong year\n[FACTS] too long',
  )
  expect(again).toMatchObject({ former: 'one', iteration: 2 })
  expect(reports).toEqual([{ text: 'two', approved: true, iterations: 2 }])
})

test('SG-9 reviewers in sequence see what was said before them', () => {
  const { effects } = play({ ...terms, strategy: 'sequential' }, [draft('one')], [no('too long'), yes])
  expect(effects.filter((effect) => effect.type === 'review')[1]).toMatchObject({
    reviewerId: 'facts',
    earlier: [{ reviewerId: 'style', feedback: 'too long', approved: false }],
  })
})

test('SG-9 an unreadable verdict is no approval, and the last draft is given as not approved', () => {
  const { reports } = play({ ...terms, maxIterations: 2 }, [draft('one'), draft('two')], [null, yes])
  expect(reports).toEqual([{ text: 'two', approved: false, iterations: 2 }])
})

test('SG-10 a stop yields the last draft, marked', () => {
  const { reports } = play(terms, [draft('one'), draft('two')], [no('more')], { stopAfter: 4 })
  expect(reports[0]).toMatchObject({ approved: false, stopped: 'deadline', text: 'two' })
})
