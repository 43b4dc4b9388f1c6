import { defineTool, ParleyError, ToolError, type ChatRequest, type Json } from '@parley/spec'
import { createVirtualClock, scriptedModel, type ScriptedTurn } from '@parley/testing'
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

const call = (name: string, args: Json | string = {}): { name: string; arguments: Json | string } => ({ name, arguments: args })
const calls = (...list: ReturnType<typeof call>[]): { toolCalls: ReturnType<typeof call>[] } => ({ toolCalls: list })

function agentWith(turns: ScriptedTurn[], options: AgentOptions = {}): { agent: Agent; requests: readonly ChatRequest[] } {
  const model = scriptedModel(turns)
  return { agent: new Agent('agent', { model, ...options }), requests: model.requests }
}

/** Results of the last request, by call. */
function results(request: ChatRequest | undefined): string[] {
  const last = request?.messages.findLast((message) => message.role === 'tool')
  return last?.role === 'tool' ? last.results.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content))) : []
}

test('text, a tool and more text come out in order, and the result reaches the model', async () => {
  const { agent, requests } = agentWith([{ text: 'Let me see. ', toolCalls: [call('lookup', { id: 7 })] }, 'It was 12 euro.'], {
    tools: { lookup },
  })
  const turn = await createTurnBench().take(agent)
  expect(turn.outputs.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])).toEqual([
    'textDelta',
    'toolCallStarted',
    'toolCallEnded',
    'textDelta',
    'end',
  ])
  expect(results(requests[1])).toEqual(['{"id":7,"cents":1200}'])
  expect(turn).toMatchObject({ end: 'completed', text: 'Let me see. It was 12 euro.', data: { steps: 2, model: 'test/scripted' } })
})

test('TL-1 a tool gets its context as an argument, with the turn, the room and the call', async () => {
  let seen: Record<string, unknown> = {}
  const probe = defineTool({
    name: 'probe',
    description: 'Looks at its context',
    input: z.object({}),
    run(_input, context) {
      seen = { room: context.room.id, turn: context.turnId, deps: context.deps, call: context.callId, attempt: context.attempt }
      context.progress('half way')
    },
  })
  const { agent } = agentWith([{ toolCalls: [{ ...call('probe'), callId: 'call_a' }] }, 'Done.'], { tools: [probe], deps: { db: 1 } })
  const bench = createTurnBench()
  await bench.take(agent)
  expect(seen).toEqual({ room: 'room_1', turn: 'turn_1', deps: { db: 1 }, call: 'call_a', attempt: 1 })
  expect(bench.progress).toEqual(['half way'])
})

test('TL-2 unknown tools and wrong arguments are results that say what is near and what is expected', async () => {
  const { agent, requests } = agentWith(
    [calls(call('lokup', { id: 1 }), call('lookup', { id: 'x' }), call('lookup', { id: 1, more: 2 }), call('lookup', '[1]')), 'Sorry.'],
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
  const { agent, requests } = agentWith([calls(call('danger_zone', { id: 1 }), call('lookup', { id: 1 }), call('other', { id: 1 })), 'ok'], {
    tools: [danger, lookup, other],
    policy,
  })
  await createTurnBench({ participant }).take(agent)
  expect(requests[0]?.tools?.map(({ name }) => name)).toEqual(['other'])
  expect(results(requests[1]).map((text) => JSON.parse(text).error?.code)).toEqual(['tool_not_allowed', 'tool_not_allowed', undefined])
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
  expect(JSON.parse(results(broken.requests[1])[0] ?? '')).toMatchObject({ error: { code: expect.stringMatching(/tool_denied/) } })
})

test('arguments a hook rewrote are validated again, results a hook rewrote reach the model', async () => {
  const ran: number[] = []
  const tool = { ...lookup, run: ({ id }: { id: number }) => ran.push(id) }
  const { agent, requests } = agentWith([calls(call('lookup', { id: 1 })), calls(call('lookup', { id: 2 })), 'ok'], { tools: { lookup: tool } })
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
    tools: [slow('write1', 'effectful', 30), slow('write2', 'effectful', 10), slow('read1', 'pure', 20), slow('read2', 'pure', 20)],
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
  const { agent } = agentWith([calls(...Array.from({ length: 20 }, (_, n) => call('busy', { n }))), 'ok'], { tools: [busy] })
  const bench = createTurnBench()
  const taking = bench.take(agent)
  await bench.clock.runToRest()
  await taking
  expect(most).toBe(8)
})

test('TL-6 a tool that throws or hangs gives a sanitized result, the loop goes on, the receipt has the error', async () => {
  const tools = [
    defineTool({ name: 'broken', description: 'Throws', input: z.object({}), run: () => Promise.reject(new Error('password=hunter2')) }),
    defineTool({ name: 'refusing', description: 'Says why', input: z.object({}), run: () => Promise.reject(new ToolError('No such invoice.')) }),
    defineTool({ name: 'hanging', description: 'Hangs', input: z.object({}), timeoutMs: 1_000, run: () => new Promise(() => {}) }),
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
  expect(turn.data['calls']).toMatchObject([{ error: { code: 'tool_failed' } }, {}, { error: { code: 'tool_timeout' } }])
  expect(bench.receipts.filter(({ kind }) => kind === 'tool')).toHaveLength(3)
  expect(bench.clock.pending).toBe(0)
})

test('TL-7 the idempotency key comes from the turn and the place of the call, whatever the vendor calls it', async () => {
  const keys: string[] = []
  const pay = defineTool({ name: 'pay', description: 'Pays', input: z.object({ n: z.number() }), run: (_input, { idempotencyKey }) => keys.push(idempotencyKey) })
  for (const callId of ['a', 'b']) {
    const { agent } = agentWith([{ toolCalls: [{ ...call('pay', { n: 1 }), callId }] }, calls(call('pay', { n: 2 })), 'ok'], { tools: [pay] })
    await createTurnBench().take(agent)
  }
  expect(keys).toEqual(['turn_1:0', 'turn_1:1', 'turn_1:0', 'turn_1:1'])
})

test('TL-9 TL-10 a large catalogue is searched; found tools are described, any is loaded by its exact name', async () => {
  const many = Array.from({ length: 60 }, (_, n) => ({ ...lookup, name: `invoice_tool_${n}`, description: `Works on invoices, variant ${n} `.repeat(8) }))
  const refund = { ...lookup, name: 'issue_refund', description: 'Pays money back' }
  const model = scriptedModel([calls(call('find_tools', { query: 'money back' })), calls(call('invoice_tool_41', { id: 1 })), calls(call('list_tools')), 'ok'], {
    card: { contextTokens: 8_000 },
  })
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
  expect(turn.outputs.find(({ type }) => type === 'toolCallEnded')).toMatchObject({ call: { arguments: '[REDACTED]', result: '[REDACTED]' } })
})

test('TL-14 injected text is read at the next step, instructions change the system prompt of this turn, cancel ends it', async () => {
  const { agent, requests } = agentWith([calls(call('lookup', { id: 1 })), 'ok'], { tools: { lookup }, systemPrompt: 'Be kind.' })
  const steering = [[], [{ type: 'inject' as const, text: 'He is in a hurry.' }, { type: 'instruct' as const, text: 'Answer in one sentence.' }]]
  await createTurnBench({ steering }).take(agent)
  expect(requests[0]?.system).toBe('Be kind.')
  expect(requests[1]?.system).toBe('Be kind.\n\nAnswer in one sentence.')
  expect(requests[1]?.messages.at(-1)).toEqual({ role: 'user', content: 'He is in a hurry.' })

  const hanging = new Agent('agent', { model: { ...scriptedModel([]), stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }) } })
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
  const { agent, requests } = agentWith(['ok'], { tools: { lookup }, systemPrompt: 'Agent prompt.', role: 'Clerk', limits: { maxSteps: 9 } })
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

test('the last step has no tools and asks for a plain answer', async () => {
  const { agent, requests } = agentWith([calls(call('lookup', { id: 1 })), calls(call('lookup', { id: 2 })), { text: 'Done.', toolCalls: [call('lookup', { id: 3 })] }], {
    tools: { lookup },
    limits: { maxSteps: 3 },
  })
  const turn = await createTurnBench().take(agent)
  expect(requests.map(({ tools }) => tools?.length)).toEqual([1, 1, undefined])
  expect(requests[2]?.messages.at(-1)).toMatchObject({ role: 'user', content: expect.stringContaining('Answer now') })
  expect(turn).toMatchObject({ end: 'completed', text: 'Done.' })
})

test('calls beyond 32 of a step get a result and are not run', async () => {
  let runs = 0
  const tick = defineTool({ name: 'tick', description: 'Ticks', input: z.object({ n: z.number() }), effect: 'pure', run: () => runs++ })
  const { agent, requests } = agentWith([calls(...Array.from({ length: 34 }, (_, n) => call('tick', { n }))), 'ok'], { tools: [tick] })
  const turn = await createTurnBench().take(agent)
  expect(runs).toBe(32)
  expect(results(requests[1]).slice(32).map((text) => JSON.parse(text).error.code)).toEqual(['tool_too_many_calls', 'tool_too_many_calls'])
  expect(turn.outputs.filter(({ type }) => type === 'toolCallEnded')).toHaveLength(34)
})

test('P-3 a fourth equal call is answered, the fifth ends the use of tools, equal results are noted', async () => {
  let runs = 0
  const same = { ...lookup, run: () => ({ runs: Math.min(1, ++runs) }) }
  const { agent, requests } = agentWith([...Array.from({ length: 5 }, () => calls(call('lookup', { id: 1 }))), 'I give up.'], { tools: [same] })
  const turn = await createTurnBench().take(agent)
  expect(runs).toBe(3)
  expect(results(requests[3])[0]).toContain('keeps giving this same result')
  expect(results(requests[4])[0]).toContain('tool_repeated_call')
  expect(requests[5]?.tools).toBeUndefined()
  expect(turn.text).toBe('I give up.')
})

test('an empty answer is asked for once more and then is an empty turn; a cut one is truncated', async () => {
  const retried = await createTurnBench().take(agentWith(['', 'Here.']).agent)
  expect(retried).toMatchObject({ end: 'completed', text: 'Here.' })
  const empty = await createTurnBench().take(agentWith(['', '']).agent)
  expect(empty.end).toBe('empty')
  const cut = await createTurnBench().take(agentWith([{ text: '', reason: 'length' }]).agent)
  expect(cut).toMatchObject({ end: 'failed', data: { error: { code: 'model_output_truncated' } } })
})

test('a large result is cut, kept and read on in pages', async () => {
  const big = 'é'.repeat(40_000)
  const fetchAll = defineTool({ name: 'fetch_all', description: 'Much', input: z.object({}), run: () => big })
  const { agent, requests } = agentWith([calls(call('fetch_all')), calls(call('read_stored_result', { id: 'result_1', offset: 39_000 })), 'ok'], { tools: [fetchAll] })
  const turn = await createTurnBench().take(agent)
  const cut = results(requests[1])[0] ?? ''
  expect(new TextEncoder().encode(cut).length).toBeLessThanOrEqual(32_768)
  expect(cut).toContain('read_stored_result')
  expect(requests[1]?.tools?.map(({ name }) => name)).toContain('read_stored_result')
  expect(JSON.parse(results(requests[2])[0] ?? '')).toMatchObject({ offset: 39_000, total: 40_000, text: 'é'.repeat(1_000) })
  expect(JSON.stringify(turn.outputs)).not.toContain(big)
})

test('a handoff that is refused lets the turn go on, others of an accepted step are told', async () => {
  let answers = 0
  const handoff = defineTool({
    name: 'handoff_conversation',
    description: 'Hands over',
    input: z.object({ target: z.string() }),
    run: ({ target }) => (answers++, target === 'billing' ? { accepted: true } : { accepted: false, code: 'handoff_unknown_target' }),
  })
  const refused = agentWith([calls(call('handoff_conversation', { target: 'nobody' })), 'Then I help you myself.'])
  const first = await createTurnBench({ roomTools: () => [handoff] }).take(refused.agent)
  expect(first).toMatchObject({ end: 'completed', text: 'Then I help you myself.' })

  answers = 0
  const twice = agentWith([{ text: 'One moment.', toolCalls: [call('handoff_conversation', { target: 'billing' }), call('handoff_conversation', { target: 'sales' })] }])
  const second = await createTurnBench({ roomTools: () => [handoff] }).take(twice.agent)
  expect(second).toMatchObject({ end: 'handedOff', text: 'One moment.' })
  expect(answers).toBe(1)
  expect(second.outputs.filter(({ type }) => type === 'toolCallEnded').at(-1)).toMatchObject({ call: { result: { code: 'handoff_in_progress' } } })
})

test('a tool that ends the turn ends it, a background tool is answered at once and tells later', async () => {
  const bye = defineTool({ name: 'bye', description: 'Ends', input: z.object({}), endsTurn: true, run: () => 'bye' })
  const ended = await createTurnBench().take(agentWith([{ text: 'Goodbye.', toolCalls: [call('bye')] }], { tools: [bye] }).agent)
  expect(ended).toMatchObject({ end: 'completed', text: 'Goodbye.' })

  const report = defineTool({
    name: 'report',
    description: 'Writes a report',
    input: z.object({}),
    background: true,
    async run(_input, { clock }) {
      await clock.sleep(30_000)
      return { pages: 3 }
    },
  })
  const { agent, requests } = agentWith([{ toolCalls: [{ ...call('report'), callId: 'call_r' }] }, 'It is being written.'], { tools: [report] })
  const bench = createTurnBench()
  expect((await bench.take(agent)).end).toBe('completed')
  expect(results(requests[1])).toEqual(['{"status":"started"}'])
  expect(bench.outcomes).toEqual([])
  await bench.clock.advance(30_000)
  expect(bench.outcomes).toEqual([{ callId: 'call_r', tool: 'report', result: { status: 'completed', result: { pages: 3 } } }])
})

test('TU-5 a failed model call says nothing but the failure line; the error is reported without foreign text', async () => {
  const silent = await createTurnBench().take(agentWith([new Error('key sk-123 refused')]).agent)
  expect(silent).toMatchObject({ end: 'failed', text: '' })
  expect(silent.outputs).toHaveLength(1)
  const bench = createTurnBench()
  const polite = await bench.take(agentWith([new Error('key sk-123 refused')], { onFailure: 'I am having trouble. Please try again.' }).agent)
  expect(polite.outputs[0]).toEqual({ type: 'notice', content: { type: 'system', code: 'agent_failed', text: 'I am having trouble. Please try again.' } })
  expect(JSON.stringify(polite)).not.toContain('sk-123')
  expect(bench.errors).toEqual([{ code: 'model_unavailable', stage: 'stream' }])
})

test('RS-7 an error that may pass is tried again before any content, never after', async () => {
  const busy = new ParleyError({ code: 'model_rate_limited', message: 'Slow down.', details: { retryAfterMs: 4_000 } })
  const { agent, requests } = agentWith([busy, 'Now.'])
  const bench = createTurnBench()
  const taking = bench.take(agent)
  await bench.clock.advance(3_999)
  expect(requests).toHaveLength(1)
  await bench.clock.advance(1)
  expect(await taking).toMatchObject({ end: 'completed', text: 'Now.' })

  const model = scriptedModel(['unused'])
  const breaking = {
    ...model,
    async *stream() {
      yield { type: 'textDelta' as const, text: 'Half an ' }
      throw new ParleyError({ code: 'model_stream_broken', message: 'Broken.' })
    },
  }
  const turn = await createTurnBench().take(new Agent('agent', { model: breaking, onFailure: 'Sorry.' }))
  expect(turn).toMatchObject({ end: 'failed', text: 'Half an ' })
  expect(turn.outputs.some(({ type }) => type === 'notice')).toBe(false)
})

test('a turn that takes too long ends with timeout and what was said', async () => {
  const wait = defineTool({ name: 'wait', description: 'Waits', input: z.object({}), timeoutMs: 10_000_000, run: () => new Promise(() => {}) })
  const { agent } = agentWith([{ text: 'One moment.', toolCalls: [call('wait')] }], { tools: [wait] })
  const bench = createTurnBench()
  const taking = bench.take(agent)
  await bench.clock.advance(300_000)
  expect(await taking).toMatchObject({ end: 'timeout', text: 'One moment.' })
  expect(bench.clock.pending).toBe(0)
})

test('a hook may stop a model call; what models say and think is told to whoever watches', async () => {
  const stopped = agentWith(['unused'])
  const turn = await createTurnBench({ hooks: { beforeModelCall: () => block('x.quiet') } }).take(stopped.agent)
  expect(turn).toMatchObject({ end: 'empty', data: { blocked: { reason: 'x.quiet', by: 'test' } } })
  expect(stopped.requests).toHaveLength(0)

  const bench = createTurnBench({ hooks: { beforeModelCall: ({ request }) => modify({ ...request, temperature: 0 }) } })
  const { agent, requests } = agentWith([{ thinking: 'Hm. ', text: 'Yes.' }])
  await bench.take(agent)
  expect(requests[0]?.temperature).toBe(0)
  expect(bench.fired).toMatchObject([
    { trigger: 'onThinking', payload: { text: 'Hm. ' } },
    { trigger: 'onModelResponse', payload: { text: 'Yes.', model: 'test/scripted' } },
  ])
})

test('no turn leaves timers behind, however it ends', async () => {
  const clock = createVirtualClock()
  for (let round = 0; round < 500; round++) {
    const { agent } = agentWith([calls(call('lookup', { id: round })), round % 2 === 0 ? 'ok' : new Error('x')], { tools: { lookup } })
    await createTurnBench({ clock }).take(agent)
  }
  expect(clock.pending).toBe(0)
})
