import { describe, expect, test } from 'vitest'
import type { DocumentRegistries } from '../document-registries.ts'
import { loadDocument, type LoadDocumentOptions } from '../load-document.ts'

/** A document of nodes; the first node is on line 3. */
function documentOf(...nodes: string[]): string {
  return `name: x\nnodes:\n${nodes.map((node) => `  - { ${node} }\n`).join('')}`
}

function problemsOf(text: string, registries?: DocumentRegistries, options?: LoadDocumentOptions): string[] {
  return loadDocument(text, registries, options).problems.map(
    ({ code, line, column, message }) => `${code} ${line}:${column} ${message}`,
  )
}

const start = 'name: s, type: start, next: a'
const llm = (name: string, next: string, output = 'r'): string =>
  `name: ${name}, type: llm, prompt: p, output: ${output}, next: ${next}`
const end = 'name: z, type: end, output: r'

type Steps = ReturnType<typeof loadDocument>['definition']['root']['steps']

function stepsOf(...nodes: string[]): Map<string, Steps[number]> {
  const { definition, problems } = loadDocument(documentOf(...nodes))
  expect(problems).toEqual([])
  return new Map(definition.root.steps.map((step) => [step.id, step]))
}

describe('workflows 2.3: nodes', () => {
  test('llm: defaults are history of 50 and nothing streamed', () => {
    const step = stepsOf(start, llm('a', 'z'), end).get('a')
    expect(step).toMatchObject({
      kind: 'llm',
      prompt: 'p',
      history: { limit: 50 },
      output: 'r',
      next: 'z',
      effect: 'pure',
    })
    expect(step?.stream).toEqual({})
    expect(step?.history).toEqual({ limit: 50 })
  })

  test('llm: all of its fields', () => {
    const text = `name: x
llm_model: openai/fast
llm_kwargs: { temperature: 0, top_p: 0.5 }
nodes:
  - { ${start} }
  - { ${llm('a', 'z')}, history_limit: 5, history_max_chars: 100, llm_model: openai/slow, llm_kwargs: { temperature: 1, max_tokens: 9 }, stream_output: true, stream_delta: false, inputs: { q: { type: history } } }
  - { ${end} }
`
    const { definition, problems } = loadDocument(text)
    expect(problems).toEqual([])
    expect(definition.root.steps[1]).toMatchObject({
      model: 'openai/slow',
      modelOptions: { temperature: 1, topP: 0.5, maxOutputTokens: 9 },
      history: { limit: 5, maxChars: 100 },
      stream: { output: true },
      inputs: { q: { type: 'history', name: 'q' } },
    })
    expect(definition.root.steps[1]?.stream).toEqual({ output: true })
    expect(stepsOf(start, `${llm('a', 'z')}, use_history: false`, end).get('a')?.history).toBeUndefined()
  })

  test('agent: the default one, 10 steps, all tools', () => {
    const node = 'name: a, type: agent, prompt: p, output: r, next: z'
    expect(stepsOf(start, node, end).get('a')).toMatchObject({ kind: 'agent', action: 'default', maxSteps: 10 })

    const plain = 'name: a, type: agent, agent: helper, prompt: p, output: r, next: z'
    expect(stepsOf(start, plain, end).get('a')).toMatchObject({ kind: 'agent', action: 'helper', maxSteps: 10 })
    expect(stepsOf(start, plain, end).get('a')?.allowedTools).toBeUndefined()
    const full = `${plain}, max_steps: 3, allowed_tools: [], stream_instructions: true, stream_partials: true`
    expect(stepsOf(start, full, end).get('a')).toMatchObject({
      maxSteps: 3,
      allowedTools: [],
      stream: { instructions: true, partials: true },
    })
  })

  test.each([
    ['get', 'pure'],
    ['head', 'pure'],
    ['put', 'idempotent'],
    ['delete', 'idempotent'],
    ['post', 'effectful'],
    ['patch', 'effectful'],
  ])('function: the method %s over REST is %s', (method, effect) => {
    const step = stepsOf(
      start,
      `name: a, type: function, tool: "rest://s.t", method: ${method}, output: r, next: z`,
      end,
    )
    expect(step.get('a')).toMatchObject({ kind: 'tool', action: 'rest://s.t', method, effect })
  })

  test('function: get is the default; tools of other kinds have no method', () => {
    const tool = (uri: string) =>
      stepsOf(start, `name: a, type: function, tool: "${uri}", output: r, next: z`, end).get('a')
    expect(tool('rest://s.t')).toMatchObject({ method: 'get' })
    expect(tool('mcp://s.t')).toMatchObject({ effect: 'effectful' })
    expect(tool('mcp://s.t')?.method).toBeUndefined()
  })

  test('rag_query: 5 results; service and collection come from the head', () => {
    const text = `name: x
rag_service: docs
rag_collection: manuals
nodes:
  - { ${start} }
  - { name: a, type: rag_query, query: "{{ context.q }}", output: found, next: b }
  - { name: b, type: rag_query, query: "{{ context.q }}", service: other, collection: c, top_k: 2, source_ids: [x], match: { my_key: 1 }, keep_best: true, min_similarity: 0.5, store: content, output: r, next: z }
  - { ${end} }
`
    const { definition, problems } = loadDocument(text)
    expect(problems).toEqual([])
    expect(definition.root.steps[1]).toMatchObject({
      kind: 'rag',
      output: 'found',
      next: 'b',
      rag: { query: '{{ context.q }}', service: 'docs', collection: 'manuals', topK: 5, store: 'results' },
    })
    expect(definition.root.steps[2]?.rag).toEqual({
      query: '{{ context.q }}',
      service: 'other',
      collection: 'c',
      topK: 2,
      sourceIds: ['x'],
      match: { my_key: 1 },
      keepBest: true,
      minSimilarity: 0.5,
      store: 'content',
    })
  })

  test('if and switch: bare names are keys of the context, layers stay layers', () => {
    const steps = stepsOf(
      start,
      'name: a, type: if, condition: "n > 1 and input.m == state.k", then: b, else: c',
      'name: b, type: switch, expr: "answer.kind", cases: { "0": c, my_case: z }, default: z',
      llm('c', 'z'),
      end,
    )
    expect(steps.get('a')?.condition).toEqual({
      and: [{ '>': [{ var: 'context.n' }, 1] }, { '==': [{ var: 'input.m' }, { var: 'state.k' }] }],
    })
    expect(steps.get('b')?.switch).toEqual({
      expr: 'context.answer.kind',
      cases: { '0': 'c', my_case: 'z' },
      default: 'z',
    })
  })

  test('switch: an expression keeps its form, each of its bare names is of the context', () => {
    const steps = stepsOf(
      start,
      `name: a, type: switch, expr: "(n + input.m) * m.k[0]", cases: { "4": z, "5": b }`,
      llm('b', 'z'),
      end,
    )
    expect(steps.get('a')?.switch?.expr).toBe('(context.n + input.m) * context.m.k[0]')
  })

  test('wait: as a step of its own', () => {
    const steps = stepsOf(
      start,
      'name: a, type: wait, kind: approval, schema: { type: object, properties: { my_note: { type: string } } }, timeout: 5, on_timeout: fail, output: r, next: z',
      end,
    )
    expect(steps.get('a')).toMatchObject({
      kind: 'wait',
      output: 'r',
      next: 'z',
      wait: {
        type: 'approval',
        timeout: 5,
        onTimeout: 'fail',
        schema: { properties: { my_note: { type: 'string' } } },
      },
    })
    const event = 'name: a, type: wait, kind: event, event: paid, output: r, next: z'
    expect(stepsOf(start, event, end).get('a')?.wait).toEqual({ type: 'event', name: 'paid', onTimeout: 'reject' })
  })

  test('end: gives the key "output" unless it says otherwise', () => {
    expect(stepsOf(start, llm('a', 'z', 'output'), 'name: z, type: end').get('z')?.output).toBe('output')
  })

  test('an output is of the type that the document declares under its name', () => {
    const text = `name: x
data_types: { r: { type: object, properties: { first_name: { type: string } } } }
nodes:
  - { ${start} }
  - { ${llm('a', 'z')} }
  - { ${end} }
`
    expect(loadDocument(text).definition.root.steps[1]?.outputContract).toEqual({
      schema: { type: 'object', properties: { first_name: { type: 'string' } } },
    })
  })

  test('nodes may lead back: a loop is no fault', () => {
    stepsOf(start, llm('a', 'b'), 'name: b, type: if, condition: "r == 1", then: a, else: z', end)
  })
})

describe('W-2 parallel', () => {
  const nodes = [
    'name: s, type: start, next: p',
    'name: p, type: parallel, branches: [a, b], next: join, max_concurrency: 2',
    llm('a', 'a2', 'one'),
    llm('a2', 'join', 'two'),
    llm('b', 'join', 'three'),
    llm('join', 'z'),
    end,
  ]

  test('W-2 it is a dag whose branches are flows, in the order of the document', () => {
    const steps = stepsOf(...nodes)
    expect([...steps.keys()]).toEqual(['s', 'p', 'join', 'z'])
    expect(steps.get('p')).toMatchObject({
      kind: 'region',
      next: 'join',
      region: {
        kind: 'dag',
        maxConcurrency: 2,
        steps: [
          {
            id: 'a',
            kind: 'region',
            parallel: true,
            region: {
              kind: 'flow',
              start: 'a',
              steps: [
                { id: 'a', next: 'a2' },
                { id: 'a2', output: 'two' },
              ],
            },
          },
          { id: 'b', kind: 'region', region: { kind: 'flow', start: 'b', steps: [{ id: 'b' }] } },
        ],
      },
    })
    const [first] = steps.get('p')?.region?.steps ?? []
    expect(first?.region?.steps[1]?.next).toBeUndefined()
  })

  test('W-2 32 branches at once unless it says otherwise', () => {
    const [first, , ...rest] = nodes
    const steps = stepsOf(first ?? '', 'name: p, type: parallel, branches: [a, b], next: join', ...rest)
    expect(steps.get('p')?.region).toMatchObject({ maxConcurrency: 32 })
  })

  test('W-2 a choice in a branch may lead to the join: there the branch ends', () => {
    const steps = stepsOf(
      'name: s, type: start, next: p',
      'name: p, type: parallel, branches: [a, b], next: join',
      'name: a, type: if, condition: "n > 1", then: a2, else: join',
      llm('a2', 'join', 'one'),
      'name: b, type: switch, expr: n, cases: { "1": b2 }, default: join',
      llm('b2', 'join', 'two'),
      llm('join', 'z'),
      end,
    )
    const branches = steps.get('p')?.region?.steps ?? []
    for (const branch of branches) {
      const last = branch.region?.steps.at(-1)
      expect(last).toMatchObject({ id: `end-of-${branch.id}`, kind: 'end' })
      expect(last?.output).toBeUndefined()
      expect(branch.region?.steps.find(({ id }) => id.endsWith('2'))?.next).toBeUndefined()
    }
    const [first, second] = branches
    expect(first?.region?.steps[0]).toMatchObject({ then: 'a2', else: 'end-of-a' })
    expect(second?.region?.steps[0]?.switch).toMatchObject({ cases: { '1': 'b2' }, default: 'end-of-b' })
  })

  test('W-2 a parallel in a branch of a parallel', () => {
    const steps = stepsOf(
      'name: s, type: start, next: p',
      'name: p, type: parallel, branches: [a, q], next: join',
      llm('a', 'join', 'one'),
      'name: q, type: parallel, branches: [c, d], next: qjoin',
      llm('c', 'qjoin', 'two'),
      llm('d', 'qjoin', 'three'),
      llm('qjoin', 'join', 'four'),
      llm('join', 'z'),
      end,
    )
    const [, second] = steps.get('p')?.region?.steps ?? []
    expect(second?.region?.steps.map(({ id }) => id)).toEqual(['q', 'qjoin'])
    expect(second?.region?.steps[0]?.region?.steps.map(({ id }) => id)).toEqual(['c', 'd'])
  })

  test.each([
    [
      'a branch that is the join',
      ['name: p, type: parallel, branches: [a, join], next: join', llm('a', 'join', 'one')],
      'document_invalid 4:46 The branch "join" of "p" is its join.',
    ],
    [
      'a branch that is given twice',
      ['name: p, type: parallel, branches: [a, a], next: join', llm('a', 'join', 'one')],
      'document_invalid 4:46 "p" has the branch "a" twice.',
    ],
    [
      'a branch that leads back into the node',
      ['name: p, type: parallel, branches: [a, b], next: join', llm('a', 'p', 'one'), llm('b', 'join', 'two')],
      'document_invalid 4:43 The branch "a" of "p" leads back into "p".',
    ],
    [
      'a branch that reaches an end',
      ['name: p, type: parallel, branches: [a, b], next: join', llm('a', 'z', 'one'), llm('b', 'join', 'two')],
      'document_invalid 8:5 The branch "a" of "p" reaches the end node "z".',
    ],
    [
      'a branch that reaches the start',
      ['name: p, type: parallel, branches: [a, b], next: join', llm('a', 's', 'one'), llm('b', 'join', 'two')],
      'document_invalid 3:5 The branch "a" of "p" reaches the start node "s".',
    ],
    [
      'branches that share a node',
      [
        'name: p, type: parallel, branches: [a, b], next: join',
        llm('a', 'c', 'one'),
        llm('b', 'c', 'two'),
        llm('c', 'join', 'three'),
      ],
      'document_invalid 7:5 The branch "b" of "p" shares the node "c" with "a".',
    ],
    [
      'branches that write one output',
      ['name: p, type: parallel, branches: [a, b], next: join', llm('a', 'join', 'one'), llm('b', 'join', 'one')],
      'document_invalid 6:38 "b" writes "one", and so does the branch "a".',
    ],
    [
      'a branch that does not exist',
      ['name: p, type: parallel, branches: [a, bb], next: join', llm('a', 'join', 'one')],
      'unknown_reference 4:46 "p" has the branch "bb", and there is no such node.',
    ],
    [
      'a parallel without branches',
      ['name: p, type: parallel, branches: [], next: join'],
      'document_invalid 4:32 "branches" cannot be read: Too small: expected array to have >=1 items.',
    ],
    [
      'a parallel that runs nothing at once',
      ['name: p, type: parallel, branches: [a], next: join, max_concurrency: 0', llm('a', 'join', 'one')],
      'document_invalid 4:59 "max_concurrency" cannot be read: Too small: expected number to be >=1.',
    ],
  ])('%s is refused', (_what, parallel, problem) => {
    const text = documentOf('name: s, type: start, next: p', ...parallel, llm('join', 'z'), end)
    expect(problemsOf(text)).toContain(problem)
  })

  test('branches that all lead into each other are refused in bounded work', () => {
    const size = 60
    const web = Array.from({ length: size }, (_, index) => {
      const branches = Array.from({ length: 20 }, (_other, step) => `p${(index + step + 1) % size}`)
      return `name: p${index}, type: parallel, branches: [${branches.join(', ')}], next: z`
    })
    const { definition, problems } = loadDocument(documentOf('name: s, type: start, next: p0', ...web, end))
    expect(problems.length).toBeGreaterThan(size)
    expect(JSON.stringify(definition).length).toBeLessThan(1_000_000)
  })

  test('a branch with a node that is reached from outside too is refused', () => {
    const text = documentOf(
      'name: s, type: start, next: i',
      'name: i, type: if, condition: "n > 1", then: p, else: a',
      'name: p, type: parallel, branches: [a], next: join',
      llm('a', 'join', 'one'),
      llm('join', 'z'),
      end,
    )
    expect(problemsOf(text)).toContain(
      'document_invalid 5:43 The branch "a" of "p" has the node "a", which is reached from outside too.',
    )
  })
})

describe('workflows 2.3: refused at load, with line and column', () => {
  test.each([
    ['two nodes of one name', [start, llm('a', 'z'), llm('a', 'z'), end], /^duplicate_step 5:5 /],
    ['no start', [llm('a', 'z'), end], /^document_invalid \d+:\d+ The flow has 0 start nodes/],
    [
      'two starts',
      [start, 'name: s2, type: start, next: a', llm('a', 'z'), end],
      /^document_invalid \d+:\d+ The flow has 2 start nodes/,
    ],
    ['no end', [start, llm('a', 'a')], /^document_invalid \d+:\d+ The flow has no end node/],
    ['a target that does not exist', [start, llm('a', 'zz'), end], /^unknown_reference 4:\d+ /],
    [
      'a node that is never reached',
      [start, llm('a', 'z'), llm('b', 'z'), end],
      /^document_invalid 5:5 The node "b" is never reached/,
    ],
    [
      'an output that no node writes',
      [start, llm('a', 'z'), 'name: z, type: end, output: rr'],
      /^unknown_reference 5:27 The end "z" gives "rr"/,
    ],
    [
      'a type that does not exist',
      [start, 'name: a, type: lmm, prompt: p, next: z', end],
      /^document_invalid 4:16 There is no node type "lmm"/,
    ],
    [
      'an unknown key',
      [start, `${llm('a', 'z')}, ouput: r`, end],
      /^document_invalid 4:\d+ The key "ouput" is not known here/,
    ],
    [
      'unknown llm_kwargs',
      [start, `${llm('a', 'z')}, llm_kwargs: { temp: 1 }`, end],
      /^document_invalid 4:\d+ The key "temp" is not known here/,
    ],
    [
      'a model without a provider',
      [start, `${llm('a', 'z')}, llm_model: fast`, end],
      /^document_invalid 4:\d+ .* no provider\/model/,
    ],
    [
      'a condition that cannot be read',
      [start, 'name: a, type: if, condition: "n >", then: z, else: z', end],
      /^condition_error 4:26 /,
    ],
    [
      'a bare name in a template',
      [start, 'name: a, type: llm, prompt: "Hi {{ name }}", output: r, next: z', end],
      /^unknown_reference 4:39 /,
    ],
    [
      'a template that does not exist',
      [start, 'name: a, type: llm, prompt: "{{ templates.tone }}", output: r, next: z', end],
      /^unknown_reference 4:36 /,
    ],
    [
      'a service that is a connection string',
      [start, 'name: a, type: rag_query, query: q, service: "postgres://u:secret@h/db", output: r, next: z', end],
      /^document_invalid 4:\d+ The service looks like a connection string/,
    ],
    [
      'a service that is host and port',
      [start, 'name: a, type: rag_query, query: q, service: "localhost:5432", output: r, next: z', end],
      /^document_invalid 4:\d+ The service looks like a connection string/,
    ],
    [
      'a literal without a value',
      [start, 'name: a, type: function, tool: "rest://s.t", inputs: { x: { type: literal } }, output: r, next: z', end],
      /^document_invalid 4:\d+ The argument "x" is a literal without a value/,
    ],
  ])('%s', (_what, nodes, problem) => {
    const problems = problemsOf(documentOf(...nodes))
    expect(problems).toContainEqual(expect.stringMatching(problem))
    expect(problems.join('\n')).not.toContain('secret')
  })

  test('ends of different types', () => {
    const text = `name: x
data_types: { r: { type: object }, q: { type: string } }
nodes:
  - { ${start} }
  - { name: a, type: if, condition: "n > 1", then: b, else: c }
  - { ${llm('b', 'y', 'r')} }
  - { ${llm('c', 'z', 'q')} }
  - { name: y, type: end, output: r }
  - { name: z, type: end, output: q }
`
    expect(problemsOf(text)).toContain('document_invalid 9:27 The end "z" gives another type than the end "y".')
  })

  test('the names of a document are given once', () => {
    const text = `name: x
templates: [{ name: t, value: a }, { name: t, value: b }]
rest_servers: [{ name: s, url: "https://a.example" }, { name: s, url: "https://b.example" }]
nodes:
  - { ${start} }
  - { ${llm('a', 'z')} }
  - { ${end} }
`
    expect(problemsOf(text)).toEqual([
      'document_invalid 2:38 There is already a template "t".',
      'document_invalid 3:57 There is already a server "s".',
    ])
  })
})

describe('workflows 2.3: servers', () => {
  const withServers = (servers: string): string =>
    `name: x\n${servers}\nnodes:\n  - { ${start} }\n  - { ${llm('a', 'z')} }\n  - { ${end} }\n`

  test.each([
    ['rest_servers: [{ name: s }]', 'needs exactly one of "url" and "url_env"'],
    [
      'rest_servers: [{ name: s, url: "https://a.example", url_env: PARLEY_TOOL_A }]',
      'needs exactly one of "url" and "url_env"',
    ],
    ['rest_servers: [{ name: s, url: "https://a.example", username_env: PARLEY_TOOL_A }]', 'half of its credentials'],
    ['rest_servers: [{ name: s, url: "https://u:p@a.example" }]', 'The URL holds credentials'],
    ['rest_servers: [{ name: s, url: "file:///etc/passwd" }]', '"url" cannot be read'],
    ['mcp_servers: [{ name: s }]', 'needs exactly one of "command", "command_env", "url" and "url_env"'],
    ['mcp_servers: [{ name: s, command: c, url: "https://a.example" }]', 'needs exactly one of'],
    ['mcp_servers: [{ name: s, url: "https://a.example", args: [a] }]', 'arguments of a command'],
    ['rest_servers: [{ name: s, url_env: AWS_SECRET }]', 'may not read the environment variable "AWS_SECRET"'],
    ['mcp_servers: [{ name: s, command_env: PATH }]', 'may not read the environment variable "PATH"'],
  ])('%s is refused', (servers, message) => {
    expect(problemsOf(withServers(servers))[0]).toMatch(/^document_invalid 2:\d+ /)
    expect(problemsOf(withServers(servers))[0]).toContain(message)
  })

  test('S19 other variables are read where the host allows them', () => {
    const text = withServers('rest_servers: [{ name: s, url_env: MY_CRM }]')
    expect(problemsOf(text, { allowedEnv: ['MY_CRM'] })).toEqual([])
  })

  test('an MCP server is of the definition as it is declared', () => {
    const text = withServers('mcp_servers: [{ name: s, command: node, args: [a], env: { MY_KEY: v } }]')
    expect(loadDocument(text).definition.servers.mcp).toEqual([
      { id: 's', command: 'node', args: ['a'], env: { MY_KEY: 'v' } },
    ])
  })

  test.each([
    ['rest_servers: [{ name: crm, url: "https://a.example" }]', 'url'],
    ['rest_servers: [{ name: crm, url_env: PARLEY_TOOL_A }]', 'url_env'],
    ['rest_servers: [{ name: crm, username_env: PARLEY_TOOL_A, password_env: PARLEY_TOOL_B }]', 'username_env'],
    ['mcp_servers: [{ name: crm, command: node }]', 'command'],
    ['mcp_servers: [{ name: crm, command_env: PARLEY_TOOL_A }]', 'command_env'],
    ['mcp_servers: [{ name: crm, url: "https://a.example" }]', 'url'],
    ['mcp_servers: [{ name: crm, env: { A: b } }]', 'env'],
  ])('S20 a document from the network may not declare %s', (servers, key) => {
    const problems = problemsOf(withServers(servers), { servers: ['crm'] }, { untrusted: true })
    expect(problems[0]).toMatch(/^document_invalid 2:\d+ /)
    expect(problems[0]).toContain(`may not give the "${key}" of a server`)
  })

  test('S20 a document from the network names servers of the host', () => {
    const text = withServers('rest_servers: [{ name: crm }]')
    const { problems, definition } = loadDocument(text, { servers: ['crm'] }, { untrusted: true })
    expect(problems).toEqual([])
    expect(definition.servers).toEqual({ rest: [], mcp: [] })
    expect(problemsOf(text, { servers: ['crn'] }, { untrusted: true })).toEqual([
      'unknown_reference 2:18 The host has registered no server "crm".',
    ])
  })
})
