import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { RegisteredFunction } from '../step/step-context.ts'
import { Step } from './step.ts'
import { TaskGraph } from './task-graph.ts'

const action = (): string => 'done'
const graphOf = (edges: { [name: string]: string[] }): TaskGraph =>
  new TaskGraph({
    name: 'graph',
    steps: Object.entries(edges).map(([name, dependsOn]) => new Step(name, action, { dependsOn })),
  })
const names = (steps: Step[]): string[] => steps.map(({ name }) => name)
const diamond = graphOf({ top: [], left: ['top'], right: ['top'], bottom: ['left', 'right'], lone: [] })

test('2.2 steps of a graph and who waits for whom', () => {
  expect(diamond.getStep('left').action).toBe(action)
  expect(names(diamond.getDependencies('bottom'))).toEqual(['left', 'right'])
  expect(names(diamond.getDependents('top'))).toEqual(['left', 'right'])
  expect(() => diamond.getStep('lft')).toThrow(/Did you mean "left"\?/)
})

test('2.2 edges that templates imply are among them', () => {
  const graph = new TaskGraph({
    name: 'g',
    steps: [new Step('a', action), new Step({ name: 'b', prompt: '{{steps.a.output}}' })],
  })
  expect(names(graph.getDependencies('b'))).toEqual(['a'])
})

test('2.2 steps that may begin', () => {
  expect(names(diamond.getReadySteps([], []))).toEqual(['top', 'lone'])
  expect(names(diamond.getReadySteps(['top'], ['lone']))).toEqual(['left', 'right'])
  expect(names(diamond.getReadySteps(['top', 'left'], ['right', 'lone']))).toEqual([])
})

test('2.2 steps that a failure skips, near and far', () => {
  expect(names(diamond.getCascadeSkipSteps(['top']))).toEqual(['left', 'right', 'bottom'])
  expect(names(diamond.getCascadeSkipSteps(['lone']))).toEqual([])
})

test('2.2 the order breaks ties by insertion, and a circle has none', () => {
  expect(names(diamond.order())).toEqual(['top', 'left', 'right', 'bottom', 'lone'])
  expect(names(graphOf({ b: ['c'], c: [], a: [] }).order())).toEqual(['c', 'b', 'a'])
  const circle = graphOf({ a: ['b'], b: ['a'] })
  expect(circle.validate().map(({ code }) => code)).toEqual(['workflow_cycle'])
  expect(() => circle.order()).toThrow(/a -> b -> a/)
})

test('2.2 working through what is ready gives an order that respects all edges (random graphs)', () => {
  const graphs = fc.array(fc.array(fc.nat({ max: 14 }), { maxLength: 3 }), { minLength: 1, maxLength: 15 })
  fc.assert(
    fc.property(graphs, (rows) => {
      const edges = Object.fromEntries(
        rows.map((targets, at) => [`s${at}`, targets.filter((to) => to < at).map((to) => `s${to}`)]),
      )
      const graph = graphOf(edges)
      expect(graph.validate()).toEqual([])
      const done: string[] = []
      for (let ready = graph.getReadySteps(done); ready.length > 0; ready = graph.getReadySteps(done)) {
        for (const { name } of ready) expect(edges[name]?.every((one) => done.includes(one))).toBe(true)
        done.push(...names(ready))
      }
      expect(done.toSorted()).toEqual(Object.keys(edges).toSorted())
      expect(names(graph.order()).toSorted()).toEqual(done.toSorted())
    }),
  )
})

const rich = (): TaskGraph =>
  new TaskGraph({
    name: 'rich',
    metadata: { dueDate: '2026-01-31' },
    steps: [
      new Step('fetch', action, {
        outputContract: z.looseObject({ rowCount: z.number() }),
        timeout: 2,
        parallel: true,
      }),
      new Step({
        name: 'ask',
        prompt: 'On {{steps.fetch.output}}',
        modelOptions: { topP: 0.5 },
        condition: 'input.isNew == true',
        retries: 1,
        foreach: 'fetch',
        foreachPolicy: 'collectErrors',
      }),
      new Step({ name: 'around', steps: [new Step('inner', action)] }),
    ],
  })
const functions = new Map<string, RegisteredFunction>(
  ['fetch', 'around.inner'].map((name) => [name, { name, version: '1', run: action }]),
)

test('2.2 a graph goes to JSON and back unchanged; keys of users stay as they are', () => {
  const graph = rich()
  const dict = JSON.parse(JSON.stringify(graph.toDict()))
  const back = TaskGraph.fromDict(dict, { functions })
  expect(back.validate()).toEqual([])
  expect(back.toDict()).toEqual(graph.toDict())
  expect(back.getStep('fetch').action).toBe(action)
  expect(dict.metadata).toEqual({ dueDate: '2026-01-31' })
  expect(dict.steps[0]).toMatchObject({
    timeout_ms: 2000,
    output_contract: { schema: { properties: { rowCount: { type: 'number' } } } },
  })
  expect(dict.steps[1]).toMatchObject({
    model_options: { topP: 0.5 },
    depends_on: ['fetch'],
    condition: { '==': [{ var: 'input.isNew' }, true] },
  })
})

test('S7 no callable is written', () => {
  const seen: unknown[] = []
  JSON.stringify(rich().toDict(), (_key, value: unknown) => {
    seen.push(value)
    return value
  })
  expect(seen.some((value) => typeof value === 'function')).toBe(false)
})

test('2.2 an action that is not registered is a problem, not a crash', () => {
  const back = TaskGraph.fromDict(rich().toDict(), { functions: new Map([...functions].slice(1)) })
  expect(back.validate().map(({ code, path }) => `${code} ${path}`)).toEqual(['unknown_reference steps.fetch.action'])
})

test('2.2 what is no stored graph is refused', () => {
  for (const dict of [null, [], { name: 'x' }, { name: 'x', steps: [{ id: 1 }] }, { name: 'x', steps: [], extra: 1 }])
    expect(() => TaskGraph.fromDict(dict)).toThrow(expect.objectContaining({ code: 'document_invalid' }))
})
