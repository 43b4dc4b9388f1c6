import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import {
  delegationStep,
  waitingDelegation,
  type DelegationEffect,
  type DelegationInput,
  type DelegationState,
} from './delegation-machine.ts'

const turnEnds = [
  'completed',
  'empty',
  'handedOff',
  'aborted',
  'timeout',
  'failed',
  'interrupted',
  'budgetExceeded',
] as const

const anyInput: fc.Arbitrary<DelegationInput> = fc.oneof(
  fc.constant<DelegationInput>({ type: 'start' }),
  fc.constant<DelegationInput>({ type: 'timer' }),
  fc.constant<DelegationInput>({ type: 'lost' }),
  fc.constant<DelegationInput>({ type: 'failed', code: 'internal_error' }),
  fc.constant<DelegationInput>({ type: 'cancel', reason: 'parent_aborted' }),
  fc.record({
    type: fc.constant('settled' as const),
    text: fc.option(fc.string({ minLength: 1 })),
    end: fc.option(fc.constantFrom(...turnEnds), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('submitted' as const),
    submission: fc.oneof(
      fc.constant({ ok: true as const, status: 'completed' as const, summary: 'done', value: 1 }),
      fc.constant({ ok: true as const, status: 'failed' as const, summary: 'no', value: undefined }),
      fc.constant({ ok: false as const, paths: ['amount'] }),
    ),
  }),
)

function run(
  inputs: readonly DelegationInput[],
  options: { needsSubmission?: boolean; maxRetries?: number } = {},
): { state: DelegationState; effects: DelegationEffect[] } {
  const effects: DelegationEffect[] = []
  let state = waitingDelegation({
    needsSubmission: options.needsSubmission ?? false,
    maxRetries: options.maxRetries ?? 3,
    timeoutMs: 120_000,
  })
  inputs.forEach((input, index) => {
    const step = delegationStep(state, input, index * 1_000)
    state = step.state
    effects.push(...step.effects)
  })
  return { state, effects }
}

const outcomeOf = (effects: readonly DelegationEffect[]): unknown =>
  effects.flatMap((effect) => (effect.type === 'complete' ? [effect.outcome] : []))

test('DG-5 whatever comes in whatever order, the completion is given at most once and nothing after it', () => {
  fc.assert(
    fc.property(fc.array(anyInput), fc.boolean(), fc.nat({ max: 3 }), (inputs, needsSubmission, maxRetries) => {
      const { effects, state } = run(inputs, { needsSubmission, maxRetries })
      const completions = effects.filter(({ type }) => type === 'complete').length
      expect(completions).toBe(state.phase === 'ended' ? 1 : 0)
      if (completions === 1) expect(effects.at(-1)?.type).toBe('complete')
    }),
  )
})

test('DG-5 a running task ends when its time is over, and its timer is given back in every case', () => {
  fc.assert(
    fc.property(fc.array(anyInput), (inputs) => {
      const { effects, state } = run([{ type: 'start' }, ...inputs, { type: 'timer' }])
      expect(state.phase).toBe('ended')
      expect(effects.filter(({ type }) => type === 'cancelTimer')).toHaveLength(1)
    }),
  )
})

test('DG-5 a cancel stops the worker, and a cancelled task that waits needs no stopping', () => {
  const running = run([{ type: 'start' }, { type: 'cancel', reason: 'room_closed' }])
  expect(running.effects.slice(-2)).toEqual([
    { type: 'stop', reason: 'room_closed' },
    { type: 'complete', outcome: { status: 'cancelled', reason: 'room_closed' } },
  ])
  const waiting = run([{ type: 'cancel', reason: 'room_closed' }])
  expect(waiting.effects.map(({ type }) => type)).toEqual(['complete'])
})

test('DG-3 faults are given back up to maxRetries and then fail as made by the framework', () => {
  fc.assert(
    fc.property(fc.nat({ max: 5 }), (maxRetries) => {
      const faults: DelegationInput[] = Array.from({ length: maxRetries }, () => ({
        type: 'submitted',
        submission: { ok: false, paths: ['a'] },
      }))
      const before = run([{ type: 'start' }, ...faults], { needsSubmission: true, maxRetries })
      expect(before.state.phase).toBe('running')
      const after = run(
        [{ type: 'start' }, ...faults, { type: 'submitted', submission: { ok: false, paths: ['a'] } }],
        { needsSubmission: true, maxRetries },
      )
      expect(outcomeOf(after.effects)).toMatchObject([{ status: 'failed', why: 'no_submission' }])
    }),
  )
})

test('DG-3 a worker that ends without handing in is asked again, at most maxRetries times', () => {
  const settled: DelegationInput = { type: 'settled', text: 'Here you are.', end: 'completed' }
  const { effects, state } = run([{ type: 'start' }, settled, settled, settled], {
    needsSubmission: true,
    maxRetries: 2,
  })
  expect(effects.filter(({ type }) => type === 'askAgain')).toHaveLength(2)
  expect(state.phase).toBe('ended')
  expect(outcomeOf(effects)).toMatchObject([{ status: 'failed', why: 'no_submission', text: 'Here you are.' }])
})

test('DG-3 without a schema the last text is the result, and no text is a failure', () => {
  expect(
    outcomeOf(run([{ type: 'start' }, { type: 'settled', text: 'Forty-two.', end: 'completed' }]).effects),
  ).toEqual([{ status: 'completed', text: 'Forty-two.' }])
  expect(outcomeOf(run([{ type: 'start' }, { type: 'settled', text: null, end: 'empty' }]).effects)).toEqual([
    { status: 'failed', why: 'no_text' },
  ])
})

test('DG-3 a worker may say by itself that the task cannot be done', () => {
  const inputs: DelegationInput[] = [
    { type: 'start' },
    { type: 'submitted', submission: { ok: true, status: 'failed', summary: 'No such file.', value: undefined } },
    { type: 'settled', text: null, end: 'completed' },
  ]
  expect(outcomeOf(run(inputs, { needsSubmission: true }).effects)).toEqual([
    { status: 'failed', why: 'worker', text: 'No such file.' },
  ])
})

test('DG-5 a result that was handed in counts, though the time is over before the worker has ended', () => {
  const inputs: DelegationInput[] = [
    { type: 'start' },
    { type: 'submitted', submission: { ok: true, status: 'completed', summary: 'done', value: 7 } },
    { type: 'timer' },
  ]
  expect(outcomeOf(run(inputs, { needsSubmission: true }).effects)).toEqual([
    { status: 'completed', text: 'done', value: 7 },
  ])
})

test('DG-8 a worker stopped by the budget gives overBudget, with what it said so far', () => {
  expect(
    outcomeOf(run([{ type: 'start' }, { type: 'settled', text: 'Half of it.', end: 'budgetExceeded' }]).effects),
  ).toEqual([{ status: 'overBudget', reason: 'budgetExceeded', text: 'Half of it.' }])
})
