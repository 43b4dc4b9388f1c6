import {
  checkContract,
  createBudget,
  defineTool,
  ParleyError,
  ToolError,
  type Json,
  type RunnerEvent,
} from '@parley/spec'
import { createSeededIds, createVirtualClock, scriptedModel, type ScriptedTurn } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Agent } from './agent.ts'
import type { AgentOptions } from './agent-options.ts'
import { agentRunner } from './agent-runner.ts'
import { createTurnBench } from './__fixtures__/turn-bench.ts'
import type { StepRecord } from './loop-event.ts'
import { getStepOutputType } from './step-output.ts'

const clock = createVirtualClock()

function agentWith(
  turns: ScriptedTurn[],
  options: AgentOptions = {},
  card = {},
): { agent: Agent; model: ReturnType<typeof scriptedModel> } {
  const model = scriptedModel(turns, { card })
  return { agent: new Agent('worker', { model, clock, ids: createSeededIds(3), ...options }), model }
}

const find = defineTool({
  name: 'find',
  description: 'Finds a customer',
  input: z.strictObject({ name: z.string(), limit: z.number().optional() }),
  effect: 'pure',
  run: ({ name, limit = 1 }) => ({ customers: [{ id: `${name}-7`, limit }] }),
})

const call = (name: string, args: Json): { toolCalls: { name: string; arguments: Json }[] } => ({
  toolCalls: [{ name, arguments: args }],
})
const step = (calls: Json[], output: Json = null, instructions = 'Working.'): string =>
  JSON.stringify({ instructions, tool_calls: calls, output })

test('P-7 prompt, run and stream are one loop: the same steps, drained', async () => {
  const turns = [{ text: 'Looking. ', ...call('find', { name: 'ada' }) }, 'Found ada-7.']
  expect(await agentWith(turns, { tools: { find } }).agent.prompt('Find Ada')).toBe('Found ada-7.')
  const result = await agentWith(turns, { tools: { find } }).agent.run('Find Ada')
  expect(result).toMatchObject({
    output: 'Found ada-7.',
    stopped: 'output',
    steps: [{ step: 1, toolCalls: [{ name: 'find' }] }, { step: 2 }],
  })
  const types: string[] = []
  for await (const event of agentWith(turns, { tools: { find } }).agent.stream('Find Ada'))
    if (types.at(-1) !== event.type) types.push(event.type)
  expect(types).toEqual([
    'stepStarted',
    'textDelta',
    'toolCallStarted',
    'toolCallEnded',
    'stepEnded',
    'stepStarted',
    'textDelta',
    'stepEnded',
    'output',
    'end',
  ])
})

test('P-5 with an output contract its value is the output, without it text; null only if nothing was produced', async () => {
  const output = z.object({ total: z.number() })
  const { agent, model } = agentWith(['{"total":"many"}', '{"total":3}'])
  expect(await agent.prompt('Count', { output })).toEqual({ total: 3 })
  expect(model.requests[0]?.output).toMatchObject({
    name: 'answer',
    schema: { type: 'object', properties: { total: { type: 'number' } } },
  })
  expect(await agentWith(['', '']).agent.prompt('Count')).toBeNull()
  await expect(agentWith(['no', 'no']).agent.prompt('Count', { output })).rejects.toMatchObject({
    code: 'agent_output_invalid',
  })
  await expect(
    agentWith([{ text: '{"tot', reason: 'length' }]).agent.prompt('Count', { output }),
  ).rejects.toMatchObject({ code: 'model_output_truncated' })
})

test('at maxSteps the last answer is the output; an abort and an empty budget are reasons', async () => {
  const more = Array.from({ length: 10 }, (_, n) => call('find', { name: `n${n}` }))
  const stopped = await agentWith([...more.slice(0, 9), 'As far as I got.'], { tools: { find } }).agent.run('Go')
  expect(stopped).toMatchObject({ stopped: 'maxSteps', output: 'As far as I got.', steps: { length: 10 } })
  expect(await agentWith(more.slice(0, 2), { tools: { find } }).agent.run('Go', { maxSteps: 2 })).toMatchObject({
    stopped: 'maxSteps',
    output: null,
  })

  const budget = createBudget('run', 'r', { maxCalls: 1 }, { clock })
  expect(await agentWith(more, { tools: { find } }).agent.run('Go', { budget })).toMatchObject({
    stopped: 'budgetExceeded',
    output: null,
  })

  const stop = new AbortController()
  const wait = defineTool({
    name: 'wait',
    description: 'Waits',
    input: z.object({}),
    run: () => (stop.abort(new Error('enough')), new Promise(() => {})),
  })
  expect(await agentWith([call('wait', {})], { tools: [wait] }).agent.run('Go', { signal: stop.signal })).toMatchObject(
    { stopped: 'cancelled' },
  )
  await expect(
    agentWith([call('wait', {})], { tools: [wait] }).agent.prompt('Go', { signal: stop.signal }),
  ).rejects.toThrow('enough')
})

test('P-3 the model reads codes and public messages of failed tools, never foreign text', async () => {
  const tools = [
    defineTool({
      name: 'one',
      description: '1',
      input: z.object({}),
      run: () => Promise.reject(new Error('/etc/secret')),
    }),
    defineTool({
      name: 'two',
      description: '2',
      input: z.object({}),
      run: () => Promise.reject(new ToolError('No such customer.')),
    }),
  ]
  const { agent, model } = agentWith(
    [
      {
        toolCalls: [
          { name: 'one', arguments: {} },
          { name: 'two', arguments: {} },
        ],
      },
      'Sorry.',
    ],
    { tools },
  )
  await agent.prompt('Go')
  const text = JSON.stringify(model.requests[1]?.messages)
  expect(text).not.toContain('secret')
  expect(text).toContain('No such customer.')
})

test('P-4 tools get their key, background ones run in place, a handoff has no room', async () => {
  const keys: string[] = []
  const results: unknown[] = []
  const tools = [
    defineTool({
      name: 'late',
      description: 'l',
      input: z.object({}),
      background: true,
      run: (_input, { idempotencyKey }) => (keys.push(idempotencyKey), 'done'),
    }),
    defineTool({
      name: 'over',
      description: 'o',
      input: z.object({}),
      run: async (_input, { room }) =>
        void results.push(
          await room.handoff({ target: 'x', reason: 'y', summary: 'z' }, { by: { kind: 'agent', id: 'worker' } }),
        ),
    }),
  ]
  const { agent, model } = agentWith(
    [
      {
        toolCalls: [
          { name: 'late', arguments: {} },
          { name: 'over', arguments: {} },
        ],
      },
      'ok',
    ],
    { tools },
  )
  await agent.prompt('Go', { turnId: 'run:step:1' })
  expect(keys).toEqual(['run:step:1:0'])
  expect(results).toMatchObject([{ accepted: false, code: 'handoff_no_room' }])
  expect(JSON.stringify(model.requests[1]?.messages)).toContain('"content":"done"')
})

test('P-6 every call is reserved and settled in the given budget, onStep gets what happened, masked', async () => {
  const price = { from: '2026-01-01T00:00:00.000Z', input: 10, output: 100 }
  const usage = { inputTokens: 100, outputTokens: 10 }
  const records: StepRecord[] = []
  const pin = defineTool({
    name: 'pin',
    description: 'p',
    input: z.object({ pin: z.string() }),
    sensitive: true,
    run: () => 'ok',
  })
  const { agent } = agentWith(
    [
      { ...call('pin', { pin: '9876' }), usage },
      { text: 'Done.', usage },
    ],
    { tools: [pin], onStep: (record) => records.push(record) },
    { price },
  )
  const budget = createBudget('run', 'r', { maxCostUsd: 1 }, { clock })
  const result = await agent.run('Go', { budget })
  expect(result).toMatchObject({ costNanoUsd: 4_000, costUsd: 0.000004, usage: { inputTokens: 200, outputTokens: 20 } })
  expect(budget.envelopes[0]).toMatchObject({ settled: { costNanoUsd: 4_000, calls: 2 }, reserved: { calls: 0 } })
  expect(records).toMatchObject([
    { step: 1, toolCalls: [{ name: 'pin', arguments: '[REDACTED]' }] },
    { step: 2, instructions: 'Done.' },
  ])
  expect(JSON.stringify(records)).not.toContain('9876')
})

test('PO-8 the system part is byte-stable over the steps, templates never render what a user wrote', async () => {
  const runContext = { renderPrompt: (text: string) => Promise.resolve(text.replaceAll('{{ context.shop }}', 'Acme')) }
  const { agent, model } = agentWith([call('find', { name: 'a' }), 'ok'], {
    tools: { find },
    systemPrompt: 'You work for {{ context.shop }}.',
    promptTemplate: 'At {{ context.shop }}: {{ task }}!',
    runContext,
    role: 'Clerk',
  })
  await agent.prompt('Say {{ context.shop }}', {
    inputs: { who: 'Ada' },
    history: [{ role: 'user', content: 'Earlier' }],
    language: 'Dutch',
  })
  expect(model.requests[1]?.system).toBe(model.requests[0]?.system)
  expect(model.requests[0]?.system).toBe(
    'You work for Acme.\n\n--- Agent Identity ---\nRole: Clerk\nLanguage: Always respond in Dutch',
  )
  expect(model.requests[0]?.messages).toEqual([
    { role: 'user', content: 'Earlier' },
    { role: 'user', content: 'At Acme: Say {{ context.shop }}!\n\nInputs:\n{"who":"Ada"}' },
  ])
})

test('P-1 in steps, literal arguments win over earlier results, these over inputs; a bad one is named and the tool not run', async () => {
  const seen: unknown[] = []
  const probe = defineTool({
    name: 'probe',
    description: 'p',
    input: z.looseObject({}),
    effect: 'pure',
    run: (input) => (seen.push(input), { nested: { list: [{ id: 'x9' }] } }),
  })
  const given = { name: 'function://probe', literal_args: '{}', planner_context_args: '{}', input_args: '{}' }
  const { agent, model } = agentWith(
    [
      step([{ ...given, input_args: '{"a":"who.name","b":"who.name"}', literal_args: '{"b":2}', call_id: 'first' }]),
      step([
        { ...given, planner_context_args: '{"id":"first.nested.list[0].id"}' },
        { ...given, planner_context_args: '{"id":"first.nothing"}' },
        { ...given, literal_args: 'not json' },
        { ...given, input_args: '{"a":"constructor.name"}' },
      ]),
      step([], 'All done.'),
    ],
    { tools: [probe], toolProtocol: 'steps' },
  )
  expect(await agent.prompt('Go', { inputs: { who: { name: 'Ada' } } })).toBe('All done.')
  expect(seen).toEqual([{ a: 'Ada', b: 2 }, { id: 'x9' }])
  const results = JSON.parse(
    String(
      model.requests[2]?.messages.findLast(
        ({ role, ...rest }) => role === 'user' && String('content' in rest ? rest.content : '').startsWith('[Results'),
      )?.['content' as never],
    ).split('\n')[1] ?? '',
  )
  expect(results.map((entry: { call_id: string }) => entry.call_id)).toEqual([
    'tool_call_2_0',
    'tool_call_2_1',
    'tool_call_2_2',
    'tool_call_2_3',
  ])
  expect(
    results.slice(1).map((entry: { result: { error: { code: string; message: string } } }) => entry.result.error),
  ).toMatchObject([
    { code: 'tool_arguments_invalid', message: expect.stringContaining('planner_context_args.id') },
    { code: 'tool_arguments_invalid', message: expect.stringContaining('literal_args') },
    { code: 'tool_arguments_invalid', message: expect.stringContaining('input_args.a') },
  ])
})

test('steps are asked for as structured output, tell how far they are, and are repaired once', async () => {
  const { agent, model } = agentWith(
    ['no step', step([{ name: 'find', literal_args: '{"name":"ada"}' }]), step([], { n: 1 })],
    { tools: { find }, systemPrompt: 'Base.' },
    { tools: false },
  )
  const events: string[] = []
  let output: unknown
  for await (const event of agent.stream('Go', { output: z.object({ n: z.number() }), maxSteps: 2 })) {
    events.push(event.type)
    if (event.type === 'output') output = event.output
  }
  expect(output).toEqual({ n: 1 })
  expect(events).toContain('instructionsDelta')
  expect(model.requests).toHaveLength(3)
  expect(model.requests[0]).toMatchObject({
    output: { name: 'step', schema: { required: ['instructions', 'tool_calls', 'output'] } },
  })
  expect(model.requests[0]?.tools).toBeUndefined()
  expect(model.requests[0]?.messages.at(-1)).toEqual({ role: 'user', content: '[Step 1 of 2.]' })
  expect(model.requests[2]?.messages.at(-1)).toEqual({
    role: 'user',
    content: expect.stringContaining('[Step 2 of 2. Tools will not run'),
  })
  await expect(agentWith(['x', 'y'], { toolProtocol: 'steps' }).agent.prompt('Go')).rejects.toMatchObject({
    code: 'agent_step_invalid',
  })
  const twin = step([
    { name: 'find', call_id: 'a' },
    { name: 'find', call_id: 'a' },
  ])
  await expect(agentWith([twin, twin], { toolProtocol: 'steps' }).agent.prompt('Go')).rejects.toMatchObject({
    code: 'agent_step_invalid',
  })
})

test('the type of a step refuses extra fields and checks the output by its contract', async () => {
  const contract = getStepOutputType(z.object({ n: z.number() }))
  expect(
    await checkContract(contract, { instructions: 'x', tool_calls: [{ name: 'find' }], output: { n: 1 } }),
  ).toMatchObject({ ok: true, value: { tool_calls: [{ literal_args: '{}' }] } })
  expect(await checkContract(contract, { instructions: 'x', tool_calls: [{ name: 'find', args: {} }] })).toMatchObject({
    ok: false,
  })
  expect(await checkContract(contract, { instructions: 'x', tool_calls: [], output: { n: 'one' } })).toMatchObject({
    ok: false,
    violations: [{ path: 'output.n' }],
  })
  expect(await checkContract(getStepOutputType(), { instructions: '', tool_calls: [], output: null })).toMatchObject({
    ok: true,
  })
})

test('PO-18 PO-19 an agent is a runner: output by contract, one run per key, spend in the given budget', async () => {
  const output = z.object({ n: z.number() })
  const { agent, model } = agentWith(['{"n":4}'])
  const runner = agentRunner(agent)
  const budget = createBudget('step', 's', {}, { clock })
  const request = { input: { topic: 'x' }, prompt: 'Count', output, budget, idempotencyKey: 'run:count:1' }
  const texts: string[] = []
  const signal = new AbortController().signal
  const results = await Promise.all(
    [1, 2].map(() =>
      runner.run(request, { signal, onEvent: (event) => void (event.type === 'textDelta' && texts.push(event.text)) }),
    ),
  )
  expect(results[0]).toMatchObject({ status: 'completed', output: { n: 4 } })
  expect(results[1]).toBe(results[0])
  expect(model.requests).toHaveLength(1)
  expect(model.requests[0]?.messages.at(-1)).toEqual({ role: 'user', content: 'Count\n\nInput:\n{"topic":"x"}' })
  expect(budget.envelopes[0]?.settled.calls).toBe(1)
  expect(() => agentRunner(new Agent('x'))).toThrow(expect.objectContaining({ code: 'agent_no_model' }))
})

test('W-10 a runner tells of its steps, and of what its model thinks, besides what it says', async () => {
  const turns = [{ thinking: 'Hm.', text: 'Wait.', ...call('find', { name: 'ada' }) }, 'Done.']
  const { agent } = agentWith(turns, { tools: { find } })
  const events: RunnerEvent[] = []
  await agentRunner(agent).run(
    { input: 'Go', budget: createBudget('step', 's', {}, { clock }), idempotencyKey: 'k' },
    { signal: new AbortController().signal, onEvent: (event) => void events.push(event) },
  )
  expect(events).toEqual([
    { type: 'started' },
    { type: 'stepStarted', step: 1 },
    { type: 'thinkingDelta', text: 'Hm.' },
    { type: 'textDelta', text: 'Wait.' },
    { type: 'stepStarted', step: 2 },
    { type: 'textDelta', text: 'Done.' },
  ])
})

test('P-2 a request narrows the tools of an agent and never adds to them', async () => {
  const drop = defineTool({ name: 'drop', description: 'Drops it', input: z.object({}), run: () => ({}) })
  const describedFor = async (own: string[] | undefined, allowedTools: string[] | undefined): Promise<string[]> => {
    const options = { tools: { find, drop }, ...(own === undefined ? {} : { allowedTools: own }) }
    const { agent, model } = agentWith(['Done.'], options)
    await agentRunner(agent).run(
      {
        input: 'Go',
        ...(allowedTools === undefined ? {} : { allowedTools }),
        budget: createBudget('step', 's', {}, { clock }),
        idempotencyKey: 'k',
      },
      { signal: new AbortController().signal },
    )
    return model.requests[0]?.tools?.map(({ name }) => name) ?? []
  }
  expect(await describedFor(undefined, undefined)).toEqual(['find', 'drop'])
  expect(await describedFor(undefined, ['function://find'])).toEqual(['find'])
  expect(await describedFor(['function://find'], ['function://*'])).toEqual(['find'])
  expect(await describedFor(['function://find'], ['function://drop'])).toEqual([])
  expect(await describedFor(undefined, [])).toEqual([])
})

test('PO-19 an abort ends the run, failures and budgets are results', async () => {
  const stop = new AbortController()
  const hanging = new Agent('worker', {
    model: {
      ...scriptedModel([]),
      stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }),
    },
  })
  const request = (key: string, maxCalls = 9): Parameters<ReturnType<typeof agentRunner>['run']>[0] => ({
    input: 'Go',
    budget: createBudget('step', key, { maxCalls }, { clock }),
    idempotencyKey: key,
  })
  const running = agentRunner(hanging).run(request('a'), { signal: stop.signal })
  await clock.advance(1)
  stop.abort(new Error('enough'))
  expect((await running).status).toBe('cancelled')
  const { signal } = new AbortController()
  const refused = agentWith([new ParleyError({ code: 'model_refused', message: 'No.' })])
  expect(await agentRunner(refused.agent).run(request('b'), { signal })).toMatchObject({
    status: 'failed',
    error: { code: 'model_refused' },
  })
  const poor = agentWith([call('find', { name: 'a' })], { tools: { find } })
  expect(await agentRunner(poor.agent).run(request('c', 1), { signal })).toMatchObject({ status: 'budgetExceeded' })
})

test('a plan is kept before the eyes of the model and told to whoever watches', async () => {
  const items = [{ text: 'Find the customer', status: 'doing' }]
  const model = scriptedModel([call('update_plan', { items }), 'ok'])
  const bench = createTurnBench()
  await bench.take(new Agent('agent', { model, planning: true }))
  expect(model.requests[1]?.system).toContain('Plan:\n- [doing] Find the customer')
  expect(bench.fired.find(({ trigger }) => trigger === 'onPlanUpdated')).toMatchObject({ payload: { plan: items } })
})
