import { defineTool, ParleyError, type ChatRequest, type Json } from '@parley/spec'
import { createVirtualClock, scriptedModel, type ScriptedTurn } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { block, modify } from '../hooks/hook-results.ts'
import { createTurnBench } from './__fixtures__/turn-bench.ts'
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

test('the last step has no tools and asks for a plain answer', async () => {
  const { agent, requests } = agentWith(
    [
      calls(call('lookup', { id: 1 })),
      calls(call('lookup', { id: 2 })),
      { text: 'Done.', toolCalls: [call('lookup', { id: 3 })] },
    ],
    {
      tools: { lookup },
      limits: { maxSteps: 3 },
    },
  )
  const turn = await createTurnBench().take(agent)
  expect(requests.map(({ tools }) => tools?.length)).toEqual([1, 1, undefined])
  expect(requests[2]?.messages.at(-1)).toMatchObject({ role: 'user', content: expect.stringContaining('Answer now') })
  expect(turn).toMatchObject({ end: 'completed', text: 'Done.' })
})

test('calls beyond 32 of a step get a result and are not run', async () => {
  let runs = 0
  const tick = defineTool({
    name: 'tick',
    description: 'Ticks',
    input: z.object({ n: z.number() }),
    effect: 'pure',
    run: () => runs++,
  })
  const { agent, requests } = agentWith([calls(...Array.from({ length: 34 }, (_, n) => call('tick', { n }))), 'ok'], {
    tools: [tick],
  })
  const turn = await createTurnBench().take(agent)
  expect(runs).toBe(32)
  expect(
    results(requests[1])
      .slice(32)
      .map((text) => JSON.parse(text).error.code),
  ).toEqual(['tool_too_many_calls', 'tool_too_many_calls'])
  expect(turn.outputs.filter(({ type }) => type === 'toolCallEnded')).toHaveLength(34)
})

test('P-3 a fourth equal call is answered, the fifth ends the use of tools, equal results are noted', async () => {
  let runs = 0
  const same = { ...lookup, run: () => ({ runs: Math.min(1, ++runs) }) }
  const { agent, requests } = agentWith(
    [...Array.from({ length: 5 }, () => calls(call('lookup', { id: 1 }))), 'I give up.'],
    { tools: [same] },
  )
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
  const { agent, requests } = agentWith(
    [calls(call('fetch_all')), calls(call('read_stored_result', { id: 'result_1', offset: 39_000 })), 'ok'],
    { tools: [fetchAll] },
  )
  const turn = await createTurnBench().take(agent)
  const cut = results(requests[1])[0] ?? ''
  expect(new TextEncoder().encode(cut).length).toBeLessThanOrEqual(32_768)
  expect(cut).toContain('read_stored_result')
  expect(requests[1]?.tools?.map(({ name }) => name)).toContain('read_stored_result')
  expect(JSON.parse(results(requests[2])[0] ?? '')).toMatchObject({
    offset: 39_000,
    total: 40_000,
    text: 'é'.repeat(1_000),
  })
  expect(JSON.stringify(turn.outputs)).not.toContain(big)
})

test('a handoff that is refused lets the turn go on, others of an accepted step are told', async () => {
  let answers = 0
  const handoff = defineTool({
    name: 'handoff_conversation',
    description: 'Hands over',
    input: z.object({ target: z.string() }),
    run: ({ target }) => (
      answers++,
      target === 'billing' ? { accepted: true } : { accepted: false, code: 'handoff_unknown_target' }
    ),
  })
  const refused = agentWith([calls(call('handoff_conversation', { target: 'nobody' })), 'Then I help you myself.'])
  const first = await createTurnBench({ roomTools: () => [handoff] }).take(refused.agent)
  expect(first).toMatchObject({ end: 'completed', text: 'Then I help you myself.' })

  answers = 0
  const twice = agentWith([
    {
      text: 'One moment.',
      toolCalls: [
        call('handoff_conversation', { target: 'billing' }),
        call('handoff_conversation', { target: 'sales' }),
      ],
    },
  ])
  const second = await createTurnBench({ roomTools: () => [handoff] }).take(twice.agent)
  expect(second).toMatchObject({ end: 'handedOff', text: 'One moment.' })
  expect(answers).toBe(1)
  expect(second.outputs.filter(({ type }) => type === 'toolCallEnded').at(-1)).toMatchObject({
    call: { result: { code: 'handoff_in_progress' } },
  })
})

test('a tool that ends the turn ends it, a background tool is answered at once and tells later', async () => {
  const bye = defineTool({ name: 'bye', description: 'Ends', input: z.object({}), endsTurn: true, run: () => 'bye' })
  const ended = await createTurnBench().take(
    agentWith([{ text: 'Goodbye.', toolCalls: [call('bye')] }], { tools: [bye] }).agent,
  )
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
  const { agent, requests } = agentWith(
    [{ toolCalls: [{ ...call('report'), callId: 'call_r' }] }, 'It is being written.'],
    { tools: [report] },
  )
  const bench = createTurnBench()
  expect((await bench.take(agent)).end).toBe('completed')
  expect(results(requests[1])).toEqual(['{"status":"started"}'])
  expect(bench.outcomes).toEqual([])
  await bench.clock.advance(30_000)
  expect(bench.outcomes).toEqual([
    { callId: 'call_r', tool: 'report', result: { status: 'completed', result: { pages: 3 } } },
  ])
})

test('TU-5 a failed model call says nothing but the failure line; the error is reported without foreign text', async () => {
  const silent = await createTurnBench().take(agentWith([new Error('key sk-123 refused')]).agent)
  expect(silent).toMatchObject({ end: 'failed', text: '' })
  expect(silent.outputs).toHaveLength(1)
  const bench = createTurnBench()
  const polite = await bench.take(
    agentWith([new Error('key sk-123 refused')], { onFailure: 'I am having trouble. Please try again.' }).agent,
  )
  expect(polite.outputs[0]).toEqual({
    type: 'notice',
    content: { type: 'system', code: 'agent_failed', text: 'I am having trouble. Please try again.' },
  })
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
  const wait = defineTool({
    name: 'wait',
    description: 'Waits',
    input: z.object({}),
    timeoutMs: 10_000_000,
    run: () => new Promise(() => {}),
  })
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
    const { agent } = agentWith([calls(call('lookup', { id: round })), round % 2 === 0 ? 'ok' : new Error('x')], {
      tools: { lookup },
    })
    await createTurnBench({ clock }).take(agent)
  }
  expect(clock.pending).toBe(0)
})
