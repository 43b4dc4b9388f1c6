import { expect, test } from 'vitest'
import { ask, dag, step } from './__fixtures__/define.ts'
import { implyEdges } from './imply-edges.ts'

const edges = (region: Parameters<typeof implyEdges>[0]): { [id: string]: string[] } =>
  Object.fromEntries(implyEdges(region).steps.map(({ id, dependsOn }) => [id, dependsOn]))

test('2.4 a template, a condition, a foreach and an argument make dependencies', () => {
  const region = dag([
    step('a'),
    step('b'),
    ask('prompt', 'On {{steps.a.output.title}}', { system: '{{ steps.b.output ?? "none" }}' }),
    step('guarded', { condition: { '==': [{ var: 'steps.b.output' }, 1] } }),
    step('list', { foreach: { source: 'a', policy: 'requireAll', concurrency: 1 } }),
    step('path', { foreach: { source: 'steps.b.output.rows', policy: 'requireAll', concurrency: 1 } }),
    step('call', { action: 'rest://x.y', inputs: { id: { type: 'context', name: 'a.id' } } }, 'tool'),
    step('search', { rag: { query: '{{steps.a.output}}', topK: 5, store: 'results' } }, 'rag'),
  ])
  expect(edges(region)).toEqual({
    a: [],
    b: [],
    prompt: ['a', 'b'],
    guarded: ['b'],
    list: ['a'],
    path: ['b'],
    call: ['a'],
    search: ['a'],
  })
})

test('2.1 edges are in the order of the definition, without repeats; unknown names stay for the check', () => {
  const region = dag([step('a'), step('b'), ask('c', '{{steps.a.output}}', { dependsOn: ['zz', 'b', 'a', 'b'] })])
  expect(edges(region)['c']).toEqual(['a', 'b', 'zz'])
})

test('2.1 a foreach over a key of the input is no edge, even of the same name as its step', () => {
  const region = dag([
    step('topics', { foreach: { source: 'topics', policy: 'requireAll', concurrency: 1 } }),
    step('b', { foreach: { source: 'input.topics', policy: 'requireAll', concurrency: 1 } }),
    step('c', { foreach: { source: 'nothing', policy: 'requireAll', concurrency: 1 } }),
  ])
  expect(edges(region)).toEqual({ topics: [], b: [], c: [] })
})

test('W-2 what an inner step reads of an outer region, the step around it waits for', () => {
  const inner = dag([ask('x', '{{steps.outside.output}} {{steps.y.output}}'), step('y')])
  const implied = implyEdges(dag([step('outside'), step('around', { region: inner }, 'region')]))
  expect(implied.steps[1]?.dependsOn).toEqual(['outside'])
  expect(implied.steps[1]?.region?.steps.map(({ dependsOn }) => dependsOn)).toEqual([['y'], []])
})

test('2 steps of a flow get no edges', () => {
  const flow = { kind: 'flow' as const, start: 'a', steps: [step('a', { next: 'b' }), ask('b', '{{steps.a.output}}')] }
  expect(edges(flow)).toEqual({ a: [], b: [] })
})
