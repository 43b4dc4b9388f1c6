import { createBudget, ParleyError, type Budget } from '@parley/spec'
import { createVirtualClock, scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createTurnBench, person } from './__fixtures__/turn-bench.ts'
import { Agent } from './agent.ts'

test('AG-1 the identity block has one line per field that is set, in order; none is null', () => {
  const full = new Agent('a', {
    role: 'Clerk',
    description: 'Sorts letters',
    scope: 'Mail',
    language: 'Estonian',
    name: 'Mari',
    purpose: 'p',
    greeting: 'Hi',
    voice: 'v',
  })
  expect(full.buildIdentityBlock()).toBe(
    '--- Agent Identity ---\nRole: Clerk\nDescription: Sorts letters\nScope: Mail\nLanguage: Always respond in Estonian',
  )
  expect(full.buildIdentityBlock('French')).toContain('Language: Always respond in French')
  expect(new Agent('a', { role: '' }).buildIdentityBlock()).toBe('--- Agent Identity ---\nRole: ')
  expect(new Agent('a', { name: 'Mari', purpose: 'p', greeting: 'Hi', voice: 'v' }).buildIdentityBlock()).toBeNull()
  expect(new Agent('a', { language: '' }).buildIdentityBlock('')).toBeNull()
})

test('AG-2 the block ends the system prompt, in the language of the turn; a binding replaces the base and keeps it', async () => {
  const model = scriptedModel(['ok'], { then: 'last' })
  const agent = new Agent('agent', { model, systemPrompt: 'Be brief.', toolNotes: 'Use tools.', role: 'Clerk' })
  await createTurnBench({ language: 'French' }).take(agent)
  await createTurnBench({ binding: { metadata: { systemPrompt: 'Be long.' } } }).take(agent)
  await createTurnBench().take(new Agent('agent', { model, role: 'Clerk' }))
  expect(model.requests.map(({ system }) => system)).toEqual([
    'Be brief.\n\nUse tools.\n\n--- Agent Identity ---\nRole: Clerk\nLanguage: Always respond in French',
    'Be long.\n\nUse tools.\n\n--- Agent Identity ---\nRole: Clerk',
    '--- Agent Identity ---\nRole: Clerk',
  ])
})

test('AG-3 an agent without model is config-only and says so when it is asked to generate', async () => {
  const agent = new Agent('agent-triage', { role: 'Triage' })
  expect(agent.isConfigOnly).toBe(true)
  expect(new Agent('x', { model: scriptedModel([]) }).isConfigOnly).toBe(false)
  await expect(agent.prompt('Hi')).rejects.toMatchObject({
    code: 'agent_no_model',
    message: expect.stringContaining('agent-triage'),
  })
  expect(await createTurnBench().take(agent)).toMatchObject({
    end: 'failed',
    data: { error: { code: 'agent_no_model' } },
  })
})

test('AG-4 name and purpose fall back to what is known', () => {
  expect(new Agent('a', { role: 'Clerk', description: 'Sorts' })).toMatchObject({ name: 'Clerk', purpose: 'Sorts' })
  expect(new Agent('a', { name: 'Mari', role: 'Clerk', purpose: 'Letters' })).toMatchObject({
    name: 'Mari',
    purpose: 'Letters',
  })
  expect(new Agent('a')).toMatchObject({ name: 'a', purpose: undefined, autoGreet: true, systemPrompt: undefined })
})

test('unknown options are refused with the nearest name, model and runner together too', () => {
  expect(() => new Agent('a', { systemPromt: 'x' } as never)).toThrow(
    expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining('"systemPrompt"') }),
  )
  expect(() => new Agent('a', { limits: { maxStep: 3 } } as never)).toThrow(
    expect.objectContaining({ message: expect.stringContaining('"maxSteps"') }),
  )
  expect(() => new Agent('a', { fallbackModel: scriptedModel([]) })).toThrow(
    expect.objectContaining({
      code: 'invalid_options',
      details: { path: 'fallbackModel', expected: 'a model beside it' },
    }),
  )
  const runner = { id: 'r', kind: 'workflow' as const, run: () => Promise.reject(new Error('unused')) }
  expect(() => new Agent('a', { model: scriptedModel([]), runner })).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
})

test('CH-2 a muted agent spends no model call unless it observes', async () => {
  const model = scriptedModel(['noted'])
  expect(await createTurnBench({ isMuted: true }).take(new Agent('agent', { model }))).toMatchObject({
    end: 'empty',
    data: { skipped: 'muted' },
  })
  expect(model.requests).toHaveLength(0)
  expect(
    await createTurnBench({ isMuted: true }).take(new Agent('agent', { model, observesWhenMuted: true })),
  ).toMatchObject({ end: 'completed' })
})

test('KT-5 one agent object serves rooms at the same time without mixing them', async () => {
  const model = scriptedModel([(request) => `You said ${JSON.stringify(request.messages.at(-1))}`], { then: 'last' })
  const agent = new Agent('agent', { model })
  const turns = await Promise.all(
    ['one', 'two', 'three'].map((text) => createTurnBench({ events: [person(text)] }).take(agent)),
  )
  expect(turns.map(({ text }) => /"content":"(\w+)"/.exec(text)?.[1])).toEqual(['one', 'two', 'three'])
})

test('TL-12 each model call is reserved before and settled after; a refusal ends the turn with the text so far', async () => {
  const log: string[] = []
  const caps = { left: 2 }
  const budget: Budget = {
    ...createBudget('turn', 't', {}, { clock: createVirtualClock() }),
    reserve(key, { tokens = 0 }) {
      log.push(`reserve ${tokens > 0}`)
      if (caps.left-- > 0) return Promise.resolve({ ok: true, key, maxOutputTokens: 50 })
      return Promise.resolve({
        ok: false,
        code: 'budget_exceeded',
        envelope: { kind: 'turn', id: 't' },
        exceeded: 'max_calls',
        onExceed: 'stop',
      })
    },
    settle(_key, { costNanoUsd, tokens }) {
      log.push(`settle ${costNanoUsd} ${tokens}`)
      return Promise.resolve()
    },
  }
  const price = { from: '2026-01-01T00:00:00.000Z', input: 2, output: 10 }
  const usage = { inputTokens: 100, outputTokens: 10 }
  const again = { text: 'Well. ', toolCalls: [{ name: 'nothing', arguments: {} }], usage }
  const model = scriptedModel([again, again, again], { card: { price } })
  const bench = createTurnBench({ budget })
  const turn = await bench.take(new Agent('agent', { model }))
  expect(log).toEqual(['reserve true', 'settle 300 110', 'reserve true', 'settle 300 110', 'reserve true'])
  expect(turn).toMatchObject({ end: 'budgetExceeded', text: 'Well. Well. ', data: { costNanoUsd: 600, steps: 2 } })
  expect(model.requests[0]?.maxOutputTokens).toBe(50)
  expect(bench.receipts.some(({ kind }) => kind === 'budget')).toBe(true)
})

test('TL-12 a call that is aborted or fails gives back what it reserved', async () => {
  const released: string[] = []
  const budget: Budget = {
    ...createBudget('turn', 't', {}, { clock: createVirtualClock() }),
    release: (key) => (released.push(key), Promise.resolve()),
  }
  const failing = scriptedModel([new ParleyError({ code: 'model_refused', message: 'No.' })])
  await createTurnBench({ budget }).take(new Agent('agent', { model: failing }))
  expect(released).toHaveLength(1)
})

test('TL-13 a declared output is parsed, kept for code and rendered for people; a bad one is repaired once', async () => {
  const output = z.object({ mood: z.enum(['good', 'bad']), note: z.string() })
  const render = ({ mood }: z.infer<typeof output>): string => `You seem in a ${mood} mood.`
  const options = { output, render: render as (value: never) => string }
  const good = new Agent('agent', {
    model: scriptedModel(['{"mood":"fine"}', '```json\n{"mood":"good","note":"x"}\n```']),
    ...options,
  })
  const turn = await createTurnBench().take(good)
  expect(turn).toMatchObject({
    end: 'completed',
    text: 'You seem in a good mood.',
    data: { output: { mood: 'good', note: 'x' } },
  })

  const bad = new Agent('agent', { model: scriptedModel(['no json', 'still none']), ...options })
  const bench = createTurnBench()
  expect(await bench.take(bad)).toMatchObject({
    end: 'failed',
    text: '',
    data: { error: { code: 'agent_output_invalid' } },
  })
})

test('AG-7 with a runner each turn is one run keyed by the turn; its output becomes the payload', async () => {
  const clock = createVirtualClock()
  const seen: unknown[] = []
  const runner = {
    id: 'intake',
    kind: 'workflow' as const,
    async run(request: { input: unknown; idempotencyKey: string }, { onEvent }: { onEvent?: (event: never) => void }) {
      seen.push(request.input, request.idempotencyKey)
      onEvent?.({ type: 'textDelta', text: 'Noted. ' } as never)
      await clock.sleep(5)
      onEvent?.({ type: 'textDelta', text: 'Thanks.' } as never)
      return {
        status: 'completed' as const,
        output: { order: 7 },
        usage: { inputTokens: 1, outputTokens: 2 },
        costNanoUsd: 3,
        receiptIds: [],
      }
    },
  }
  const agent = new Agent('agent', { runner: runner as never })
  expect(agent.isConfigOnly).toBe(false)
  const bench = createTurnBench({ events: [person('My order 7')], clock })
  const taking = bench.take(agent)
  await clock.advance(5)
  expect(await taking).toMatchObject({
    end: 'completed',
    text: 'Noted. Thanks.',
    data: { output: { order: 7 }, costNanoUsd: 3 },
  })
  expect(seen).toEqual([{ text: 'My order 7', payload: null }, 'turn_1'])
  expect(bench.state().context['payload']).toEqual({ order: 7 })
})

test('TL-12 two turns under one budget never pass its cap together', async () => {
  const budget = createBudget('room', 'r', { maxCalls: 3 }, { clock: createVirtualClock() })
  const again = { text: 'On. ', toolCalls: [{ name: 'nothing', arguments: {} }] }
  const models = [1, 2].map(() => scriptedModel([again], { then: 'last' }))
  const turns = await Promise.all(
    models.map((model, index) =>
      createTurnBench({ turnId: `turn_${index}`, budget: budget.child('turn', String(index), {}) }).take(
        new Agent('agent', { model }),
      ),
    ),
  )
  expect(turns.map(({ end }) => end)).toEqual(['budgetExceeded', 'budgetExceeded'])
  expect(models.reduce((sum, { requests }) => sum + requests.length, 0)).toBe(3)
  expect(budget.envelopes[0]).toMatchObject({ settled: { calls: 3 }, reserved: { calls: 0 } })
})

test('a memory takes in what is answered, forgets a room that was left and is closed with the agent', async () => {
  const log: unknown[] = []
  const memory = {
    name: 'M',
    retrieve: () => Promise.resolve({ messages: [] }),
    ingest: (event: { content: unknown }, place: unknown) => (log.push(event.content, place), Promise.resolve()),
    clear: (roomId: string) => (log.push(`clear ${roomId}`), Promise.resolve()),
    close: () => (log.push('close'), Promise.resolve()),
  }
  const agent = new Agent('agent', {
    model: scriptedModel(['ok']),
    memory,
    tools: [{ id: 's', tools: () => Promise.resolve([]), close: () => (log.push('source'), Promise.resolve()) }],
  })
  await createTurnBench({ events: [person('Hi')] }).take(agent)
  await agent.onDetached({ roomId: 'room_1' } as never)
  await agent.close()
  expect(log).toEqual([
    { type: 'text', text: 'Hi' },
    { roomId: 'room_1', agentId: 'agent' },
    'clear room_1',
    'close',
    'source',
  ])
})
