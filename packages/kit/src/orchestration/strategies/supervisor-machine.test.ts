import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import {
  supervisorRun,
  supervisorStep,
  type StepOutcome,
  type SupervisorEffect,
  type SupervisorInput,
  type SupervisorReport,
  type SupervisorState,
  type SupervisorTerms,
  type Verdict,
} from './supervisor-machine.ts'

const outcomes: fc.Arbitrary<StepOutcome> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<StepOutcome>({ status: 'completed', text: 'done' }) },
  fc.constant<StepOutcome>({ status: 'failed', code: 'delegation_failed' }),
  fc.constant<StepOutcome>({ status: 'timeout', code: 'delegation_timeout' }),
  fc.constant<StepOutcome>({ status: 'overBudget', code: 'budget_exceeded' }),
)
const verdicts: fc.Arbitrary<Verdict> = fc.oneof(
  fc.constant(null),
  fc.record({ approved: fc.boolean(), feedback: fc.constant('more') }),
)

const terms = fc.record<SupervisorTerms>({
  workers: fc.integer({ min: 1, max: 4 }).map((count) => Array.from({ length: count }, (_, index) => `w${index}`)),
  strategy: fc.constantFrom('sequential', 'parallel'),
  review: fc.boolean(),
  maxRevisions: fc.nat({ max: 3 }),
  failFast: fc.boolean(),
})

interface Trace {
  state: SupervisorState
  reports: SupervisorReport[]
  runs: Map<string, number>
  atOnce: number
  effects: SupervisorEffect[]
}

/** Answers each effect by the given answers, in an order the numbers choose; `stopAfter` breaks in. */
function play(
  given: SupervisorTerms,
  answers: { outcome: StepOutcome; verdict: Verdict; pick: number }[],
  stopAfter?: number,
): Trace {
  let state = supervisorRun(given)
  const open: SupervisorEffect[] = []
  const trace: Trace = { state, reports: [], runs: new Map(), atOnce: 0, effects: [] }
  const feed = (input: SupervisorInput): void => {
    const step = supervisorStep(state, input, 0)
    state = step.state
    trace.effects.push(...step.effects)
    for (const effect of step.effects) {
      if (effect.type === 'finish') trace.reports.push(effect.report)
      if (effect.type === 'cancelAll') open.splice(0)
      if (effect.type === 'runWorker') trace.runs.set(effect.workerId, (trace.runs.get(effect.workerId) ?? 0) + 1)
      if (effect.type === 'runWorker' || effect.type === 'review') open.push(effect)
    }
    trace.atOnce = Math.max(trace.atOnce, open.length)
  }
  feed({ type: 'begin' })
  for (let count = 0; open.length > 0; count++) {
    if (count === stopAfter) feed({ type: 'stop', reason: 'deadline' })
    const { outcome, verdict, pick } = answers[count % answers.length] ?? {
      outcome: { status: 'completed', text: 'x' },
      verdict: null,
      pick: 0,
    }
    const [effect] = open.splice(pick % Math.max(1, open.length), 1)
    if (effect?.type === 'runWorker') feed({ type: 'workerEnded', workerId: effect.workerId, outcome })
    if (effect?.type === 'review') feed({ type: 'reviewed', workerId: effect.workerId, verdict })
  }
  return { ...trace, state }
}

const answers = fc.array(fc.record({ outcome: outcomes, verdict: verdicts, pick: fc.nat({ max: 9 }) }), {
  minLength: 1,
  maxLength: 30,
})

test('SG-5 SG-6 SG-11 every run finishes exactly once, no step is left running, revisions are bounded, results are in declared order', () => {
  fc.assert(
    fc.property(terms, answers, fc.option(fc.nat({ max: 12 }), { nil: undefined }), (given, replies, stopAfter) => {
      const { state, reports, runs, atOnce } = play(given, replies, stopAfter)
      expect(reports).toHaveLength(1)
      expect(
        state.steps.every(({ status }) => status !== 'running' && status !== 'reviewing' && status !== 'pending'),
      ).toBe(true)
      expect(reports[0]?.results.map(({ workerId }) => workerId)).toEqual(given.workers)
      for (const count of runs.values()) expect(count).toBeLessThanOrEqual(1 + (given.review ? given.maxRevisions : 0))
      if (given.strategy === 'sequential') expect(atOnce).toBeLessThanOrEqual(1)
      for (const { validated, status } of reports[0]?.results ?? [])
        if (given.review && status === 'completed') expect(validated).toBeDefined()
    }),
  )
})

const good: StepOutcome = { status: 'completed', text: 'done' }
const bad: StepOutcome = { status: 'failed', code: 'delegation_failed' }
const plain: SupervisorTerms = {
  workers: ['a', 'b', 'c'],
  strategy: 'sequential',
  review: false,
  maxRevisions: 3,
  failFast: false,
}

test('SG-5 in sequence each worker gets the results so far, failures included and named', () => {
  const { effects, reports } = play(
    plain,
    [good, bad, good].map((outcome) => ({ outcome, verdict: null, pick: 0 })),
  )
  const last = effects.findLast((effect) => effect.type === 'runWorker')
  expect(last).toMatchObject({
    workerId: 'c',
    prior: [
      { workerId: 'a', status: 'completed', text: 'done' },
      { workerId: 'b', status: 'failed', code: 'delegation_failed' },
    ],
  })
  expect(reports[0]?.results.map(({ status }) => status)).toEqual(['completed', 'failed', 'completed'])
  expect(reports[0]?.stopped).toBeUndefined()
})

test('SG-5 failFast stops at the first failure and cancels the rest', () => {
  const { reports, runs } = play({ ...plain, failFast: true }, [{ outcome: bad, verdict: null, pick: 0 }])
  expect(reports[0]).toMatchObject({
    stopped: 'failFast',
    results: [{ status: 'failed' }, { status: 'cancelled' }, { status: 'cancelled' }],
  })
  expect([...runs.keys()]).toEqual(['a'])
})

test('SG-6 an unreadable verdict is no approval, and what is delivered unapproved is marked', () => {
  const { reports, runs } = play({ ...plain, workers: ['a'], review: true, maxRevisions: 2 }, [
    { outcome: good, verdict: null, pick: 0 },
  ])
  expect(runs.get('a')).toBe(3)
  expect(reports[0]?.results).toMatchObject([{ status: 'completed', revision: 2, validated: false }])
})

test('SG-6 feedback and the former result go with the work that is done again', () => {
  const replies = [
    { approved: false, feedback: 'Name the source.' },
    { approved: true, feedback: '' },
  ]
  const { effects, reports } = play({ ...plain, workers: ['a'], review: true }, [
    { outcome: good, verdict: null, pick: 0 },
    ...replies.flatMap((verdict) => [
      { outcome: good, verdict, pick: 0 },
      { outcome: good, verdict: null, pick: 0 },
    ]),
  ])
  expect(effects.filter((effect) => effect.type === 'runWorker')[1]).toMatchObject({
    feedback: 'Name the source.',
    former: 'done',
    revision: 1,
  })
  expect(reports).toHaveLength(1)
})

test('SG-10 a budget that is used up stops the run and yields what is done so far', () => {
  const { reports } = play(plain, [
    { outcome: good, verdict: null, pick: 0 },
    { outcome: { status: 'overBudget', code: 'budget_exceeded' }, verdict: null, pick: 0 },
  ])
  expect(reports[0]).toMatchObject({
    stopped: 'budget',
    results: [{ status: 'completed', text: 'done' }, { status: 'overBudget' }, { status: 'cancelled', code: 'budget' }],
  })
})
