import { expect, test } from 'vitest'
import type { Region, StepDefinition } from '@parley/spec'
import { ask, dag, define, step } from '../__fixtures__/define.ts'
import { checkDefinition } from './check-definition.ts'

const flow = (start: string, steps: StepDefinition[]): Region => ({ kind: 'flow', start, steps })
const problemsOf = (region: Region): string[] =>
  checkDefinition(define(region)).map(({ code, path, message }) => `${code} ${path} ${message}`)

const begin = step('begin', { next: 'work' }, 'start')
const work = ask('work', 'x', { next: 'end', output: 'answer' })
const end = step('end', { output: 'answer' }, 'end')

test('2.3 a flow with one start and an end is sound, loops included', () => {
  expect(problemsOf(flow('begin', [begin, work, end]))).toEqual([])
  const again = step('again', { condition: { '==': [{ var: 'answer' }, 'no'] }, then: 'work', else: 'end' }, 'if')
  expect(problemsOf(flow('begin', [begin, { ...work, next: 'again' }, again, end]))).toEqual([])
})

test('2 a flow without start and end nodes begins where it says', () => {
  expect(problemsOf(flow('a', [step('a', { next: 'b' }), step('b')]))).toEqual([])
  expect(problemsOf(flow('z', [step('a')]))).toEqual([
    'unknown_reference start The start of the flow names the step "z", which does not exist here.',
  ])
})

test('2.3 wrong counts of starts and ends', () => {
  expect(problemsOf(flow('work', [work, end]))).toEqual(['document_invalid start The flow has 0 start nodes.'])
  const second = step('second', { next: 'work' }, 'start')
  expect(problemsOf(flow('begin', [begin, second, work, end]))).toEqual([
    'document_invalid start The flow has 2 start nodes.',
    'document_invalid steps.second The node "second" is never reached.',
  ])
  expect(problemsOf(flow('begin', [begin, { ...work, next: 'begin' }]))).toEqual([
    'document_invalid steps The flow has no end node.',
  ])
  expect(problemsOf(flow('work', [begin, work, end]))).toEqual([
    'document_invalid start The flow starts at "work", which is no start node.',
    'document_invalid steps.begin The node "begin" is never reached.',
  ])
})

test('2.3 unknown targets of next, then, else and cases', () => {
  const choose = step(
    'choose',
    { switch: { expr: 'answer', cases: { a: 'gone', b: 'end' }, default: 'lost' } },
    'switch',
  )
  expect(problemsOf(flow('begin', [begin, { ...work, next: 'choose' }, choose, end]))).toEqual([
    'unknown_reference steps.choose.switch.cases.a The step "choose" names the step "gone", which does not exist here.',
    'unknown_reference steps.choose.switch.default The step "choose" names the step "lost", which does not exist here.',
  ])
})

test('2.3 nodes that are never reached, that lead nowhere, and ends that go on', () => {
  const island = ask('island', 'x', { next: 'end' })
  expect(problemsOf(flow('begin', [begin, work, island, end]))).toEqual([
    'document_invalid steps.island The node "island" is never reached.',
  ])
  const { next: _next, ...stuck } = work
  expect(problemsOf(flow('begin', [begin, stuck, end]))).toEqual([
    'document_invalid steps.work The node "work" leads nowhere.',
    'document_invalid steps.end The node "end" is never reached.',
  ])
  expect(problemsOf(flow('begin', [begin, work, { ...end, next: 'work' }]))).toEqual([
    'document_invalid steps.end.next The end node "end" goes on.',
  ])
})

test('2.3 all ends give one type', () => {
  const typed = (id: string, output: string, type: string, next: string): StepDefinition =>
    ask(id, 'x', { output, next, outputContract: { schema: { type } } })
  const choose = step('choose', { condition: { '==': [{ var: 'a' }, 1] }, then: 'end', else: 'other' }, 'if')
  const nodes = (type: string): Region =>
    flow('begin', [
      begin,
      typed('work', 'answer', 'string', 'more'),
      typed('more', 'report', type, 'choose'),
      choose,
      end,
      step('other', { output: 'report' }, 'end'),
    ])
  expect(problemsOf(nodes('string'))).toEqual([])
  expect(problemsOf(nodes('number'))).toEqual(['document_invalid steps The end nodes end, other give different types.'])
})

test('2 nodes have no dependencies, and steps of a dag do not go on', () => {
  expect(problemsOf(flow('a', [step('a', { next: 'b' }), step('b', { dependsOn: ['a'] })]))).toEqual([
    'document_invalid steps.b.dependsOn The node "b" has dependencies, and a flow has none.',
  ])
  expect(problemsOf(dag([step('a', { next: 'b' }), step('b')]))).toEqual([
    'document_invalid steps.a.next The step "a" has next, which only nodes of a flow have.',
  ])
  expect(problemsOf(dag([step('a', {}, 'end')]))).toEqual([
    'document_invalid steps.a.kind The step "a" is of kind end, which only a flow has.',
  ])
})

const branch = (id: string, steps: StepDefinition[]): StepDefinition =>
  step(id, { parallel: true, region: flow(steps[0]?.id ?? '', steps) }, 'region')
const parallel = (branches: StepDefinition[]): Region =>
  flow('begin', [begin, step('work', { next: 'end', region: dag(branches) }, 'region'), end])

test('2.3 branches of a parallel stay apart', () => {
  expect(problemsOf(parallel([branch('l', [step('x')]), branch('r', [step('y')])]))).toEqual([])
  expect(problemsOf(parallel([branch('l', [step('x')]), branch('r', [step('x')])]))[0]).toBe(
    'document_invalid steps.work.steps.r.steps.x The branches "l" and "r" share the node "x".',
  )
  expect(problemsOf(parallel([branch('l', [step('x', { next: 'stop' }), step('stop', {}, 'end')])]))).toEqual([])
  const last = step('stop', { output: 'answer' }, 'end')
  expect(problemsOf(parallel([branch('l', [step('x', { next: 'stop' }), last])]))).toEqual([
    'document_invalid steps.work.steps.l.steps.stop A branch reaches the end node "stop".',
  ])
})

test("2.3 a branch does not write a sibling's output", () => {
  const both = parallel([branch('l', [step('x', { output: 'k' })]), branch('r', [step('y', { output: 'k' })])])
  expect(problemsOf(both)).toEqual([
    'write_conflict steps.work.steps.r.writeKeys The steps "l" and "r" may run together and both write the key "k".',
  ])
})
