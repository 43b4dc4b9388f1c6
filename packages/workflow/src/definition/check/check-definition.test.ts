import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ask, dag, define, step } from '../__fixtures__/define.ts'
import { checkDefinition } from './check-definition.ts'
import type { DefinitionCheckOptions } from './check-options.ts'

const codes = (definition: Parameters<typeof checkDefinition>[0], options: DefinitionCheckOptions = {}): string[] =>
  checkDefinition(definition, options).map(({ code, path }) => `${code} ${path}`)

test('W-6 a sound definition has no problems', () => {
  const definition = define([
    step('a'),
    ask('b', 'On {{steps.a.output}} and {{goal}}', {
      foreach: { source: 'a', policy: 'allowPartial', concurrency: 2 },
    }),
  ])
  expect(checkDefinition(definition, { functions: new Map([['a', {}]]) })).toEqual([])
})

test('W-6 all problems come at once, in order: shape, duplicates, self, unknown, cycles, scopes, writes, templates, ...', () => {
  const definition = define([
    step('many', { strategy: { type: 'race', candidates: 6, staggerMs: 0 } }),
    step('wish', { capabilities: [{ kind: 'x_', required: true }] }),
    step('odd', { outputContract: { schema: { type: 'object', frobnicate: 1 } } }),
    ask('broken', '{{ }}'),
    step('w1', { writeKeys: ['k'], parallel: true }),
    step('w2', { writeKeys: ['k'], parallel: true }),
    ask('scoped', '{{input.secret}}', { readKeys: ['public'] }),
    step('c1', { dependsOn: ['c2'] }),
    step('c2', { dependsOn: ['c1'] }),
    step('lost', { dependsOn: ['nobody'] }),
    step('self', { dependsOn: ['self'] }),
    step('twin'),
    step('twin'),
    step('bad id'),
  ])
  expect(codes(definition)).toEqual([
    'document_invalid steps.bad id',
    'duplicate_step steps.twin',
    'self_dependency steps.self.dependsOn',
    'unknown_reference steps.lost.dependsOn',
    'workflow_cycle steps.c1.dependsOn',
    'state_scope steps.scoped.prompt',
    'write_conflict steps.w2.writeKeys',
    'template_invalid steps.broken.prompt',
    'schema_unsupported steps.odd.outputContract',
    'document_invalid steps.wish.capabilities',
    'limit_exceeded steps.many.strategy',
  ])
})

test('W-6 each problem says what, where and what to do, with a place where one is known', () => {
  const definition = define([step('report'), ask('b', 'a\n {{steps.raport.output}}')])
  const asked: unknown[] = []
  const problems = checkDefinition(definition, {
    positions(path, inside) {
      asked.push([path, inside])
      return { line: 7, column: 3 }
    },
  })
  expect(problems).toEqual([
    {
      code: 'unknown_reference',
      path: 'steps.b.prompt',
      line: 7,
      column: 3,
      message: 'The step "b" reads {{steps.raport.output}}, and there is no step "raport".',
      fix: 'Did you mean "report"?',
    },
  ])
  expect(asked).toEqual([['steps.b.prompt', { line: 2, column: 2 }]])
})

test('W-3 names that nobody has registered are found, with the nearest one', () => {
  const definition = define(
    [
      step('a', { action: 'grete' }),
      step('b', { action: 'rest://crm.customer' }, 'tool'),
      step('c', { action: 'support' }, 'agent'),
      step('d', { inputContract: { name: 'Order', version: '1' } }),
      step('e', {
        failurePolicy: {
          onValidationFail: 'custom',
          onExecutionFail: 'retry',
          maxAttempts: 2,
          maxReplans: 2,
          retryWithFeedback: true,
          retryDelay: 0,
          retryBackoff: 1,
          customHandler: 'mend',
        },
      }),
      step('f', { action: 'other' }, 'workflow'),
    ],
    { functions: {} },
  )
  const options = {
    functions: new Map([
      ['greet', {}],
      ['d', {}],
      ['e', {}],
    ]),
    contracts: new Map(),
    handlers: [],
    tools: [],
    agents: ['sales'],
    workflows: [],
  }
  expect(codes(definition, options)).toEqual([
    'unknown_reference steps.a.action',
    'unknown_reference steps.b.action',
    'unknown_reference steps.c.action',
    'unknown_reference steps.d.inputContract',
    'unknown_reference steps.e.failurePolicy.customHandler',
    'unknown_reference steps.f.action',
  ])
  expect(checkDefinition(definition, options)[0]?.fix).toBe('Did you mean "greet"?')
  expect(codes(definition), 'registries that are not known are not checked').toEqual([])
})

test('W-3 tools of servers that the definition declares, and functions as tools, are known', () => {
  const definition = define(
    [step('a', { action: 'rest://crm.customer' }, 'tool'), step('b', { action: 'function://greet' }, 'tool')],
    { servers: { rest: [{ name: 'crm', url: 'https://crm.example' }], mcp: [] } },
  )
  expect(codes(definition, { tools: [], functions: new Map([['greet', {}]]) })).toEqual([])
})

test('4.6 a port that the engine does not have is named', () => {
  const definition = define([ask('a', 'x'), step('b', { action: 'rest://x.y' }, 'tool')])
  const problems = checkDefinition(definition, { ports: { models: false, kernel: false } })
  expect(problems.map(({ path, fix }) => `${path} ${fix}`)).toEqual([
    'steps.a.kind Give models to createEngine.',
    'steps.b.kind Give kernel to createEngine.',
  ])
  expect(codes(definition, { ports: { models: true, kernel: true } })).toEqual([])
})

test('6.2 a policy that plans anew needs a planner', () => {
  const replan = {
    onValidationFail: 'retry' as const,
    onExecutionFail: 'replan' as const,
    maxAttempts: 2,
    maxReplans: 2,
    retryWithFeedback: true,
    retryDelay: 0,
    retryBackoff: 1,
  }
  const definition = define([step('a', { failurePolicy: replan })])
  expect(codes(definition, { ports: { planner: false } })).toEqual(['planner_missing steps.a.failurePolicy'])
  expect(codes(definition, { ports: { planner: true } })).toEqual([])
})

test('W-6 a chain of 100,000 steps is checked, and a circle of as many is found', () => {
  const count = 100_000
  const chain = Array.from({ length: count }, (_, at) => step(`s${at}`, { dependsOn: at === 0 ? [] : [`s${at - 1}`] }))
  expect(codes(define(chain), { limits: { maxSteps: count } })).toEqual([])
  const circle = define(chain.map((one, at) => (at === 0 ? { ...one, dependsOn: [`s${count - 1}`] } : one)))
  const [problem] = checkDefinition(circle, { limits: { maxSteps: count } })
  expect(problem?.message).toMatch(
    /^Steps wait for each other in a circle: s0 -> s99999 -> s99998 .*\(99980 more\) -> s0\.$/,
  )
}, 60_000)

test('W-6 random graphs: sound ones have no problem, and each planted fault is found', () => {
  const graphs = fc.array(fc.array(fc.nat({ max: 19 }), { maxLength: 3 }), { minLength: 2, maxLength: 20 })
  fc.assert(
    fc.property(graphs, fc.nat(), (edges, seed) => {
      const steps = edges.map((targets, at) =>
        step(`s${at}`, { dependsOn: targets.filter((to) => to < at).map((to) => `s${to}`) }),
      )
      expect(codes(define(steps))).toEqual([])
      const at = seed % steps.length
      const plant = (fields: object): string[] =>
        codes(define(steps.map((one, index) => (index === at ? { ...one, ...fields } : one))))
      const dependsOn = steps[at]?.dependsOn ?? []
      expect(plant({ dependsOn: [...dependsOn, 'nobody'] })).toEqual([`unknown_reference steps.s${at}.dependsOn`])
      expect(plant({ dependsOn: [...dependsOn, `s${at}`] })).toEqual([`self_dependency steps.s${at}.dependsOn`])
      expect(plant({ timeoutMs: 0 })).toEqual([`document_invalid steps.s${at}.timeout`])
      const first = steps[0]
      if (at === 0 || first === undefined) return
      // From the first step to this one and back is a circle.
      const back = steps.map((one, index) =>
        index === 0
          ? { ...one, dependsOn: [`s${at}`] }
          : index === at
            ? { ...one, dependsOn: [...dependsOn, 's0'] }
            : one,
      )
      expect(codes(define(back))).toContain('workflow_cycle steps.s0.dependsOn')
    }),
  )
})

test('W-2 problems of inner regions have the path of the steps around them', () => {
  const inner = dag([step('x', { dependsOn: ['gone'] })])
  expect(codes(define([step('outer', { region: inner }, 'region')]))).toEqual([
    'unknown_reference steps.outer.steps.x.dependsOn',
  ])
})
