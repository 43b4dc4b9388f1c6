import type { Json, Region, StepDefinition, StepKind, WorkflowDefinition } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileCondition } from '../conditions/compile-condition.ts'
import { finishDefinition } from '../definition/canonical.ts'
import type { WorkflowDraft } from '../definition/definition-defaults.ts'
import { defaultStep } from '../definition/step-defaults.ts'
import type { RegisteredFunction } from '../step/step-context.ts'
import { loadDocument } from './load-document.ts'
import { qualifyTemplate } from './qualify-template.ts'
import { toDocument } from './to-document.ts'

const functions: ReadonlyMap<string, RegisteredFunction> = new Map(
  ['score', 'merge'].map((name) => [name, { name, version: '7', run: () => null }]),
)

// A document refuses these names; loadDocument's own tests show how.
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll(/__proto__|prototype|constructor/g, 'plain')) as Json)
const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_-]{0,10}$/)
const text = fc
  .oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom(
      '{{input.goal}}',
      '{{steps.a.output.b ?? "x\\"y"}}',
      '{{item}} and {{state.k}}',
      'a\nb: c # d\t- "e"',
    ),
  )
  .map(qualifyTemplate)
const count = fc.integer({ min: 1, max: 1_000 })
const schema = fc.dictionary(name, json, { maxKeys: 3 })
const contract = fc.oneof(fc.record({ schema }), fc.record({ name, version: name }))
const seconds = fc.integer({ min: 0, max: 10_000 }).map((ms) => ms / 1_000)
const usd = fc.integer({ min: 0, max: 1_000_000_000 }).map((nano) => nano / 1_000_000_000)
const action = fc.constantFrom('retry', 'replan', 'skip', 'fail', 'abort', 'custom')

const condition = fc
  .oneof(
    fc.constantFrom<Json>(true, false, null, 0, 'text', '"quoted"', [1, 'two']),
    fc.record({ '>=': fc.tuple(fc.record({ var: name }), fc.integer()) }),
    fc.record({
      and: fc.array(fc.record({ in: fc.tuple(fc.record({ var: name }), fc.array(name)) }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  )
  .map((logic) => compileCondition(logic).logic)

const budget = fc.record(
  {
    maxCostUsd: usd,
    maxTokens: count,
    maxCalls: count,
    warnAt: fc.array(fc.constantFrom(0.5, 0.8, 1), { maxLength: 2 }),
    onExceed: fc.constantFrom('stop', 'downgrade', 'pause', 'warn'),
  },
  { requiredKeys: [] },
)

const policy = fc.record(
  {
    onValidationFail: action,
    onExecutionFail: action,
    maxAttempts: fc.integer({ min: 1, max: 20 }),
    maxReplans: fc.integer({ min: 0, max: 5 }),
    retryWithFeedback: fc.boolean(),
    retryDelay: seconds,
    retryBackoff: fc.constantFrom(1, 1.5, 2),
    fallbackAction: fc.constantFrom('replan', 'skip', 'fail', 'abort', 'custom'),
    customHandler: name,
  },
  {
    requiredKeys: [
      'onValidationFail',
      'onExecutionFail',
      'maxAttempts',
      'maxReplans',
      'retryWithFeedback',
      'retryDelay',
      'retryBackoff',
    ],
  },
)

const retry = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 20 }),
  delay: seconds,
  backoff: fc.constantFrom(1, 2),
  maxDelay: seconds,
  jitter: fc.boolean(),
})

const strategy = fc.oneof(
  fc.constant({ type: 'single' }),
  fc.record({ type: fc.constant('race'), candidates: fc.integer({ min: 2, max: 5 }), staggerMs: fc.nat(500) }),
  fc.record({
    type: fc.constant('speculative'),
    compare: fc.oneof(
      fc.constantFrom('normalized', 'judge'),
      fc.record({ embedding: fc.constantFrom(0.5, 0.92) }),
      fc.record({ function: fc.constantFrom('score', 'merge') }),
    ),
    allowUnverified: fc.boolean(),
  }),
)

const ends = { timeout: fc.integer({ min: 1, max: 9_999 }), default: json, schema }
const wait = fc.oneof(
  fc.record(
    {
      type: fc.constant('approval'),
      onTimeout: fc.constantFrom('reject', 'fail'),
      ...ends,
      approvers: fc.array(name),
      show: text,
    },
    { requiredKeys: ['type', 'onTimeout'] },
  ),
  fc.record(
    { type: fc.constant('event'), name, onTimeout: fc.constantFrom('reject', 'fail'), ...ends, match: json },
    { requiredKeys: ['type', 'name', 'onTimeout'] },
  ),
  fc.record({ type: fc.constant('timer'), ms: count, onTimeout: fc.constant('reject') }),
  fc.record({
    type: fc.constant('timer'),
    at: fc.constant('2026-01-31T09:30:00.000Z'),
    onTimeout: fc.constant('reject'),
  }),
)

const fields = fc.record(
  {
    requires: fc.constantFrom('settled', 'success'),
    condition,
    prompt: text,
    system: text,
    model: fc.constantFrom('a/b', 'auto'),
    modelOptions: fc.record(
      {
        temperature: usd,
        topP: fc.constantFrom(0, 1),
        maxOutputTokens: count,
        stop: fc.array(name),
        reasoning: fc.constant('low'),
      },
      { requiredKeys: [] },
    ),
    tier: fc.constantFrom('fast', 'balanced', 'high'),
    strategy,
    capabilities: fc.array(fc.record({ kind: fc.constantFrom('vision', 'x_own'), required: fc.boolean() }), {
      maxLength: 2,
    }),
    inputContract: contract,
    outputContract: contract,
    outputSchemaFrom: fc.constant('input.schema'),
    readKeys: fc.array(name, { maxLength: 3 }),
    writeKeys: fc.array(name, { maxLength: 3 }),
    retry,
    timeoutMs: count,
    validationTimeoutMs: count,
    failurePolicy: policy,
    foreach: fc.record(
      {
        source: name,
        policy: fc.constantFrom('requireAll', 'allowPartial', 'collectErrors'),
        concurrency: count,
        itemKey: name,
      },
      { requiredKeys: ['source', 'policy', 'concurrency'] },
    ),
    parallel: fc.boolean(),
    maxConcurrency: count,
    budget,
    effect: fc.constantFrom('pure', 'idempotent', 'effectful'),
    cache: fc.record({ ttlMs: count, key: text }, { requiredKeys: ['ttlMs'] }),
    inputs: fc.dictionary(
      name,
      fc.oneof(
        fc.record({ type: fc.constant('literal'), value: json }),
        fc.record({ type: fc.constantFrom('context', 'history'), name }),
      ),
      { maxKeys: 2 },
    ),
    method: fc.constantFrom('get', 'post'),
    output: name,
    history: fc.record({ limit: fc.nat(50), maxChars: count }, { requiredKeys: ['limit'] }),
    stream: fc.record({ output: fc.boolean(), delta: fc.boolean() }, { requiredKeys: [] }),
    maxSteps: count,
    allowedTools: fc.array(name, { maxLength: 2 }),
    reducers: fc.dictionary(name, fc.constantFrom('append', 'merge', 'sum'), { maxKeys: 2 }),
  },
  { requiredKeys: [] },
)

const kinds: readonly StepKind[] = [
  'fn',
  'llm',
  'agent',
  'tool',
  'rag',
  'wait',
  'workflow',
  'race',
  'if',
  'switch',
  'start',
  'end',
]

const kindFields = fc.record({
  action: fc.constantFrom('score', 'merge', 'rest://server.tool', 'function://score'),
  rag: fc.record(
    {
      query: text.filter((query) => query !== ''),
      service: name,
      collection: name,
      topK: count,
      sourceIds: fc.array(name),
      match: json,
      keepBest: fc.boolean(),
      minSimilarity: fc.constantFrom(0, 0.5),
      store: fc.constantFrom('results', 'content'),
    },
    { requiredKeys: ['query', 'topK', 'store'] },
  ),
  wait,
  switch: fc.record(
    { expr: fc.constantFrom('context.a', '1 + 2'), cases: fc.dictionary(name, name, { maxKeys: 3 }), default: name },
    { requiredKeys: ['expr', 'cases'] },
  ),
  next: name,
  then: name,
  else: name,
})

const usedFields: { readonly [kind in StepKind]?: readonly (keyof StepDefinition)[] } = {
  fn: ['action'],
  agent: ['action'],
  tool: ['action'],
  workflow: ['action'],
  rag: ['rag', 'next'],
  wait: ['wait', 'next'],
  if: ['then', 'else'],
  switch: ['switch'],
  start: ['next'],
}

function stepOf(id: string, depth: number): fc.Arbitrary<StepDefinition> {
  const plain = fc
    .record({ kind: fc.constantFrom(...kinds), fields, own: kindFields })
    .map(({ kind, fields: given, own }) => {
      const used = Object.fromEntries(
        Object.entries(own).filter(([key]) => usedFields[kind]?.some((field) => field === key)),
      )
      // Made of arbitraries of just these fields.
      return { ...defaultStep(id, kind), ...given, ...used } as StepDefinition
    })
  if (depth === 0) return plain
  const inner = fc.record({ region: regionOf(depth - 1), next: name }, { requiredKeys: ['region'] })
  return fc.oneof(
    { weight: 4, arbitrary: plain },
    { weight: 1, arbitrary: inner.map((own) => ({ ...defaultStep(id, 'region'), ...own })) },
  )
}

function regionOf(depth: number): fc.Arbitrary<Region> {
  const steps = fc.integer({ min: 1, max: 4 }).chain((size) => {
    const ids = Array.from({ length: size }, (_, index) => `s${index}`)
    return fc.tuple(...ids.map((id) => stepOf(id, depth)), fc.array(fc.nat(size), { maxLength: 3 })).map((all) => {
      const made = all.slice(0, -1) as StepDefinition[] // the tuple's last entry is the list of numbers
      return made.map((step, index) => ({ ...step, dependsOn: index > 0 ? [`s${index - 1}`] : [] }))
    })
  })
  return fc.oneof(
    fc.record({ kind: fc.constant('dag' as const), steps, maxConcurrency: count }),
    fc.record({ kind: fc.constant('flow' as const), steps, start: fc.constant('s0') }),
  )
}

/** The versions of the functions that a region names, as a definition has them. */
function versionsOf(region: Region): [string, string][] {
  return region.steps.flatMap(({ kind, action: named, strategy: how, region: inner }) => {
    const names = [
      kind === 'fn' ? named : undefined,
      kind === 'tool' ? named?.replace('function://', '') : undefined,
      how.type === 'speculative' && typeof how.compare === 'object' && 'function' in how.compare
        ? how.compare.function
        : undefined,
    ]
    const own = names.flatMap((one): [string, string][] =>
      one !== undefined && functions.has(one) ? [[one, '7']] : [],
    )
    return [...own, ...(inner === undefined ? [] : versionsOf(inner))]
  })
}

const definition: fc.Arbitrary<WorkflowDefinition> = fc
  .record(
    {
      name: name,
      version: fc.constantFrom('1', '2.0'),
      description: fc.string({ maxLength: 20 }),
      input: contract,
      output: contract,
      outputs: fc.dictionary(name, text, { maxKeys: 3 }),
      root: regionOf(2),
      defaults: fc.record(
        {
          model: fc.constant('a/b'),
          tier: fc.constantFrom('fast', 'balanced', 'high'),
          retry,
          timeoutMs: count,
          budget,
          failurePolicy: policy,
        },
        { requiredKeys: ['tier'] },
      ),
      templates: fc.dictionary(name, fc.string({ maxLength: 20 }), { maxKeys: 2 }),
      limits: fc.record({
        maxConcurrency: fc.constantFrom(1, 32, 100),
        maxModelCalls: fc.constantFrom(1, 50),
        maxVisits: fc.constantFrom(1, 1_000),
      }),
      compat: fc.record(
        { abortIsFail: fc.boolean(), foreachSkipFails: fc.boolean(), backoffFromFirst: fc.boolean() },
        { requiredKeys: [] },
      ),
      sensitiveKeys: fc.uniqueArray(name, { maxLength: 3 }),
      metadata: fc.dictionary(name, json, { maxKeys: 3 }),
      servers: fc.record({
        rest: fc.constantFrom(
          [],
          [
            {
              name: 'crm',
              urlEnv: 'PARLEY_TOOL_URL',
              usernameEnv: 'PARLEY_TOOL_USER',
              passwordEnv: 'PARLEY_TOOL_PASSWORD',
            },
          ],
          [
            {
              name: 'crm',
              url: 'https://crm.example',
              operations: [{ tool: 'find', method: 'GET' as const, input: { my_key: 1 } }],
            },
          ],
        ),
        mcp: fc.constantFrom(
          [],
          [{ id: 'files', command: 'node', args: ['a b'], env: { MY_TOKEN: 'secret' } }],
          [{ id: 'web', urlEnv: 'PARLEY_TOOL_WEB' }],
        ),
      }),
    },
    {
      requiredKeys: [
        'name',
        'version',
        'root',
        'defaults',
        'templates',
        'limits',
        'compat',
        'sensitiveKeys',
        'metadata',
        'servers',
      ],
    },
  )
  // Made of arbitraries of just these fields.
  .map((draft) =>
    finishDefinition({
      ...draft,
      functions: Object.fromEntries(versionsOf(draft.root as Region)),
    } as unknown as WorkflowDraft),
  )

describe('W-1 a definition and its document', () => {
  test('W-1 the way from a definition to a document and back is the identity, by data and by text', () => {
    fc.assert(
      fc.property(definition, fc.boolean(), (given, asText) => {
        const document = toDocument(given)
        const { definition: loaded, problems } = loadDocument(asText ? JSON.stringify(document) : document, {
          functions,
        })
        expect(problems.filter(({ message }) => message.includes('not known here'))).toEqual([])
        expect(loaded).toEqual(given)
        expect(loaded.hash).toBe(given.hash)
        expect(toDocument(loaded)).toEqual(document)
      }),
      { numRuns: 100 },
    )
  })

  test('W-1 a document says nothing that holds by default', () => {
    const { definition: made } = loadDocument({ name: 'x', steps: [{ id: 'a', prompt: 'Say {{goal}}' }] })
    expect(toDocument(made)).toEqual({
      parley: 1,
      name: 'x',
      version: '1',
      steps: [{ id: 'a', kind: 'llm', prompt: 'Say {{input.goal}}' }],
    })
  })

  test('W-1 nodes become a native document of the same hash', () => {
    const { definition: made, problems } = loadDocument(`
name: x
llm_model: a/b
templates: [{ name: t, value: v }]
nodes:
  - { name: s, type: start, next: p }
  - { name: p, type: parallel, branches: [a, b], next: j }
  - { name: a, type: if, condition: "n > 1", then: c, else: j }
  - { name: c, type: llm, prompt: "{{ templates.t }}", output: one, next: j }
  - { name: b, type: function, tool: "rest://s.t", output: two, next: j }
  - { name: j, type: llm, prompt: "{{ context.one ?? \\"none\\" }}", output: r, next: z }
  - { name: z, type: end, output: r }
`)
    expect(problems).toEqual([])
    const again = loadDocument(JSON.stringify(toDocument(made)))
    expect(again.problems).toEqual([])
    expect(again.definition).toEqual(made)
  })

  test('the environment of MCP servers is masked where the document is shown', () => {
    const { definition: made } = loadDocument({
      parley: 1,
      name: 'x',
      mcp_servers: [{ name: 'files', command: 'node', env: { MY_TOKEN: 'abc' } }],
      steps: [{ id: 'a', prompt: 'p' }],
    })
    expect(toDocument(made)['mcp_servers']).toEqual([{ name: 'files', command: 'node', env: { MY_TOKEN: 'abc' } }])
    expect(toDocument(made, { shown: true })['mcp_servers']).toEqual([
      { name: 'files', command: 'node', env: { MY_TOKEN: '***' } },
    ])
  })
})
