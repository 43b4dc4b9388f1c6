import { readFileSync } from 'node:fs'
import type { Contract } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { RegisteredFunction } from '../step/step-context.ts'
import type { DocumentRegistries } from './document-registries.ts'
import { loadDocument, type LoadDocumentOptions } from './load-document.ts'

const specification = readFileSync(new URL('../../../../docs/spec/workflows.md', import.meta.url), 'utf8')
const [nativeExample = '', nodesExample = ''] = [...specification.matchAll(/```yaml\n(?<text>[\s\S]*?)```/g)].map(
  ({ groups }) => groups?.['text'] ?? '',
)

function registered(...names: string[]): ReadonlyMap<string, RegisteredFunction> {
  return new Map(names.map((name) => [name, { name, version: '1', run: () => null }]))
}

/** `code path line:column`, one line for each problem. */
function problemsOf(source: unknown, registries?: DocumentRegistries, options?: LoadDocumentOptions): string[] {
  return loadDocument(source, registries, options).problems.map(
    ({ code, path, line, column }) => `${code} ${path}${line === undefined ? '' : ` ${line}:${column}`}`,
  )
}

function stepOf(fields: string): ReturnType<typeof loadDocument>['definition']['root']['steps'][number] | undefined {
  return loadDocument(`name: x\nsteps:\n  - { id: s, ${fields} }`).definition.root.steps[0]
}

describe('workflows 2.3: the examples of the specification', () => {
  test('the native document loads without a problem', () => {
    const { definition, problems } = loadDocument(nativeExample)
    expect(problems).toEqual([])
    expect(definition.name).toBe('triage-report')
    expect(definition.input).toEqual({
      schema: { type: 'object', properties: { goal: { type: 'string' } }, required: ['goal'] },
    })
    expect(definition.outputs).toEqual({ report: '{{steps.report.output}}' })
    const [facts, each, review, report] = definition.root.steps
    expect(facts).toMatchObject({
      kind: 'llm',
      tier: 'fast',
      prompt: 'Facts about {{input.goal}}',
      capabilities: [{ kind: 'structured_output', required: true }],
      outputContract: { schema: { type: 'array', items: { type: 'string' } } },
      parallel: true,
    })
    expect(each).toMatchObject({
      dependsOn: ['facts'],
      foreach: { source: 'facts', policy: 'allowPartial', concurrency: 1 },
      strategy: { type: 'race', candidates: 2, staggerMs: 0 },
      budget: { maxCostUsd: 0.01 },
    })
    expect(review).toMatchObject({
      kind: 'wait',
      condition: { '==': [{ var: 'input.risky' }, true] },
      wait: { type: 'approval', timeout: 3_600, onTimeout: 'reject' },
    })
    expect(review?.timeoutMs).toBeUndefined()
    expect(report).toMatchObject({ tier: 'high', dependsOn: ['each', 'review'] })
  })

  test('the node document loads without a problem', () => {
    const { definition, problems } = loadDocument(nodesExample, { providers: ['openai'] })
    expect(problems).toEqual([])
    expect(definition).toMatchObject({
      name: 'support',
      version: '2.0',
      templates: { tone: 'Be brief.' },
      servers: {
        rest: [
          {
            name: 'crm',
            urlEnv: 'PARLEY_TOOL_CRM_URL',
            usernameEnv: 'PARLEY_TOOL_CRM_USER',
            passwordEnv: 'PARLEY_TOOL_CRM_PASSWORD',
          },
        ],
        mcp: [],
      },
      root: { kind: 'flow', start: 'begin' },
    })
    const steps = new Map(definition.root.steps.map((step) => [step.id, step]))
    expect(steps.get('begin')).toMatchObject({ kind: 'start', next: 'lookup' })
    expect(steps.get('lookup')).toMatchObject({
      kind: 'tool',
      action: 'rest://crm.customer',
      method: 'get',
      effect: 'pure',
      inputs: { id: { type: 'context', name: 'input.customer_id' } },
      output: 'customer',
    })
    expect(steps.get('known')).toMatchObject({
      kind: 'if',
      condition: { '!=': [{ var: 'context.customer.id' }, null] },
      then: 'reply',
      else: 'unknown',
    })
    expect(steps.get('reply')).toMatchObject({
      kind: 'llm',
      model: 'openai/fast',
      history: { limit: 50 },
      output: 'answer',
      outputContract: { schema: { required: ['agent_response'] } },
    })
    expect(steps.get('finish')).toMatchObject({ kind: 'end', output: 'answer' })
  })
})

describe('workflows 2.3: which shape it is', () => {
  test.each([
    ['text that is no object', '- 1\n- 2', ['document_invalid  1:1']],
    ['empty text', '', ['document_invalid  1:1']],
    ['an object that is no workflow', 'name: x', ['document_invalid  1:1', 'workflow_empty steps 1:1']],
    ['another version of ours', 'parley: 2\nname: x\nsteps: [{ id: a, prompt: p }]', ['document_invalid parley 1:1']],
    ['no name', 'steps: [{ id: a, prompt: p }]', ['document_invalid  1:1']],
  ])('%s is told', (_what, text, problems) => {
    expect(problemsOf(text)).toEqual(problems)
  })

  test.each([null, 7, [], new Date(0), () => 1, { steps: [{ id: 'a', prompt: 1n }] }])(
    'a value that is no document is told, not thrown: %s',
    (value) => {
      expect(problemsOf(value).length).toBeGreaterThan(0)
    },
  )

  test('YAML, JSON and data of one meaning give one definition, byte for byte (W-1)', () => {
    const data = { parley: 1, name: 'x', steps: [{ id: 'a', prompt: 'Say {{name}}', depends_on: [] }] }
    const yaml =
      'name: x\nparley: 1\nsteps:\n  - prompt: Say {{input.name}}\n    id: a\n    kind: llm\n    tier: balanced\n'
    const prompts = { steps: [{ name: 'a', prompt: 'Say {{name}}', strategy: 'single' }], name: 'x' }
    const hashes = [data, JSON.stringify(data), yaml, prompts].map((source) => loadDocument(source).definition)
    expect(new Set(hashes.map((definition) => JSON.stringify(definition))).size).toBe(1)
  })

  test('a region of nodes may stand in a region of steps, and the reverse', () => {
    const { definition, problems } = loadDocument(`
parley: 1
name: mixed
steps:
  - id: flow
    nodes:
      - { name: begin, type: start, next: inner }
      - name: inner
        type: region
        steps: [{ id: one, prompt: "One" }, { id: two, prompt: "{{steps.one.output}}" }]
        output: result
        next: done
      - { name: done, type: end, output: result }
  - { id: after, prompt: "{{steps.flow.output}}" }
`)
    expect(problems).toEqual([])
    expect(definition.root).toMatchObject({
      kind: 'dag',
      steps: [
        {
          id: 'flow',
          kind: 'region',
          region: {
            kind: 'flow',
            start: 'begin',
            steps: [
              { id: 'begin' },
              { id: 'inner', kind: 'region', region: { kind: 'dag', steps: [{ id: 'one' }, { dependsOn: ['one'] }] } },
              { id: 'done' },
            ],
          },
        },
        { id: 'after', dependsOn: ['flow'] },
      ],
    })
  })
})

describe('W-6 all problems at once', () => {
  const text = `name: seven
steps:
  - { id: a, promt: "x", prompt: "x" }
  - { id: b, prompt: "{{steps.a.output}}" }
  - { id: b, prompt: "again" }
  - { id: c, prompt: "c", depends_on: [c] }
  - { id: d, prompt: "{{steps.dd.output}}" }
  - { id: e, prompt: "e", depends_on: [f] }
  - { id: f, prompt: "f", depends_on: [e] }
  - { id: g, prompt: "g", condition: "1 +" }
  - { id: h, prompt: "well {{ h" }
`

  test('W-6 seven planted faults and one more are listed in their order, with line and column', () => {
    expect(problemsOf(text)).toEqual([
      'document_invalid steps.a.promt 3:14',
      'duplicate_step steps.b 5:5',
      'self_dependency steps.c.dependsOn 6:27',
      'unknown_reference steps.d.prompt 7:23',
      expect.stringMatching(/^workflow_cycle \S+ [89]:\d+$/),
      'condition_error steps.g.condition 10:27',
      'template_invalid steps.h.prompt 11:28',
    ])
  })

  test('W-6 each says what to do', () => {
    const { problems } = loadDocument(text)
    expect(problems.every(({ message, fix }) => message !== '' && fix !== '')).toBe(true)
    expect(problems[0]).toMatchObject({ message: 'The key "promt" is not known here.', fix: 'Did you mean "prompt"?' })
    expect(problems.find(({ code }) => code === 'workflow_cycle')?.message).toMatch(/e.*f.*e|f.*e.*f/)
  })

  test('more than 500 are counted, not listed', () => {
    const steps = Array.from({ length: 700 }, (_, index) => ({ id: `s${index}`, prompt: 'p', wrong: 1 }))
    const { problems } = loadDocument({ name: 'x', steps })
    expect(problems).toHaveLength(501)
    expect(problems.at(-1)?.message).toContain('more than 500')
  })
})

describe('workflows 1: unknown keys and names', () => {
  test.each([
    ['of the head', 'name: x\nouputs: {}\nsteps: [{ id: a, prompt: p }]', 'document_invalid ouputs 2:1', 'outputs'],
    [
      'of a step',
      'name: x\nsteps:\n  - id: a\n    prompt: p\n    dependson: []',
      'document_invalid steps.a.dependson 5:5',
      'depends_on',
    ],
    [
      'as code writes them',
      'name: x\nsteps:\n  - id: a\n    prompt: p\n    dependsOn: []',
      'document_invalid steps.a.dependsOn 5:5',
      'depends_on',
    ],
    [
      'of a budget',
      'name: x\nsteps: [{ id: a, prompt: p, budget: { max_cost: 1 } }]',
      'document_invalid steps.a.budget.max_cost 2:39',
      'max_cost_usd',
    ],
    [
      'of retries',
      'name: x\nsteps: [{ id: a, prompt: p, retry: { attempts: 1 } }]',
      'document_invalid steps.a.retry.attempts 2:38',
      'max_attempts',
    ],
    [
      'of a strategy',
      'name: x\nsteps: [{ id: a, prompt: p, strategy: { type: race, candidate: 3 } }]',
      'document_invalid steps.a.strategy.candidate 2:53',
      'candidates',
    ],
    [
      'of a wait',
      'name: x\nsteps: [{ id: a, wait: { type: approval, approver: [] } }]',
      'document_invalid steps.a.wait.approver 2:42',
      'approvers',
    ],
    [
      'of a foreach',
      'name: x\nsteps: [{ id: a, prompt: p, foreach: { source: l, polcy: x } }]',
      'document_invalid steps.a.foreach.polcy 2:51',
      'policy',
    ],
    [
      'of a failure policy',
      'name: x\nsteps: [{ id: a, prompt: p, failure_policy: { on_fail: x } }]',
      'document_invalid steps.a.failure_policy.on_fail 2:47',
      undefined,
    ],
    [
      'of model options',
      'name: x\nsteps: [{ id: a, prompt: p, model_options: { temprature: 1 } }]',
      'document_invalid steps.a.model_options.temprature 2:46',
      'temperature',
    ],
    [
      'S14 for credentials',
      'name: x\nsteps: [{ id: a, prompt: p, model_options: { api_key: abc } }]',
      'document_invalid steps.a.model_options.api_key 2:46',
      undefined,
    ],
    [
      'of a capability',
      'name: x\nsteps: [{ id: a, prompt: p, capabilities: [{ kind: vison }] }]',
      'document_invalid steps.a.capabilities[0].kind 2:46',
      'vision',
    ],
  ])('%s are told with the nearest known one', (_where, text, problem, nearest) => {
    const { problems } = loadDocument(text)
    expect(problemsOf(text)).toEqual([problem])
    expect(problems[0]?.fix).toMatch(nearest === undefined ? /Known keys|Did you mean/ : `Did you mean "${nearest}"?`)
    expect(JSON.stringify(problems)).not.toContain('abc')
  })

  test('keys and values of user data are never renamed', () => {
    const schema = { type: 'object', properties: { first_name: { type: 'string' }, lastName: { type: 'string' } } }
    const { definition, problems } = loadDocument({
      parley: 1,
      name: 'x',
      input: schema,
      metadata: { my_key: { inner_key: 1 }, otherKey: 2 },
      templates: [{ name: 'my_text', value: 'v_w' }],
      outputs: { my_output: '{{steps.my_step.output.some_field}}' },
      steps: [
        {
          id: 'my_step',
          tool: 'rest://a_server.my_tool',
          inputs: { my_argument: { type: 'literal', value: { deep_key: { max_cost_usd: 1 } } } },
          reducers: { my_state: 'sum' },
        },
        { id: 'ask', wait: { type: 'event', name: 'my_event', match: { order_id: 7 } } },
      ],
    })
    expect(problems).toEqual([])
    expect(definition.input).toEqual({ schema })
    expect(definition.metadata).toEqual({ my_key: { inner_key: 1 }, otherKey: 2 })
    expect(definition.templates).toEqual({ my_text: 'v_w' })
    expect(Object.keys(definition.outputs ?? {})).toEqual(['my_output'])
    const [step, ask] = definition.root.steps
    expect(step?.inputs).toEqual({ my_argument: { type: 'literal', value: { deep_key: { max_cost_usd: 1 } } } })
    expect(step?.reducers).toEqual({ my_state: 'sum' })
    expect(ask?.wait).toMatchObject({ match: { order_id: 7 } })
  })
})

describe('workflows 2.1: what a step of a document says', () => {
  test('defaults of documents: parallel, balanced, single, settled, 32 at once', () => {
    const { definition } = loadDocument({ name: 'x', steps: [{ id: 's', prompt: 'p' }] })
    expect(definition.root).toEqual({
      kind: 'dag',
      maxConcurrency: 32,
      steps: [
        {
          id: 's',
          kind: 'llm',
          prompt: 'p',
          dependsOn: [],
          requires: 'settled',
          tier: 'balanced',
          strategy: { type: 'single' },
          capabilities: [],
          parallel: true,
          effect: 'pure',
        },
      ],
    })
    expect(definition).toMatchObject({
      version: '1',
      limits: { maxConcurrency: 32, maxModelCalls: 50, maxVisits: 1_000 },
      defaults: { tier: 'balanced' },
    })
  })

  test.each([
    ['prompt: p, timeout: 1.5', { timeoutMs: 1_500 }],
    ['prompt: p, validation_timeout: 2', { validationTimeoutMs: 2_000 }],
    ['prompt: p, parallel: false', { parallel: false }],
    ['prompt: p, strategy: race', { strategy: { type: 'race', candidates: 2, staggerMs: 0 } }],
    [
      'prompt: p, strategy: { type: parallel, candidates: 3, stagger_ms: 5 }',
      { strategy: { type: 'race', candidates: 3, staggerMs: 5 } },
    ],
    [
      'prompt: p, strategy: speculative',
      { strategy: { type: 'speculative', compare: 'normalized', allowUnverified: false } },
    ],
    [
      'prompt: p, strategy: { type: speculative, compare: { embedding: 0.92 }, allow_unverified: true }',
      { strategy: { type: 'speculative', compare: { embedding: 0.92 }, allowUnverified: true } },
    ],
    [
      'prompt: p, retry: { max_attempts: 4 }',
      { retry: { maxAttempts: 4, delay: 0, backoff: 1, maxDelay: 60, jitter: true } },
    ],
    [
      'prompt: p, retry: { max_delay: 5, jitter: false }',
      { retry: { maxAttempts: 2, delay: 0, backoff: 1, maxDelay: 5, jitter: false } },
    ],
    [
      'prompt: p, on_failure: skip',
      { failurePolicy: { onValidationFail: 'skip', onExecutionFail: 'skip', maxAttempts: 2 } },
    ],
    [
      'prompt: p, failure_policy: { fallback_action: abort, max_replans: 0 }',
      { failurePolicy: { onValidationFail: 'retry', fallbackAction: 'abort', maxReplans: 0, retryWithFeedback: true } },
    ],
    ['prompt: p, reads: [a], writes: []', { readKeys: ['a'], writeKeys: [] }],
    ['prompt: p, read_keys: [], write_keys: [b]', { readKeys: [], writeKeys: ['b'] }],
    [
      'prompt: p, foreach: list, foreach_concurrency: 4, item_key: id',
      { foreach: { source: 'list', policy: 'requireAll', concurrency: 4, itemKey: 'id' } },
    ],
    [
      'prompt: p, foreach: { source: list, policy: collect_errors }',
      { foreach: { source: 'list', policy: 'collectErrors', concurrency: 1 } },
    ],
    ['kind: foreach, foreach: list, prompt: p', { kind: 'llm', foreach: { source: 'list' } }],
    ['prompt: p, budget: { max_tokens: 5, on_exceed: block }', { budget: { maxTokens: 5, onExceed: 'stop' } }],
    ['prompt: p, cache: { ttl_ms: 10 }', { cache: { ttlMs: 10 } }],
    [
      'prompt: p, capabilities: [{ kind: vision, required: false }, { kind: x_mine }]',
      {
        capabilities: [
          { kind: 'vision', required: false },
          { kind: 'x_mine', required: true },
        ],
      },
    ],
    [
      'prompt: p, model: a/b, model_options: { max_tokens: 9, top_p: 1 }',
      { model: 'a/b', modelOptions: { maxOutputTokens: 9, topP: 1 } },
    ],
    ['prompt: p, output_contract: { name: c }', { outputContract: { name: 'c', version: '1' } }],
    ['prompt: p, input_schema: { type: object }', { inputContract: { schema: { type: 'object' } } }],
    ['tool: "python://f [GET]"', { kind: 'tool', action: 'function://f', effect: 'effectful' }],
    ['agent: helper', { kind: 'agent', action: 'helper', effect: 'idempotent' }],
    ['workflow: other', { kind: 'workflow', action: 'other' }],
    ['function: f', { kind: 'fn', action: 'f' }],
    ['action: f', { kind: 'fn', action: 'f' }],
    [
      'rag: { query: "{{question}}" }',
      { kind: 'rag', rag: { query: '{{input.question}}', topK: 5, store: 'results' } },
    ],
    ['wait: timer, ms: 5', { kind: 'wait', wait: { type: 'timer', ms: 5, onTimeout: 'reject' } }],
    [
      'wait: timer, at: "2026-01-31T10:30:00+01:00"',
      { wait: { type: 'timer', at: '2026-01-31T09:30:00.000Z', onTimeout: 'reject' } },
    ],
    [
      'wait: event, event: paid, match: { id: 1 }',
      { wait: { type: 'event', name: 'paid', match: { id: 1 }, onTimeout: 'reject' } },
    ],
    [
      'wait: approval, on_timeout: default, default: null',
      { wait: { type: 'approval', onTimeout: 'default', default: null } },
    ],
    [
      'wait: approval, show: "{{plan}}", approvers: [ann]',
      { wait: { show: '{{input.plan}}', approvers: ['ann'], onTimeout: 'reject' } },
    ],
    ['prompt: p, condition: "input.n >= 3"', { condition: { '>=': [{ var: 'input.n' }, 3] } }],
    ['prompt: p, condition: { "===": [{ var: input.n }, 3] }', { condition: { '==': [{ var: 'input.n' }, 3] } }],
    ['prompt: p, condition: false', { condition: false }],
    ['prompt: p, history: {}', { history: { limit: 50 } }],
    ['prompt: p, output_schema_from: input.schema', { outputSchemaFrom: 'input.schema' }],
  ])('%s', (fields, expected) => {
    expect(stepOf(fields)).toMatchObject(expected)
  })

  test.each([
    ['{ prompt: p }', 'document_invalid steps[0] 2:9'],
    ['{ id: s }', 'document_invalid steps.s 2:9'],
    ['{ id: s, name: t, prompt: p }', 'document_invalid steps.s.name 2:18'],
    ['{ id: s, prompt: p, reads: [], read_keys: [] }', 'document_invalid steps.s.read_keys 2:40'],
    ['{ id: s, tool: "a://b.c", agent: b }', 'document_invalid steps.s.agent 2:35'],
    ['{ id: s, prompt: p, tier: best }', 'document_invalid steps.s.tier 2:29'],
    ['{ id: s, prompt: p, strategy: fastest }', 'document_invalid steps.s.strategy 2:29'],
    [
      '{ id: s, prompt: p, strategy: { type: race, candidates: 6 } }',
      'document_invalid steps.s.strategy.candidates 2:53',
    ],
    ['{ id: s, prompt: p, retry: { max_attempts: 21 } }', 'document_invalid steps.s.retry.max_attempts 2:38'],
    [
      '{ id: s, prompt: p, failure_policy: { fallback_action: retry } }',
      'document_invalid steps.s.failure_policy.fallback_action 2:47',
    ],
    ['{ id: s, prompt: p, timeout: 0 }', 'document_invalid steps.s.timeout 2:29'],
    ['{ id: s, prompt: p, foreach_policy: allow_partial }', 'document_invalid steps.s.foreach_policy 2:29'],
    ['{ id: s, prompt: p, on_timeout: reject }', 'document_invalid steps.s.on_timeout 2:29'],
    ['{ id: s, wait: approval, on_timeout: default }', 'document_invalid steps.s.wait.default 2:18'],
    ['{ id: s, wait: timer }', 'document_invalid steps.s.wait 2:18'],
    ['{ id: s, wait: sometime }', 'document_invalid steps.s.wait 2:18'],
    ['{ id: "a.b", prompt: p }', 'document_invalid steps.a.b 2:9'],
    ['{ id: s, prompt: p, budget: { max_cost_usd: 0.0000000001 } }', 'budget_invalid steps.s.budget.max_cost_usd 2:39'],
    ['{ id: s, prompt: p, budget: { max_cost_usd: -1 } }', 'budget_invalid steps.s.budget.max_cost_usd 2:39'],
    [
      '{ id: s, prompt: p, budget: { max_visits: 1, on_exceed: downgrade } }',
      'budget_invalid steps.s.budget.on_exceed 2:54',
    ],
    [
      '{ id: s, prompt: p, output_schema: {}, output_contract: { name: c } }',
      'document_invalid steps.s.output_contract 2:48',
    ],
    ['{ id: s, tool: "a://b.c", inputs: { x: { type: literal } } }', 'document_invalid steps.s.inputs.x 2:45'],
    ['{ id: s, prompt: p, model: fast }', 'document_invalid steps.s.model 2:29'],
    ['{ id: s, rag: { query: q, service: "postgres://u:p@host/db" } }', 'document_invalid steps.s.rag.service 2:35'],
  ])('%s is refused', (step, problem) => {
    expect(problemsOf(`name: x\nsteps: [${step}]`)).toEqual([problem])
  })

  test('an argument that is a literal null has a value', () => {
    expect(stepOf('tool: "a://b.c", inputs: { x: { type: literal, value: null } }')?.inputs).toEqual({
      x: { type: 'literal', value: null },
    })
  })

  test('the path of an argument is its name, else a text value, else the key of the argument', () => {
    const step = stepOf(
      'tool: "a://b.c", inputs: { a: { type: context, name: n, value: v }, b: { type: history, value: v }, c: { type: context } }',
    )
    expect(step?.inputs).toEqual({
      a: { type: 'context', name: 'n' },
      b: { type: 'history', name: 'v' },
      c: { type: 'context', name: 'c' },
    })
  })
})

describe('W-3 names from registries', () => {
  const document = {
    name: 'x',
    steps: [
      { id: 'a', function: 'score' },
      { id: 'b', prompt: 'p', output_contract: { name: 'Report' } },
      { id: 'c', prompt: 'p', failure_policy: { on_execution_fail: 'custom', custom_handler: 'mend' } },
    ],
  }
  const contracts = new Map<string, Contract>([['Report', z.object({})]])

  test('W-3 an unregistered function, contract or handler fails at load', () => {
    expect(problemsOf(document)).toEqual([
      'unknown_reference steps.a.action',
      'unknown_reference steps.b.outputContract',
      'unknown_reference steps.c.failurePolicy.customHandler',
    ])
    expect(problemsOf(document, { functions: registered('score'), contracts, handlers: ['mend'] })).toEqual([])
  })

  test('W-3 the definition has the versions of the functions that it names, and the hash covers them', () => {
    const load = (version: string) =>
      loadDocument(document, {
        functions: new Map([
          ['score', { name: 'score', version, run: () => null }],
          ['unused', { name: 'unused', version: '9', run: () => null }],
        ]),
        contracts,
        handlers: ['mend'],
      })
    const [one, two] = [load('1'), load('2')]
    expect(one.definition.functions).toEqual({ score: '1' })
    expect([...one.functions.keys()]).toEqual(['score'])
    expect(one.contracts.get('Report')).toBe(contracts.get('Report'))
    expect(one.definition.hash).not.toBe(two.definition.hash)
  })

  test('a document gives functions names of its own; python:// and python_functions are other words', () => {
    for (const [key, scheme] of [
      ['functions', 'function'],
      ['python_functions', 'python'],
    ] as const) {
      const nodes = [
        { name: 'a', type: 'start', next: 'b' },
        { name: 'b', type: 'function', tool: `${scheme}://mine`, output: 'r', next: 'c' },
        { name: 'c', type: 'end', output: 'r' },
      ]
      const text = JSON.stringify({ name: 'x', nodes, [key]: [{ name: 'mine', path: 'score' }] })
      const { definition, problems, functions } = loadDocument(text, { functions: registered('score') })
      expect(problems).toEqual([])
      expect(definition.root.steps[1]).toMatchObject({ action: 'function://score', effect: 'effectful' })
      expect([...functions.keys()]).toEqual(['score'])
      const [problem] = loadDocument(text, { functions: registered('scor') }).problems
      expect(problem).toMatchObject({
        code: 'unknown_reference',
        path: `${key}.mine.path`,
        fix: 'Did you mean "scor"?',
      })
    }
  })

  test('the provider of a model must be registered', () => {
    const text = 'name: x\nsteps:\n  - { id: a, prompt: p, model: opnai/fast }'
    expect(loadDocument(text, { providers: ['openai'] }).problems).toMatchObject([
      { code: 'unknown_reference', path: 'steps.a.model', line: 3, column: 25, fix: 'Did you mean "openai"?' },
    ])
    expect(problemsOf(text)).toEqual([])
    expect(problemsOf({ name: 'x', steps: [{ id: 'a', prompt: 'p', model: 'auto' }] }, { providers: [] })).toEqual([])
  })
})

describe('workflows 17: limits of documents', () => {
  const steps = (count: number): string =>
    `name: x\nsteps:\n${Array.from({ length: count }, (_, index) => `  - { id: s${index}, prompt: p }\n`).join('')}`
  /** A region in a region, and so on. */
  const nested = (depth: number): object =>
    depth === 1 ? { steps: [{ id: 's', prompt: 'p' }] } : { steps: [{ id: 's', ...nested(depth - 1) }] }

  test('1,000 steps, and more where it is allowed', () => {
    expect(problemsOf(steps(1_000))).toEqual([])
    expect(problemsOf(steps(1_001))).toEqual(['limit_exceeded steps 2:1'])
    expect(problemsOf(steps(1_001), {}, { limits: { maxSteps: 2_000 } })).toEqual([])
  })

  test('16 regions inside each other', () => {
    expect(problemsOf({ name: 'x', ...nested(16) })).toEqual([])
    expect(problemsOf({ name: 'x', ...nested(17) })[0]).toMatch(/^limit_exceeded|^document_invalid/)
    expect(
      problemsOf({ name: 'x', ...nested(17) }).filter((problem) => problem.startsWith('limit_exceeded')),
    ).toHaveLength(1)
  })

  test('S20 half of all for the network', () => {
    const untrusted = { untrusted: true }
    expect(problemsOf(steps(500), {}, untrusted)).toEqual([])
    expect(problemsOf(steps(501), {}, untrusted)).toEqual(['limit_exceeded steps 2:1'])
    expect(problemsOf({ name: 'x', ...nested(8) }, {}, untrusted)).toEqual([])
    expect(problemsOf({ name: 'x', ...nested(9) }, {}, untrusted).length).toBeGreaterThan(0)
    expect(problemsOf(`# ${'x'.repeat(530_000)}\n${steps(1)}`, {}, untrusted)).toEqual(['limit_exceeded '])
    const { limits } = loadDocument(
      { parley: 1, name: 'x', limits: { max_visits: 5, max_model_calls: 49 }, steps: [] },
      {},
      untrusted,
    ).definition
    expect(limits).toEqual({ maxConcurrency: 16, maxModelCalls: 25, maxVisits: 5 })
  })

  test('a text with very many names, right or wrong, is loaded', () => {
    const prompt = (name: string): string => `name: x\nsteps: [{ id: a, prompt: "${`{{${name}}}`.repeat(100_000)}" }]`
    expect(problemsOf(prompt('a'))).toEqual([])
    expect(problemsOf(prompt('b.c'))).toHaveLength(100_000)
  })

  test('data with a circle, a getter of a prototype, or too much of it is refused', () => {
    const circle: { [key: string]: unknown } = { name: 'x' }
    circle['steps'] = [circle]
    expect(problemsOf(circle)[0]).toMatch(/^limit_exceeded/)
    expect(problemsOf(JSON.parse('{"name":"x","steps":[],"__proto__":{"steps":1}}'))[0]).toBe(
      'document_invalid __proto__',
    )
    expect(problemsOf({ name: 'x'.repeat(1_048_576), steps: [] })[0]).toMatch(/^limit_exceeded/)
    const shared = Array.from({ length: 25 }).reduce<unknown>((inner) => [inner, inner], 'x')
    expect(problemsOf({ name: 'x', steps: shared })[0]).toMatch(/^limit_exceeded/)
  })
})
