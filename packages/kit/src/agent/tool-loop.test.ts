import { defineTool, ToolError, type ChatRequest, type Json } from '@parley/spec'
import { scriptedModel, type ScriptedTurn } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { block, modify } from '../hooks/hook-results.ts'
import { createTurnBench, person } from './__fixtures__/turn-bench.ts'
import { Agent } from './agent.ts'
import type { AgentOptions } from './agent-options.ts'

const lookup = defineTool({
  name: 'lookup',
  description: 'Looks an invoice up',
  input: z.strictObject({ id: z.number() }),
  effect: 'pure',
  run: ({ id }) => ({ id, cents: 1200 }),
})

const call = (name: string, args: Json | string = {}): { name: string; arguments: Json | string } => ({
  name,
  arguments: args,
})
const calls = (...list: ReturnType<typeof call>[]): { toolCalls: ReturnType<typeof call>[] } => ({ toolCalls: list })

function agentWith(
  turns: ScriptedTurn[],
  options: AgentOptions = {},
): { agent: Agent; requests: readonly ChatRequest[] } {
  const model = scriptedModel(turns)
  return { agent: new Agent('agent', { model, ...options }), requests: model.requests }
}

/** Results of the last request, by call. */
function results(request: ChatRequest | undefined): string[] {
  const last = request?.messages.findLast((message) => message.role === 'tool')
  return last?.role === 'tool'
    ? last.results.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)))
    : []
}

test('text, a tool and more text come out in order, and the result reaches the model', async () => {
  const { agent, requests } = agentWith(
    [{ text: 'Let me see. ', toolCalls: [call('lookup', { id: 7 })] }, 'It was 12 euro.'],
    {
      tools: { lookup },
    },
  )
  const turn = await createTurnBench().take(agent)
  expect(turn.outputs.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])).toEqual([
    'textDelta',
    'toolCallStarted',
    'toolCallEnded',
    'textDelta',
    'end',
  ])
  expect(results(requests[1])).toEqual(['{"id":7,"cents":1200}'])
  expect(turn).toMatchObject({
    end: 'completed',
    text: 'Let me see. It was 12 euro.',
    data: { steps: 2, model: 'test/scripted' },
  })
})

test('TL-1 a tool gets its context as an argument, with the turn, the room and the call', async () => {
  let seen: Record<string, unknown> = {}
  const probe = defineTool({
    name: 'probe',
    description: 'Looks at its context',
    input: z.object({}),
    run(_input, context) {
      seen = {
        room: context.room.id,
        turn: context.turnId,
        deps: context.deps,
        call: context.callId,
        attempt: context.attempt,
      }
      context.progress('half way')
    },
  })
  const { agent } = agentWith([{ toolCalls: [{ ...call('probe'), callId: 'call_a' }] }, 'Done.'], {
    tools: [probe],
    deps: { db: 1 },
  })
  const bench = createTurnBench()
  await bench.take(agent)
  expect(seen).toEqual({ room: 'room_1', turn: 'turn_1', deps: { db: 1 }, call: 'call_a', attempt: 1 })
  expect(bench.progress).toEqual(['half way'])
})

test('TL-2 unknown tools and wrong arguments are results that say what is near and what is expected', async () => {
  const { agent, requests } = agentWith(
    [
      calls(
        call('lokup', { id: 1 }),
        call('lookup', { id: 'x' }),
        call('lookup', { id: 1, more: 2 }),
        call('lookup', '[1]'),
      ),
      'Sorry.',
    ],
    { tools: { lookup } },
  )
  const turn = await createTurnBench().take(agent)
  const [unknown, wrong, extra, shape] = results(requests[1]).map((text) => JSON.parse(text).error)
  expect(unknown).toMatchObject({ code: 'tool_unknown', message: expect.stringContaining('lookup') })
  expect(wrong).toMatchObject({ code: 'tool_arguments_invalid', details: [{ path: 'id' }] })
  expect(extra).toMatchObject({ code: 'tool_arguments_invalid' })
  expect(shape).toMatchObject({ code: 'tool_arguments_invalid' })
  expect(turn.end).toBe('completed')
})

test('TL-3 a denied tool is not described and not run; a role may be given less', async () => {
  const participant = { role: 'member' } as never
  const policy = { deny: ['danger_*'], roles: { member: { mode: 'restrict' as const, deny: ['lookup'] } } }
  const danger = { ...lookup, name: 'danger_zone' }
  const other = { ...lookup, name: 'other' }
  const { agent, requests } = agentWith(
    [calls(call('danger_zone', { id: 1 }), call('lookup', { id: 1 }), call('other', { id: 1 })), 'ok'],
    {
      tools: [danger, lookup, other],
      policy,
    },
  )
  await createTurnBench({ participant }).take(agent)
  expect(requests[0]?.tools?.map(({ name }) => name)).toEqual(['other'])
  expect(results(requests[1]).map((text) => JSON.parse(text).error?.code)).toEqual([
    'tool_not_allowed',
    'tool_not_allowed',
    undefined,
  ])
})

test('TL-4 a call whose hook cannot be run is denied', async () => {
  const { agent, requests } = agentWith([calls(call('lookup', { id: 1 })), 'ok'], { tools: { lookup } })
  await createTurnBench({ hooks: { beforeToolUse: () => block('hook_failed') } }).take(agent)
  expect(JSON.parse(results(requests[1])[0] ?? '')).toMatchObject({ error: { code: 'tool_denied' } })

  const broken = agentWith([calls(call('lookup', { id: 1 })), 'ok'], { tools: { lookup } })
  const throwing = (): never => {
    throw new Error('no payload')
  }
  await createTurnBench({ hooks: { beforeToolUse: throwing } }).take(broken.agent)
  expect(JSON.parse(results(broken.requests[1])[0] ?? '')).toMatchObject({
    error: { code: expect.stringMatching(/tool_denied/) },
  })
})

test('arguments a hook rewrote are validated again, results a hook rewrote reach the model', async () => {
  const ran: number[] = []
  const tool = { ...lookup, run: ({ id }: { id: number }) => ran.push(id) }
  const { agent, requests } = agentWith([calls(call('lookup', { id: 1 })), calls(call('lookup', { id: 2 })), 'ok'], {
    tools: { lookup: tool },
  })
  const hooks = {
    beforeToolUse: ({ call: given }: { call: { callId: string; name: string; arguments: Json } }) =>
      modify({ ...given, arguments: ran.length === 0 ? { id: 9 } : { id: 'bad' } }),
    onToolCall: () => modify({ value: 'checked' }),
  }
  await createTurnBench({ hooks }).take(agent)
  expect(ran).toEqual([9])
  expect(results(requests[1])).toEqual(['checked'])
  expect(JSON.parse(results(requests[2])[0] ?? '')).toMatchObject({ error: { code: 'tool_arguments_invalid' } })
})

test('TL-5 pure calls run at once, effectful ones in call order, a handoff last; results keep call order', async () => {
  const log: string[] = []
  const slow = (name: string, effect: 'pure' | 'effectful', waitMs: number): ReturnType<typeof defineTool> =>
    defineTool({
      name,
      description: name,
      input: z.object({}),
      effect,
      async run(_input, { clock }) {
        log.push(`${name}+`)
        await clock.sleep(waitMs)
        log.push(`${name}-`)
        return name
      },
    }) as never
  const handoff = defineTool({
    name: 'handoff_conversation',
    description: 'Hands over',
    input: z.object({}),
    run() {
      log.push('handoff')
      return { accepted: true, message: 'released' }
    },
  })
  const order = ['handoff_conversation', 'write1', 'read1', 'write2', 'read2']
  const { agent } = agentWith([calls(...order.map((name) => call(name)))], {
    tools: [
      slow('write1', 'effectful', 30),
      slow('write2', 'effectful', 10),
      slow('read1', 'pure', 20),
      slow('read2', 'pure', 20),
    ],
  })
  const bench = createTurnBench({ roomTools: () => [handoff] })
  const taking = bench.take(agent)
  await bench.clock.runToRest()
  const turn = await taking
  expect(log.indexOf('read2+')).toBeLessThan(log.indexOf('read1-'))
  expect(log.indexOf('write1-')).toBeLessThan(log.indexOf('write2+'))
  expect(log.at(-1)).toBe('handoff')
  expect(turn.end).toBe('handedOff')
  expect(turn.text).toBe('')
})

test('at most eight pure calls run at once', async () => {
  let running = 0
  let most = 0
  const busy = defineTool({
    name: 'busy',
    description: 'Waits',
    input: z.object({ n: z.number() }),
    effect: 'pure',
    async run(_input, { clock }) {
      most = Math.max(most, ++running)
      await clock.sleep(10)
      running--
    },
  })
  const { agent } = agentWith([calls(...Array.from({ length: 20 }, (_, n) => call('busy', { n }))), 'ok'], {
    tools: [busy],
  })
  const bench = createTurnBench()
  const taking = bench.take(agent)
  await bench.clock.runToRest()
  await taking
  expect(most).toBe(8)
})

test('TL-6 a tool that throws or hangs gives a sanitized result, the loop goes on, the receipt has the error', async () => {
  const tools = [
    defineTool({
      name: 'broken',
      description: 'Throws',
      input: z.object({}),
      run: () => Promise.reject(new Error('password=hunter2')),
    }),
    defineTool({
      name: 'refusing',
      description: 'Says why',
      input: z.object({}),
      run: () => Promise.reject(new ToolError('No such invoice.')),
    }),
    defineTool({
      name: 'hanging',
      description: 'Hangs',
      input: z.object({}),
      timeoutMs: 1_000,
      run: () => new Promise(() => {}),
    }),
  ]
  const { agent, requests } = agentWith([calls(call('broken'), call('refusing'), call('hanging')), 'Sorry.'], { tools })
  const bench = createTurnBench()
  const taking = bench.take(agent)
  await bench.clock.advance(1_000)
  const turn = await taking
  const errors = results(requests[1]).map((text) => JSON.parse(text).error)
  expect(errors.map(({ code }) => code)).toEqual(['tool_failed', 'tool_failed', 'tool_timeout'])
  expect(JSON.stringify([errors, turn, bench.receipts])).not.toContain('hunter2')
  expect(errors[1].message).toBe('No such invoice.')
  expect(turn.data['toolCalls']).toBe(3)
  expect(turn.data['calls']).toMatchObject([
    { error: { code: 'tool_failed' } },
    {},
    { error: { code: 'tool_timeout' } },
  ])
  expect(bench.receipts.filter(({ kind }) => kind === 'tool')).toHaveLength(3)
  expect(bench.clock.pending).toBe(0)
})

test('TL-7 the idempotency key comes from the turn and the place of the call, whatever the vendor calls it', async () => {
  const keys: string[] = []
  const pay = defineTool({
    name: 'pay',
    description: 'Pays',
    input: z.object({ n: z.number() }),
    run: (_input, { idempotencyKey }) => keys.push(idempotencyKey),
  })
  for (const callId of ['a', 'b']) {
    const { agent } = agentWith(
      [{ toolCalls: [{ ...call('pay', { n: 1 }), callId }] }, calls(call('pay', { n: 2 })), 'ok'],
      { tools: [pay] },
    )
    await createTurnBench().take(agent)
  }
  expect(keys).toEqual(['turn_1:0', 'turn_1:1', 'turn_1:0', 'turn_1:1'])
})

test('TL-9 TL-10 a large catalogue is searched; found tools are described, any is loaded by its exact name', async () => {
  const many = Array.from({ length: 60 }, (_, n) => ({
    ...lookup,
    name: `invoice_tool_${n}`,
    description: `Works on invoices, variant ${n} `.repeat(8),
  }))
  const refund = { ...lookup, name: 'issue_refund', description: 'Pays money back' }
  const model = scriptedModel(
    [
      calls(call('find_tools', { query: 'money back' })),
      calls(call('invoice_tool_41', { id: 1 })),
      calls(call('list_tools')),
      'ok',
    ],
    {
      card: { contextTokens: 8_000 },
    },
  )
  const agent = new Agent('agent', { model, tools: [...many, refund], pinnedTools: ['invoice_tool_0'] })
  const turn = await createTurnBench().take(agent)
  const described = model.requests.map(({ tools = [] }) => tools.map(({ name }) => name))
  expect(described[0]).toEqual(['find_tools', 'list_tools', 'invoice_tool_0'])
  expect(described[1]).toContain('issue_refund')
  expect(results(model.requests[2])).toEqual(['{"id":1,"cents":1200}'])
  expect(described[2]).toContain('invoice_tool_41')
  expect(JSON.parse(results(model.requests[3])[0] ?? '').names).toHaveLength(61)
  expect(model.requests[0]?.system).toContain('60 more tools')
  expect(turn.end).toBe('completed')
})

test('TL-9 a tool that appears between two steps is there in the next one', async () => {
  let isOpen = false
  const open = defineTool({
    name: 'open',
    description: 'Opens',
    input: z.object({}),
    run() {
      isOpen = true
    },
  })
  const { agent, requests } = agentWith([calls(call('open')), 'ok'], { tools: [open] })
  await createTurnBench({ roomTools: () => (isOpen ? [lookup] : []) }).take(agent)
  expect(requests.map(({ tools = [] }) => tools.map(({ name }) => name))).toEqual([['open'], ['lookup', 'open']])
})

test('TL-11 sensitive arguments and results are masked in events and receipts, not for the tool and its turn', async () => {
  const given: string[] = []
  const card = defineTool({
    name: 'charge',
    description: 'Charges a card',
    input: z.object({ card: z.string() }),
    output: z.object({ code: z.string() }),
    sensitive: true,
    run(input) {
      given.push(input.card)
      return { code: 'approval-778899' }
    },
  })
  const { agent } = agentWith([calls(call('charge', { card: '4111111111111111' })), 'Paid.'], { tools: [card] })
  const bench = createTurnBench()
  const turn = await bench.take(agent)
  expect(given).toEqual(['4111111111111111'])
  const shown = JSON.stringify([turn, bench.receipts])
  expect(shown).not.toContain('4111111111111111')
  expect(shown).not.toContain('approval-778899')
  expect(turn.outputs.find(({ type }) => type === 'toolCallEnded')).toMatchObject({
    call: { arguments: '[REDACTED]', result: '[REDACTED]' },
  })
})

test('TL-14 injected text is read at the next step, instructions change the system prompt of this turn, cancel ends it', async () => {
  const { agent, requests } = agentWith([calls(call('lookup', { id: 1 })), 'ok'], {
    tools: { lookup },
    systemPrompt: 'Be kind.',
  })
  const steering = [
    [],
    [
      { type: 'inject' as const, text: 'He is in a hurry.' },
      { type: 'instruct' as const, text: 'Answer in one sentence.' },
    ],
  ]
  await createTurnBench({ steering }).take(agent)
  expect(requests[0]?.system).toBe('Be kind.')
  expect(requests[1]?.system).toBe('Be kind.\n\nAnswer in one sentence.')
  expect(requests[1]?.messages.at(-1)).toEqual({ role: 'user', content: 'He is in a hurry.' })

  const hanging = new Agent('agent', {
    model: {
      ...scriptedModel([]),
      stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }),
    },
  })
  const bench = createTurnBench()
  const taking = bench.take(hanging)
  await bench.clock.advance(5)
  bench.stop.abort(new Error('cancelled'))
  await bench.clock.advance(100)
  expect((await taking).end).toBe('aborted')
  expect(bench.clock.pending).toBe(0)
})

test('TL-15 own events, tool events and blocked events are not answered', async () => {
  const { agent, requests } = agentWith([])
  for (const trigger of [
    person('x', { source: { kind: 'agent', channelId: 'agent', channelType: 'agent', medium: 'text' } }),
    person('x', { status: 'blocked' }),
    person('x', { content: { type: 'toolCall', callId: 'c', name: 'n', arguments: {}, status: 'completed' } }),
  ]) {
    const turn = await createTurnBench({ events: [trigger] }).take(agent)
    expect(turn.end).toBe('empty')
  }
  expect(requests).toHaveLength(0)
})

test('TL-16 the receipt names model, tools, limits and the parts of the prompt; a binding wins over the agent', async () => {
  const { agent, requests } = agentWith(['ok'], {
    tools: { lookup },
    systemPrompt: 'Agent prompt.',
    role: 'Clerk',
    limits: { maxSteps: 9 },
  })
  const binding = { metadata: { systemPrompt: 'Binding prompt.', limits: { maxSteps: 4 } } }
  const { data } = await createTurnBench({ binding }).take(agent)
  expect(data['effective']).toMatchObject({
    model: 'test/scripted',
    tools: ['lookup'],
    limits: { maxSteps: 4 },
    prompt: [
      { part: 'base', tokens: 4 },
      { part: 'identity', tokens: expect.any(Number) },
    ],
  })
  expect(requests[0]?.system).toBe('Binding prompt.\n\n--- Agent Identity ---\nRole: Clerk')
})
