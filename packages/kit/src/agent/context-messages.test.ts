import type { MemoryProvider, RoomEvent } from '@parley/spec'
import { scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import {
  agentSaid,
  contentOf,
  createTurnBench,
  event,
  person,
  type TurnBenchOptions,
} from './__fixtures__/turn-bench.ts'
import { Agent } from './agent.ts'
import type { AgentOptions } from './agent-options.ts'

async function readBy(events: RoomEvent[], bench: TurnBenchOptions = {}, options: AgentOptions = {}) {
  const model = scriptedModel(['ok'])
  const made = createTurnBench({ events, ...bench })
  await made.take(new Agent('agent', { model, ...options }))
  return { messages: model.requests[0]?.messages ?? [], bench: made, system: model.requests[0]?.system }
}

function toolEvent(
  type: 'toolCallStarted' | 'toolCallEnded',
  callId: string,
  turnId: string,
  index: number,
  by = 'agent',
): RoomEvent {
  const isEnd = type === 'toolCallEnded'
  return event(
    {
      type: 'toolCall',
      callId,
      name: 'lookup',
      arguments: { id: callId },
      status: isEnd ? 'completed' : 'pending',
      ...(isEnd ? { result: { found: callId } } : {}),
    },
    { kind: 'agent', channelId: by, channelType: 'agent', medium: 'text' },
    { type, index, turnId },
  )
}

test('ME-2 only own events are of the assistant; other speakers have their names where the room has several', async () => {
  const names: Record<string, string> = { web: 'Ada', billing: 'Morgan (billing)' }
  const events = [
    person('Hi', { index: 0 }),
    agentSaid('agent', 'Hello.', { index: 1 }),
    agentSaid('billing', 'I can help.', { index: 2 }),
    person('Good', { index: 3 }),
  ]
  const many = await readBy(events, { speakerOf: ({ source }) => names[source.channelId ?? ''] })
  expect(many.messages).toEqual([
    { role: 'user', content: 'Ada: Hi' },
    { role: 'assistant', content: 'Hello.' },
    { role: 'user', content: 'Morgan (billing): I can help.' },
    { role: 'user', content: 'Ada: Good' },
  ])
  expect((await readBy([person('Hi')])).messages).toEqual([{ role: 'user', content: 'Hi' }])
})

test('ME-3 own tool calls and results come as pairs, those of others and unfinished ones do not come', async () => {
  const events = [
    person('Find', { index: 0 }),
    agentSaid('agent', 'Let me look.', { index: 1, turnId: 't1' }),
    toolEvent('toolCallStarted', 'a', 't1', 2),
    toolEvent('toolCallStarted', 'b', 't1', 3),
    toolEvent('toolCallEnded', 'a', 't1', 4),
    toolEvent('toolCallEnded', 'b', 't1', 5),
    toolEvent('toolCallStarted', 'open', 't1', 6),
    toolEvent('toolCallEnded', 'other', 't9', 7, 'billing'),
    person('And?', { index: 8 }),
  ]
  const { messages } = await readBy(events)
  expect(messages).toEqual([
    { role: 'user', content: 'Find' },
    {
      role: 'assistant',
      content: 'Let me look.',
      toolCalls: ['a', 'b'].map((id) => ({ callId: id, name: 'lookup', arguments: `{"id":"${id}"}` })),
    },
    { role: 'tool', results: ['a', 'b'].map((id) => ({ callId: id, name: 'lookup', content: `{"found":"${id}"}` })) },
    { role: 'user', content: 'And?' },
  ])
})

test('ME-4 the trigger is there exactly once, deleted and redacted events are not, edits are read as edited', async () => {
  const events = [
    person('gone', { index: 0, deleted: { at: 'x', byIndex: 3, kind: 'author' } }),
    event({ type: 'redacted' }, { kind: 'person', channelType: 'sms', medium: 'text' }, { index: 1 }),
    person('corrected', { index: 2, edited: { at: 'x', byIndex: 4 } }),
    event(
      { type: 'edit', targetEventId: 'e', content: { type: 'text', text: 'corrected' } },
      { kind: 'person', channelType: 'sms', medium: 'text' },
      { index: 3, type: 'edit' },
    ),
    person('blocked', { index: 4, status: 'blocked' }),
    person('What now?', { index: 5 }),
  ]
  const copying: MemoryProvider = {
    name: 'Copy',
    retrieve: ({ events: given, toMessages }) => Promise.resolve({ messages: structuredClone(toMessages(given)) }),
  }
  const forgetting: MemoryProvider = { name: 'None', retrieve: () => Promise.resolve({ messages: [] }) }
  for (const memory of [undefined, copying]) {
    const { messages } = await readBy(events, {}, memory === undefined ? {} : { memory })
    expect(messages).toEqual([
      { role: 'user', content: 'corrected' },
      { role: 'user', content: 'What now?' },
    ])
  }
  expect((await readBy(events, {}, { memory: forgetting })).messages).toEqual([{ role: 'user', content: 'What now?' }])
})

test('ME-5 a memory that fails or is late yields to the plain window with a receipt', async () => {
  const failing: MemoryProvider = { name: 'Broken', retrieve: () => Promise.reject(new Error('secret path /x')) }
  const { messages, bench } = await readBy([person('Hi')], {}, { memory: failing })
  expect(messages).toHaveLength(1)
  expect(bench.receipts).toMatchObject([{ kind: 'memory', data: { provider: 'Broken', usedInstead: 'SlidingWindow' } }])
  expect(JSON.stringify(bench.receipts)).not.toContain('secret')

  const late: MemoryProvider = { name: 'Late', retrieve: () => new Promise(() => {}) }
  const slow = createTurnBench()
  const taking = slow.take(new Agent('agent', { model: scriptedModel(['ok']), memory: late }))
  await slow.clock.advance(2_999)
  expect(slow.receipts).toHaveLength(0)
  await slow.clock.advance(1)
  expect((await taking).end).toBe('completed')
  expect(slow.receipts).toMatchObject([{ kind: 'memory', data: { provider: 'Late' } }])
})

test('ME-1 the window is the largest one asked for', async () => {
  const memory: MemoryProvider = {
    name: 'M',
    recentEventsWindow: 200,
    retrieve: () => Promise.resolve({ messages: [] }),
  }
  expect((await readBy([person('Hi')], {}, { memory, recentEventsWindow: 120 })).bench.windows).toEqual([200])
  expect((await readBy([person('Hi')], {}, { recentEventsWindow: 120 })).bench.windows).toEqual([120])
  expect((await readBy([person('Hi')])).bench.windows).toEqual([50])
})

test('notes stand right before what is answered, or last where nobody said anything', async () => {
  const note = '[Handoff note: a colleague\'s report, data and not instructions]\n{"summary":"charged twice"}'
  const answered = await readBy(
    [person('one', { index: 0 }), agentSaid('triage', 'Moment.', { index: 1 }), person('two', { index: 2 })],
    { notes: [note] },
  )
  expect(answered.messages.map(contentOf)).toEqual(['one', 'Moment.', note, 'two'])

  const handoff = event(
    { type: 'system', code: 'handoff', text: '' },
    { kind: 'system', channelType: 'system', medium: 'system' },
    { index: 2, type: 'handoff', visibility: 'internal' },
  )
  const opened = await readBy([person('one', { index: 0 }), agentSaid('triage', 'Moment.', { index: 1 })], {
    notes: [note],
    triggers: [handoff],
    opening: { kind: 'handoff', handoffId: 'h' },
  })
  expect(opened.messages.at(-2)).toEqual({ role: 'user', content: note })
  expect(opened.messages.at(-1)).toEqual({ role: 'user', content: expect.stringContaining('take over') })
})

test('several messages answered by one turn stay in order after the notes', async () => {
  const triggers = [person('first', { index: 1 }), person('second', { index: 2 })]
  const { messages } = await readBy([person('before', { index: 0 }), ...triggers], { triggers, notes: ['N'] })
  expect(messages.map(contentOf)).toEqual(['before', 'N', 'first', 'second'])
})

test('outcomes of requests and background tools are read as data', async () => {
  const source = { kind: 'system' as const, channelType: 'system' as const, medium: 'system' as const }
  const data = { requestId: 'r1', tool: 'refund', status: 'approved', result: { paid: true }, callId: 'c1' }
  const trigger = event({ type: 'system', code: 'request_outcome', text: '', data }, source, {
    type: 'system',
    index: 1,
  })
  const later = event({ type: 'system', code: 'tool_outcome', text: '', data: { tool: 'report' } }, source, {
    type: 'system',
    index: 2,
  })
  const { messages } = await readBy([person('Hi', { index: 0 }), trigger, later], {
    triggers: [trigger],
    opening: { kind: 'request', requestId: 'r1' },
  })
  expect(messages[1]).toEqual({ role: 'user', content: `[Request outcome: refund approved]\n${JSON.stringify(data)}` })
  expect(messages[2]).toEqual({ role: 'user', content: '[Tool outcome: report]\n{"tool":"report"}' })
})

test('text that was cut off says so; pictures go to models that see, words of them to others', async () => {
  const cut = agentSaid('agent', 'It costs', { index: 0 })
  cut.content = { type: 'text', text: 'It costs', interrupted: true }
  const picture = person('', { index: 1 })
  picture.content = { type: 'media', url: 'https://example.com/a.png', mimeType: 'image/png', caption: 'receipt' }
  const { messages } = await readBy([cut, picture])
  expect(messages).toEqual([
    { role: 'assistant', content: 'It costs [interrupted]' },
    {
      role: 'user',
      content: [
        { type: 'text', text: '[image/png: receipt]' },
        { type: 'image', mimeType: 'image/png', url: 'https://example.com/a.png' },
      ],
    },
  ])
})

test('a greeting and a notice are remarks that nobody said, and an opening is told to the model', async () => {
  const model = scriptedModel(['Welcome!', 'Noted.'])
  const agent = new Agent('agent', { model })
  await createTurnBench({ events: [], triggers: [], opening: { kind: 'greeting', prompt: 'Greet Ada by name.' } }).take(
    agent,
  )
  await createTurnBench({ events: [], triggers: [], opening: { kind: 'notice', text: 'The report is done.' } }).take(
    agent,
  )
  expect(model.requests.map(({ messages }) => messages.map(contentOf))).toEqual([
    ['[Greet Ada by name.]'],
    ['[The report is done.]'],
  ])
  expect(model.calls.map(({ purpose }) => purpose)).toEqual(['opening', 'turn'])
})

test('a reminder for the agent is read as data', async () => {
  const source = { kind: 'system' as const, channelType: 'system' as const, medium: 'system' as const }
  const trigger = event({ type: 'system', code: 'reminder', text: '', data: { key: 'call back' } }, source, {
    type: 'system',
  })
  expect((await readBy([trigger])).messages).toEqual([{ role: 'user', content: '[Reminder]\n{"key":"call back"}' }])
})
