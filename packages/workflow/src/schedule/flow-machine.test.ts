import { expect, test } from 'vitest'
import { step } from '../definition/__fixtures__/define.ts'
import { openFlow, planFlow, stepFlow, type FlowEffect, type FlowInput, type FlowState } from './flow-machine.ts'

const plan = planFlow('a', [step('a', { next: 'b' }), step('b', { next: 'a' })])

function feed(...inputs: FlowInput[]): { state: FlowState; effects: FlowEffect[] } {
  let state = openFlow(plan)
  let effects: FlowEffect[] = []
  for (const input of inputs) ({ state, effects } = stepFlow(state, input))
  return { state, effects }
}

const left = (next: string | undefined): FlowInput => ({ type: 'left', next })

test('4.3 one token walks from node to node, and every pass through a node has a number', () => {
  const visits: [string, number][] = []
  let { state, effects } = feed({ type: 'start' })
  for (const next of ['b', 'a', 'b', 'a']) {
    for (const effect of effects) if (effect.type === 'enter') visits.push([effect.step.id, effect.visit])
    ;({ state, effects } = stepFlow(state, left(next)))
  }
  expect(visits).toEqual([
    ['a', 1],
    ['b', 1],
    ['a', 2],
    ['b', 2],
  ])
})

test('4.3 reaching an end completes the region, a failure fails it', () => {
  expect(feed({ type: 'start' }, left(undefined)).effects).toEqual([{ type: 'ended', outcome: 'completed' }])
  expect(feed({ type: 'start' }, { type: 'failed' }).effects).toEqual([{ type: 'ended', outcome: 'failed' }])
})

test('4.1.6 a stop tells the running node once, and its end is the end of the region whatever it was', () => {
  expect(feed({ type: 'start' }, { type: 'stop' }).effects).toEqual([{ type: 'interrupt' }])
  expect(feed({ type: 'start' }, { type: 'stop' }, { type: 'stop' }).effects).toEqual([])
  for (const end of [left('b'), left(undefined), { type: 'failed' } as const])
    expect(feed({ type: 'start' }, { type: 'stop' }, end).effects).toEqual([{ type: 'ended', outcome: 'stopped' }])
})

test('4.3 inputs out of turn change nothing', () => {
  for (const input of [left('b'), { type: 'failed' } as const, { type: 'stop' } as const])
    expect(feed(input).effects).toEqual([])
  expect(feed({ type: 'start' }, { type: 'start' }).effects).toEqual([])
  expect(feed({ type: 'start' }, left('nowhere')).effects).toEqual([
    { type: 'ended', outcome: 'failed', lost: 'nowhere' },
  ])
})
