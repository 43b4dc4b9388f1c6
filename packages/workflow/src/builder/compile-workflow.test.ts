import { expect, test } from 'vitest'
import { z } from 'zod'
import type { StepContext } from '../step/step-context.ts'
import { compileWorkflow } from './compile-workflow.ts'
import { FailurePolicy } from './failure-policy.ts'
import { Step } from './step.ts'
import { wait } from './wait.ts'
import type { WorkflowOptions } from './workflow-options.ts'

const action = (): string => 'done'
const compile = (options: Omit<WorkflowOptions, 'name'>): ReturnType<typeof compileWorkflow> =>
  compileWorkflow({ name: 'test', ...options })

test('2.2 a workflow that says nothing', () => {
  const { definition, problems } = compile({ steps: [new Step('a', action)] })
  expect(problems).toEqual([])
  expect(definition).toMatchObject({
    name: 'test',
    version: '1',
    defaults: { tier: 'balanced' },
    limits: { maxConcurrency: 32, maxModelCalls: 50, maxVisits: 1000 },
    root: { kind: 'dag', maxConcurrency: 32 },
    compat: {},
    sensitiveKeys: [],
    metadata: {},
  })
  expect(definition.root.steps[0]?.parallel).toBe(false)
})

test('2.2 the options of a workflow reach its definition', () => {
  const { definition } = compile({
    steps: [new Step('a', action), new Step('b', action, { parallel: false })],
    version: '3',
    parallel: true,
    maxConcurrency: 4,
    maxLlmCalls: 7,
    budget: { maxCostUsd: 0.5 },
    failurePolicy: new FailurePolicy({ onExecutionFail: 'abort' }),
    outputs: { all: '{{steps.a.output}} {{goal}}' },
    input: z.looseObject({ goal: z.string() }),
    sensitiveKeys: ['*x*', '*a*'],
    metadata: { dueDate: 1 },
    compat: { abortIsFail: true, foreachSkipFails: false },
  })
  expect(definition).toMatchObject({
    version: '3',
    limits: { maxConcurrency: 4, maxModelCalls: 7 },
    defaults: {
      budget: { maxCostUsd: 0.5, onExceed: 'stop', warnAt: [0.8] },
      failurePolicy: { onExecutionFail: 'abort' },
    },
    outputs: { all: '{{steps.a.output}} {{input.goal}}' },
    input: { schema: { type: 'object', properties: { goal: { type: 'string' } } } },
    sensitiveKeys: ['*a*', '*x*'],
    metadata: { dueDate: 1 },
    compat: { abortIsFail: true },
  })
  expect(definition.root.steps.map(({ parallel }) => parallel)).toEqual([true, false])
})

test('1 wrong usage is refused at once', () => {
  expect(() => compile({ steps: [], maxConcurency: 1 } as never)).toThrow(/Did you mean "maxConcurrency"\?/)
  expect(() => compile({ steps: [{ name: 'a' }] as never })).toThrow(/Entry 0 in the steps of "test" is no Step/)
  expect(() => compile({ steps: 'a' as never })).toThrow(/needs a list of steps/)
  expect(() => compileWorkflow({ steps: [] } as never)).toThrow(/needs a name/)
  expect(() => compile({ steps: [new Step('a', action)], compat: { abortsFail: true } as never })).toThrow(
    /abortIsFail/,
  )
  expect(() => compile({ steps: [new Step('a', action)], output: {} as never })).toThrow(/is no Standard Schema/)
})

test('W-6 what is wrong with the definition is a list', () => {
  const { problems } = compile({
    steps: [
      new Step('a', action, { dependsOn: ['b'] }),
      new Step('b', action, { dependsOn: ['a'] }),
      new Step({ name: 'c', prompt: '{{steps.d.output}}', condition: 'input.x ==' }),
    ],
  })
  expect(problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
    'unknown_reference steps.c.prompt',
    'workflow_cycle steps.a.dependsOn',
    'condition_error steps.c.condition',
  ])
  expect(compile({ steps: [] }).problems.map(({ code }) => code)).toEqual(['workflow_empty'])
})

test('W-3 actions are registered by the path of their step, contracts too, and both stay out of the definition', () => {
  const strip = z.object({ n: z.number() }).transform(({ n }) => n)
  const inner = new Step('inner', action, { outputContract: strip })
  const { definition, functions, contracts, problems } = compile({
    steps: [new Step('a', action), new Step({ name: 'outer', steps: [inner] })],
    input: strip,
  })
  expect(problems).toEqual([])
  expect([...functions.keys()]).toEqual(['a', 'outer.inner'])
  expect(functions.get('outer.inner')).toEqual({ name: 'outer.inner', version: '1', run: action })
  expect(definition.functions).toEqual({ a: '1', 'outer.inner': '1' })
  expect([...contracts.values()]).toEqual([strip, strip])
  expect(new Set(contracts.keys()).size).toBe(2)
  // All of it is JSON.
  expect(JSON.parse(JSON.stringify(definition))).toEqual(definition)
})

test('W-3 the version of an action is part of the hash, its body is not', () => {
  const hash = (run: () => unknown): string => compile({ steps: [new Step('a', run)] }).definition.hash
  expect(hash(() => 1)).toBe(hash(() => 2))
  expect(hash(Object.assign(() => 1, { version: '2' }))).not.toBe(hash(() => 1))
})

test('W-1 an older meaning that is not asked for is no part of the definition', () => {
  const of = (compat: object): string => compile({ steps: [new Step('a', action)], compat }).definition.hash
  expect(of({ abortIsFail: false })).toBe(of({}))
  expect(of({ abortIsFail: true })).not.toBe(of({}))
})

test('W-1 the order of options and of names does not change the hash', () => {
  const one = compile({
    steps: [new Step('a', action), new Step('b', action, { dependsOn: ['a'], reads: ['x', 'a'] })],
  })
  const other = compile({
    steps: [new Step('a', action), new Step({ readKeys: ['a', 'x'], dependsOn: ['a', 'a'], action, name: 'b' })],
  })
  expect(other.definition.hash).toBe(one.definition.hash)
})

test('2.1 the template of an adapter makes edges of the steps that it names', () => {
  const adapter = (promptTemplate: string): ((context: StepContext) => string) =>
    Object.assign(() => 'text', { promptTemplate })
  const { definition, problems } = compile({
    steps: [
      new Step('research', action),
      new Step('review', adapter('Review {research.text} and {topic}, {{braces}}')),
      new Step('each', adapter('On {item} by {review}'), { foreach: 'research' }),
      new Step({ name: 'around', steps: [new Step('inner', adapter('{each} {self}'))] }),
    ],
  })
  expect(problems).toEqual([])
  expect(definition.root.steps.map(({ dependsOn }) => dependsOn)).toEqual([
    [],
    ['research'],
    ['research', 'review'],
    ['each'],
  ])
  expect(compile({ steps: [new Step('a', adapter('{'))] }).problems.map(({ code }) => code)).toEqual([
    'template_invalid',
  ])
})

test('F-2 attempts that a step leaves open are those of its policy, else of the workflow, else two', () => {
  const attempts = (options: object, policy?: FailurePolicy): number | undefined =>
    compile({ steps: [new Step('a', action, options)], ...(policy && { failurePolicy: policy }) }).definition.root
      .steps[0]?.retry?.maxAttempts
  const four = new FailurePolicy({ maxAttempts: 4 })
  expect(attempts({ retryDelay: 1 })).toBe(2)
  expect(attempts({ retryDelay: 1 }, four)).toBe(4)
  expect(attempts({ retryDelay: 1, failurePolicy: { maxAttempts: 3 } }, four)).toBe(3)
  expect(attempts({ retries: 0 }, four)).toBe(1)
  expect(attempts({}, four)).toBeUndefined()
})

test('2.5 a condition may be an expression or JSONLogic, and means the same', () => {
  const of = (condition: StepOptionsCondition): unknown =>
    compile({ steps: [new Step('a', action, { condition })] }).definition.root.steps[0]?.condition
  expect(of('input.risky == true')).toEqual(of({ '==': [{ var: 'input.risky' }, true] }))
})
type StepOptionsCondition = string | { '==': [{ var: string }, boolean] }

test('12.3 a wait is a step of its own', () => {
  const { definition, problems } = compile({
    steps: [
      new Step('review', wait.approval({ timeout: 60 }), { condition: 'input.risky == true' }),
      new Step({ name: 'report', prompt: 'Note: {{steps.review.output ?? "none"}}' }),
    ],
  })
  expect(problems).toEqual([])
  expect(definition.root.steps[0]).toMatchObject({ kind: 'wait', wait: { type: 'approval', timeout: 60 } })
  expect(definition.root.steps[1]?.dependsOn).toEqual(['review'])
})

test('W-6 a chain of 100,000 steps is built and checked', () => {
  const count = 100_000
  const steps = Array.from(
    { length: count },
    (_, at) => new Step(`s${at}`, action, at === 0 ? {} : { dependsOn: [`s${at - 1}`] }),
  )
  const { definition, problems } = compile({ steps, limits: { maxSteps: count } })
  expect(problems).toEqual([])
  expect(definition.root.steps).toHaveLength(count)
}, 60_000)
