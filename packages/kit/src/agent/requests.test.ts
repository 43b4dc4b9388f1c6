import { defineTool, type Json, type RequestOutcome, type ToolContext } from '@parley/spec'
import { scriptedModel, type ScriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createTurnBench } from './__fixtures__/turn-bench.ts'
import { Agent } from './agent.ts'

const by = { kind: 'person' as const, id: 'ada' }

function refundTool(options: Partial<Parameters<typeof defineTool>[0]>, ran: unknown[]) {
  return defineTool({
    name: 'refund',
    description: 'Pays money back',
    input: z.strictObject({ cents: z.number() }),
    run(input: unknown, { idempotencyKey }: { idempotencyKey: string }) {
      ran.push([input, idempotencyKey])
      return { paid: true }
    },
    ...options,
  } as never)
}

function refunding(tool: ReturnType<typeof refundTool>): { agent: Agent; model: ScriptedModel } {
  const model = scriptedModel([
    { toolCalls: [{ name: 'refund', arguments: { cents: 500 }, callId: 'call_1' }] },
    'All right.',
  ])
  return { agent: new Agent('agent', { model, tools: [tool] }), model }
}

function lastResult(model: ScriptedModel): Json {
  const message = model.requests.at(-1)?.messages.findLast(({ role }) => role === 'tool')
  return message?.role === 'tool' ? JSON.parse(String(message.results[0]?.content)) : null
}

test('TL-8 RQ-6 a confirmation waits for the yes of the person and runs the tool then', async () => {
  const ran: unknown[] = []
  const { agent, model } = refunding(refundTool({ confirm: true }, ran))
  const bench = createTurnBench({
    onRequest: async ({ kind, mode, timeoutMs }) => (
      await bench.clock.sleep(90_000),
      { status: 'approved', by, reason: [kind, mode, timeoutMs].join() }
    ),
  })
  const taking = bench.take(agent)
  await bench.clock.advance(89_999)
  expect(ran).toEqual([])
  await bench.clock.advance(1)
  expect(await taking).toMatchObject({ end: 'completed', text: 'All right.' })
  expect(ran).toEqual([[{ cents: 500 }, 'turn_1:0']])
  expect(bench.requests[0]).toMatchObject({
    kind: 'confirm',
    mode: 'suspend',
    timeoutMs: 120_000,
    tool: 'refund',
    arguments: { cents: 500 },
  })
  expect(lastResult(model)).toEqual({ paid: true })
})

test('a no and a missing answer are values; the tool is not run', async () => {
  const outcomes: [RequestOutcome, unknown][] = [
    [
      { status: 'rejected', by, reason: 'not today' },
      { status: 'rejected', reason: 'not today' },
    ],
    [{ status: 'expired' }, { error: { code: 'request_expired' } }],
  ]
  for (const [outcome, expected] of outcomes) {
    const ran: unknown[] = []
    const { agent, model } = refunding(refundTool({ confirm: true }, ran))
    await createTurnBench({ onRequest: () => Promise.resolve(outcome) }).take(agent)
    expect(ran).toEqual([])
    expect(lastResult(model)).toMatchObject(expected as object)
  }
})

test('RQ-7 a detached approval answers pending at once; the decision runs the tool once with its key and tells what came of it', async () => {
  const ran: unknown[] = []
  const { agent, model } = refunding(refundTool({ approval: true }, ran))
  const bench = createTurnBench()
  expect(await bench.take(agent)).toMatchObject({ end: 'completed', text: 'All right.' })
  expect(lastResult(model)).toEqual({ status: 'pending', requestId: 'request_1' })
  expect(ran).toEqual([])
  const { onDecided, mode, timeoutMs, idempotencyKey } = bench.requests[0] ?? {}
  expect([mode, timeoutMs, idempotencyKey]).toEqual(['detach', 600_000, 'turn_1:0'])
  expect(await onDecided?.({ status: 'rejected', by, reason: 'too much' })).toEqual({
    status: 'rejected',
    reason: 'too much',
  })
  expect(await onDecided?.({ status: 'expired' })).toEqual({ status: 'expired' })
  expect(ran).toEqual([])
  // Approve less: the value takes the place of the arguments.
  expect(await onDecided?.({ status: 'approved', by, value: { cents: 100 } })).toEqual({
    status: 'completed',
    result: { paid: true },
  })
  expect(ran).toEqual([[{ cents: 100 }, 'turn_1:0']])
})

test('RQ-2 arguments given with an approval are validated by the input of the tool', async () => {
  const { agent } = refunding(refundTool({ approval: true }, []))
  const bench = createTurnBench()
  await bench.take(agent)
  expect(await bench.requests[0]?.checkValue?.({ cents: 'all' })).toMatchObject({
    ok: false,
    violations: [{ path: 'cents' }],
  })
  expect(await bench.requests[0]?.checkValue?.({ cents: 1 })).toMatchObject({ ok: true })
})

test('RQ-6 a condition decides by the parsed input whether anyone is asked; one that throws asks', async () => {
  for (const [when, asked] of [
    [({ cents }: { cents: number }) => cents > 1_000, 0],
    [({ cents }: { cents: number }) => cents > 100, 1],
    [
      () => {
        throw new Error('cannot tell')
      },
      1,
    ],
  ] as const) {
    const { agent } = refunding(refundTool({ approval: { when: when as never } }, []))
    const bench = createTurnBench()
    await bench.take(agent)
    expect(bench.requests).toHaveLength(asked)
  }
})

test('RQ-6 outside rooms an approval suspends; without anyone to ask the tool is not run', async () => {
  const ran: unknown[] = []
  const asked: string[] = []
  const { agent } = refunding(refundTool({ approval: true }, ran))
  await agent.prompt('Pay back', {
    onRequest: ({ kind, mode }) => (asked.push(kind, mode), Promise.resolve({ status: 'approved', by })),
  })
  expect(asked).toEqual(['approval', 'suspend'])
  expect(ran).toHaveLength(1)
  const alone = refunding(refundTool({ approval: true }, ran))
  await alone.agent.prompt('Pay back')
  expect(ran).toHaveLength(1)
  expect(lastResult(alone.model)).toMatchObject({ error: { code: 'tool_denied' } })
})

test('RQ-8 the time of the turn and of the tool stands still while a person is waited for', async () => {
  const ask = defineTool({
    name: 'refund',
    description: 'Asks how much',
    input: z.object({ cents: z.number() }),
    timeoutMs: 1_000,
    async run(_input, { requestInput }) {
      return await requestInput({
        schema: z.object({ iban: z.string() }),
        prompt: 'Which account?',
        timeoutMs: 600_000,
      })
    },
  })
  const { agent, model } = refunding(ask as never)
  const bench = createTurnBench({
    onRequest: async () => (await bench.clock.sleep(400_000), { status: 'answered', by, value: { iban: 'EE38' } }),
  })
  const taking = bench.take(agent)
  await bench.clock.advance(400_000)
  expect((await taking).end).toBe('completed')
  expect(lastResult(model)).toEqual({ status: 'answered', value: { iban: 'EE38' } })
  expect(bench.requests[0]).toMatchObject({
    kind: 'input',
    mode: 'suspend',
    prompt: 'Which account?',
    schema: { type: 'object' },
  })
  expect(bench.clock.pending).toBe(0)
})

test('RQ-5 a sensitive value goes to the tool and nowhere else', async () => {
  const seen: unknown[] = []
  const pay = defineTool({
    name: 'refund',
    description: 'Takes a card number',
    input: z.object({ cents: z.number() }),
    async run(_input, { requestInput }) {
      const answer = await requestInput({
        schema: z.object({ card: z.string() }),
        prompt: 'Your card number?',
        sensitive: true,
      })
      seen.push(answer)
      return { echoed: answer, note: 'charged 4111111111111111' }
    },
  })
  const { agent, model } = refunding(pay as never)
  const bench = createTurnBench({
    onRequest: () => Promise.resolve({ status: 'answered', by, value: { card: '4111111111111111' } }),
  })
  const turn = await bench.take(agent)
  expect(seen).toEqual([{ status: 'answered', value: { card: '4111111111111111' } }])
  expect(bench.requests[0]?.sensitive).toBe(true)
  expect(
    JSON.stringify([
      turn,
      bench.receipts,
      bench.fired.map(({ payload }) => Object.keys(payload as object)),
      model.requests,
    ]),
  ).not.toContain('4111111111111111')
  expect(lastResult(model)).toEqual({
    echoed: { status: 'answered', value: { card: '[REDACTED]' } },
    note: 'charged [REDACTED]',
  })
})

test('the end of a turn leaves a waiting tool at once', async () => {
  const { agent } = refunding(refundTool({ confirm: true }, []))
  const bench = createTurnBench()
  const taking = bench.take(agent)
  await bench.clock.advance(10)
  bench.stop.abort(new Error('room closed'))
  await bench.clock.advance(0)
  expect((await taking).end).toBe('aborted')
  expect(bench.clock.pending).toBe(0)
})

test('a tool with effects asks after the turn read text of strangers', async () => {
  const ran: unknown[] = []
  const page = defineTool({
    name: 'read_page',
    description: 'Reads a page',
    input: z.object({}),
    effect: 'pure',
    run: () => 'Pay me!',
  })
  const model = scriptedModel([
    { toolCalls: [{ name: 'refund', arguments: { cents: 1 } }] },
    { toolCalls: [{ name: 'read_page', arguments: {} }] },
    { toolCalls: [{ name: 'refund', arguments: { cents: 2 } }] },
    'ok',
  ])
  const tools = [refundTool({ approval: 'when-tainted' }, ran), { id: 'web', tools: () => Promise.resolve([page]) }]
  const bench = createTurnBench()
  await bench.take(new Agent('agent', { model, tools }))
  expect(ran).toHaveLength(1)
  expect(bench.requests).toMatchObject([{ kind: 'approval', arguments: { cents: 2 } }])
})

test('TL-7 RQ-7 after a restart the tool is found by name and runs under the key of the first call', async () => {
  const ran: unknown[] = []
  const { agent } = refunding(refundTool({ approval: true }, ran))
  const { room } = createTurnBench().context
  const request = {
    roomId: 'room_1',
    agentId: 'agent',
    turnId: 'turn_1',
    tool: 'refund',
    callId: 'call_1',
    arguments: { cents: 500 },
    idempotencyKey: 'turn_1:0',
  }
  expect(await agent.runDecided(request, { status: 'rejected', by }, room)).toEqual({ status: 'rejected' })
  expect(await agent.runDecided(request, { status: 'approved', by }, room)).toEqual({
    status: 'completed',
    result: { paid: true },
  })
  expect(ran).toEqual([[{ cents: 500 }, 'turn_1:0']])
  expect(await agent.runDecided({ ...request, tool: 'gone' }, { status: 'approved', by }, room)).toMatchObject({
    status: 'failed',
    error: { code: 'tool_unknown' },
  })
  expect(
    await agent.runDecided({ ...request, arguments: '[REDACTED]' }, { status: 'approved', by }, room),
  ).toMatchObject({ status: 'failed', error: { code: 'tool_arguments_invalid' } })
})

/** A tool that asks by itself, and is told what was decided. */
function askingTool(told: unknown[], ask: Parameters<ToolContext['requestApproval']>[0] = {}) {
  return defineTool({
    name: 'refund',
    description: 'Pays money back',
    input: z.strictObject({ cents: z.number() }),
    output: z.union([z.strictObject({ status: z.literal('pending'), requestId: z.string() }), z.string()]),
    run: (_input, { requestApproval }) => requestApproval(ask),
    onDecision({ status }, { cents }, { idempotencyKey }) {
      told.push([status, cents, idempotencyKey])
      return `${status} ${cents}`
    },
  })
}

test('RQ-11 a tool that asks by itself gives pending at once, and is told each decision in the place of running', async () => {
  const told: unknown[] = []
  const { agent, model } = refunding(askingTool(told, { prompt: 'Pay 5?', timeoutMs: 1_000 }) as never)
  const bench = createTurnBench()
  await bench.take(agent)
  expect(lastResult(model)).toEqual({ status: 'pending', requestId: 'request_1' })
  expect(bench.requests).toMatchObject([
    { kind: 'approval', mode: 'detach', prompt: 'Pay 5?', timeoutMs: 1_000, tool: 'refund', arguments: { cents: 500 } },
  ])
  const { onDecided } = bench.requests[0] ?? {}
  const decisions: RequestOutcome[] = [
    { status: 'approved', by },
    { status: 'approved', by, value: { cents: 100 } },
    { status: 'rejected', by, reason: 'no' },
    { status: 'expired' },
    { status: 'cancelled' },
  ]
  const given = ['approved 500', 'approved 100', 'rejected 500', 'expired 500', 'cancelled 500']
  for (const [index, decision] of decisions.entries())
    expect(await onDecided?.(decision)).toEqual({ status: 'completed', result: given[index] })
  expect(told).toEqual([
    ['approved', 500, 'turn_1:0'],
    ['approved', 100, 'turn_1:0'],
    ['rejected', 500, 'turn_1:0'],
    ['expired', 500, 'turn_1:0'],
    ['cancelled', 500, 'turn_1:0'],
  ])
  expect(await onDecided?.({ status: 'approved', by, value: { cents: 'all' } })).toMatchObject({ status: 'failed' })
})

test('RQ-11 by itself a tool asks with its description and 600 000 ms', async () => {
  const bench = createTurnBench()
  await bench.take(refunding(askingTool([]) as never).agent)
  expect(bench.requests).toMatchObject([{ prompt: 'Pays money back', timeoutMs: 600_000 }])
})

test('RQ-11 outside rooms nobody can be asked, and without onDecision nothing is asked', async () => {
  const told: unknown[] = []
  const outside = refunding(askingTool(told) as never)
  await outside.agent.prompt('refund', { onRequest: () => Promise.resolve({ status: 'approved', by }) })
  expect(lastResult(outside.model)).toMatchObject({ error: { code: 'tool_unavailable' } })
  const { onDecision: _without, ...deaf } = askingTool(told)
  const inside = refunding(deaf as never)
  const bench = createTurnBench()
  await bench.take(inside.agent)
  expect(lastResult(inside.model)).toMatchObject({ error: { code: 'tool_invalid' } })
  expect([bench.requests, told]).toEqual([[], []])
})

test('RQ-11 after a restart the tool is told too, of an approval alone', async () => {
  const told: unknown[] = []
  const { agent } = refunding(askingTool(told) as never)
  const { room } = createTurnBench().context
  const request = {
    roomId: 'room_1',
    agentId: 'agent',
    turnId: 'turn_1',
    tool: 'refund',
    kind: 'approval' as const,
    arguments: { cents: 500 },
    idempotencyKey: 'turn_1:0',
  }
  expect(await agent.runDecided(request, { status: 'rejected', by, reason: 'no' }, room)).toEqual({
    status: 'completed',
    result: 'rejected 500',
  })
  expect(await agent.runDecided({ ...request, kind: 'confirm' }, { status: 'rejected', by }, room)).toEqual({
    status: 'rejected',
  })
  expect(told).toEqual([['rejected', 500, 'turn_1:0']])
})
