import { expect, test } from 'vitest'
import type { FailurePolicySpec } from '@parley/spec'
import { ask, dag, define, step } from '../__fixtures__/define.ts'
import type { WorkflowDraft } from '../definition-defaults.ts'
import { checkDefinition } from './check-definition.ts'

const problemsOf = (steps: Parameters<typeof define>[0], fields: Partial<WorkflowDraft> = {}): string[] =>
  checkDefinition(define(steps, fields)).map(({ code, path }) => `${code} ${path}`)

const policy = (fields: Partial<FailurePolicySpec>): FailurePolicySpec => ({
  onValidationFail: 'retry',
  onExecutionFail: 'retry',
  maxAttempts: 2,
  maxReplans: 2,
  retryWithFeedback: true,
  retryDelay: 0,
  retryBackoff: 1,
  ...fields,
})

test('2.4 an unknown layer, step, template, item or input key is a load error', () => {
  const input = { schema: { type: 'object', properties: { goal: { type: 'string' } } } }
  const one = (prompt: string): string[] => problemsOf([ask('a', prompt)], { input, templates: { tone: 'Be brief.' } })
  for (const prompt of [
    '{{foo.bar}}',
    '{{steps.b.output}}',
    '{{templates.tune}}',
    '{{item}}',
    '{{input.gaol}}',
    '{{gaol}}',
  ])
    expect(one(prompt)).toEqual(['unknown_reference steps.a.prompt'])
  for (const prompt of [
    '{{goal}}',
    '{{input.goal}}',
    '{{ input.extra ?? "" }}',
    '{{templates.tone}}',
    '{{state.k}}',
    '{{context.k}}',
    '{{history.last}}',
    '{{input}}',
  ])
    expect(one(prompt)).toEqual([])
})

test('2.4 nodes of a flow have no short form of input keys', () => {
  const flow = { kind: 'flow' as const, start: 'a', steps: [ask('a', '{{goal}}')] }
  expect(problemsOf(flow)).toEqual(['unknown_reference steps.a.prompt'])
})

test('2.4 of a step only its output can be read', () => {
  const problems = checkDefinition(define([step('a'), ask('b', '{{steps.a.title}}')]))
  expect(problems.map(({ code }) => code)).toEqual(['template_invalid'])
  expect(problems[0]?.message).toContain('{{steps.a.output.title}}')
})

test('2.4 a step that may be skipped needs a text that stands in for it', () => {
  const skippedBy = { condition: { '==': [1, 1] } }
  for (const fields of [
    skippedBy,
    { failurePolicy: policy({ onExecutionFail: 'skip' }) },
    { failurePolicy: policy({ fallbackAction: 'skip' }) },
    { failurePolicy: policy({ onValidationFail: 'custom', customHandler: 'h' }) },
  ]) {
    expect(problemsOf([step('a', fields), ask('b', '{{steps.a.output}}')])).toEqual([
      'template_may_be_null steps.b.prompt',
    ])
    expect(problemsOf([step('a', fields), ask('b', '{{ steps.a.output ?? "none" }}')])).toEqual([])
    expect(problemsOf([step('a', fields), ask('b', '{{steps.a.output}}', { requires: 'success' })])).toEqual([])
  }
  const everywhere = { defaults: { tier: 'balanced' as const, failurePolicy: policy({ onExecutionFail: 'skip' }) } }
  expect(problemsOf([step('a'), ask('b', '{{steps.a.output}}')], everywhere)).toEqual([
    'template_may_be_null steps.b.prompt',
  ])
})

test('2.4 an item that is skipped leaves a hole and does not skip its step', () => {
  const foreach = { source: 'xs', policy: 'requireAll' as const, concurrency: 1 }
  const failurePolicy = policy({ onExecutionFail: 'skip' })
  expect(problemsOf([step('a', { foreach, failurePolicy }), ask('b', '{{steps.a.output}}')])).toEqual([])
})

test('2.4 outputs may meet what was skipped because of others', () => {
  const steps = [
    step('a', { condition: { '==': [1, 1] } }),
    step('b', { dependsOn: ['a'], requires: 'success' }),
    step('c', { dependsOn: ['b'] }),
    step('d', { dependsOn: ['a'] }),
  ]
  const outputs = {
    a: '{{steps.a.output}}',
    b: '{{steps.b.output}}',
    c: '{{steps.c.output}}',
    d: '{{steps.d.output}}',
    safe: '{{ steps.a.output ?? "none" }}',
    gone: '{{steps.e.output}}',
  }
  expect(problemsOf(steps, { outputs })).toEqual([
    'unknown_reference outputs.gone',
    'template_may_be_null outputs.a',
    'template_may_be_null outputs.b',
    'template_may_be_null outputs.c',
  ])
})

test('2.5 conditions that fail without data are found, and what they name is looked up', () => {
  const one = (condition: object): string[] =>
    // JSONLogic is JSON; the cast spares each case its type.
    problemsOf([step('a'), step('b', { condition: condition as never })])
  expect(one({ explode: [1] })).toEqual(['condition_error steps.b.condition'])
  expect(one({ '/': [1, 0] })).toEqual(['condition_error steps.b.condition'])
  expect(one({ '==': [{ var: 'steps.z.output' }, 1] })).toEqual(['unknown_reference steps.b.condition'])
  expect(one({ '==': [{ var: 'inptu.x' }, 1] })).toEqual(['unknown_reference steps.b.condition'])
  expect(one({ '==': [{ var: 'input.x' }, 1] })).toEqual([])
})

test('W-24 templates, conditions, foreach and arguments stay inside readKeys', () => {
  const read = (fields: object, readKeys: string[]): string[] =>
    problemsOf([step('results'), ask('a', 'x', { ...fields, readKeys })])
  const foreach = { source: 'input.secret', policy: 'requireAll', concurrency: 1 }
  for (const [field, fields] of Object.entries({
    prompt: { prompt: '{{input.secret}} {{steps.results.output}}' },
    system: { system: '{{state.secret}} {{context.results}}' },
    condition: { condition: { '==': [{ var: 'input.secret' }, { var: 'steps.results.output' }] } },
    foreach: { foreach },
    'inputs.x': { inputs: { x: { type: 'context', name: 'secret.part' } } },
  })) {
    expect(read(fields, ['results'])).toEqual([`state_scope steps.a.${field}`])
    expect(read(fields, ['results', 'secret'])).toEqual([])
  }
  expect(read({ prompt: '{{history.last}}' }, [])).toEqual(['state_scope steps.a.prompt'])
  expect(read({ prompt: '{{input.any}}' }, [])).toEqual(['state_scope steps.a.prompt'])
})

test('W-25 readKeys that names a step grants its output', () => {
  expect(problemsOf([step('a'), ask('b', '{{steps.a.output.deep}}', { readKeys: ['a'] })])).toEqual([])
  expect(problemsOf([step('a'), ask('b', '{{steps.a.output.deep}}', { readKeys: ['deep'] })])).toEqual([
    'state_scope steps.b.prompt',
  ])
})

test('2.4 the item of a foreach reaches into the regions inside', () => {
  const foreach = { source: 'xs', policy: 'requireAll' as const, concurrency: 1 }
  expect(problemsOf([step('a', { foreach, region: dag([ask('b', '{{item.name}}')]) }, 'region')])).toEqual([])
})
