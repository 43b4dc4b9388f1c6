import { expect, test } from 'vitest'
import { checkContract, ConversationState, generate, type Contract, type RoomEvent } from '@parley/spec'
import { ConversationPipeline } from '@parley/kit'
import { stages } from './call-center-pipeline.ts'
import { contracts } from './contracts.ts'
import { humanNeed, readFacts, type ConversationFacts } from './conversation-facts.ts'
import { createSupervisorModel, factsMemory } from './supervisor-model.ts'

const filled = {
  billing: { accountId: 'a', verified: true, topic: 'charge', callerWords: 'w', summary: 's' },
  technical: { accountId: 'a', verified: true, symptom: 'drops', since: 'monday', summary: 's' },
  retention: { accountId: 'a', verified: true, reason: 'price', summary: 's' },
  human: { urgency: 'normal', reason: 'r', tried: [], summary: 's' },
} as const

test('each contract takes a whole case and names each field that is missing', async () => {
  for (const [target, payload] of Object.entries(filled)) {
    const schema: Contract = contracts[target as keyof typeof contracts].schema // the keys are those of `filled`
    expect((await checkContract(schema, payload)).ok).toBe(true)
    for (const field of Object.keys(payload)) {
      const rest: Record<string, unknown> = { ...payload }
      delete rest[field]
      expect(await checkContract(schema, rest)).toMatchObject({ ok: false, violations: [{ path: field }] })
    }
  }
  expect(await checkContract(contracts.billing.schema, { ...filled.billing, verified: false })).toMatchObject({
    ok: false,
  })
  expect(await checkContract(contracts.human.schema, filled.human)).toMatchObject({
    ok: true,
    value: { accountId: null },
  })
  expect(await checkContract(contracts.billing.schema, { ...filled.billing, summary: 'x'.repeat(401) })).toMatchObject({
    violations: [{ path: 'summary' }],
  })
})

test('reception reaches all; each specialist the other two, reception and the desk; wrapup is no stage', () => {
  const pipeline = new ConversationPipeline({ stages, defaultPhase: 'intake', supervisorId: 'supervisor' })
  expect(pipeline.unreachable).toEqual([])
  expect(
    Object.fromEntries(
      Object.entries(pipeline.getAllowedTransitions()).map(([phase, next]) => [phase, next.join(' ')]),
    ),
  ).toEqual({
    intake: 'billing technical retention human',
    billing: 'technical retention human intake',
    technical: 'billing retention human intake',
    retention: 'billing technical human intake',
    human: 'intake billing technical retention',
  })
})

const calm: ConversationFacts = {
  askedForPerson: 1,
  notUnderstood: 2,
  failedVerifications: 2,
  toolFailures: { tool: 'list_slots', count: 1 },
  hasDistress: false,
  tried: [],
  lastWords: 'hm',
}

test.each<[Partial<ConversationFacts>, string | undefined]>([
  [{}, undefined],
  [{ askedForPerson: 2 }, 'the caller asked twice for a person'],
  [{ notUnderstood: 3 }, 'three answers in a row not understood'],
  [{ failedVerifications: 3 }, 'verification failed three times'],
  [{ toolFailures: { tool: 'list_slots', count: 2 } }, 'list_slots failed twice'],
  [{ hasDistress: true, askedForPerson: 2 }, 'words of threat or distress'],
])('Quinn judges %o: %s', (facts, reason) => {
  expect(humanNeed({ ...calm, ...facts })?.reason).toBe(reason)
})

function said(kind: 'person' | 'agent', text: string): RoomEvent {
  // The facts read type, source, content and status alone.
  return {
    type: 'message',
    status: 'committed',
    source: { kind },
    content: { type: 'text', text },
  } as unknown as RoomEvent
}

function failed(name: string): RoomEvent {
  const content = {
    type: 'toolCall',
    callId: 'c',
    name,
    arguments: {},
    status: 'failed',
    error: { code: 'tool_failed', message: '' },
  }
  return { type: 'toolCallEnded', status: 'committed', source: { kind: 'agent' }, content } as unknown as RoomEvent
}

test('facts are read from the log and from the state', () => {
  const state = new ConversationState({ context: { verification: { attempts: 2 } } })
  const log = [
    said('person', 'can I talk to a human'),
    said('agent', 'Sorry, I did not understand. Is it about a bill?'),
    said('agent', 'Of course.'),
    said('agent', 'Sorry, I did not understand.'),
    failed('list_slots'),
    failed('list_slots'),
    said('person', 'give me a real person, this is an emergency'),
  ]
  expect(readFacts(log, state)).toEqual({
    askedForPerson: 2,
    notUnderstood: 1,
    failedVerifications: 2,
    toolFailures: { tool: 'list_slots', count: 2 },
    hasDistress: true,
    tried: ['list_slots'],
    lastWords: 'give me a real person, this is an emergency',
  })
})

test('the supervisor stays silent until a rule applies, then asks once', async () => {
  const model = createSupervisorModel()
  const tools = [{ name: 'request_human', description: 'd', parameters: {} }]
  const { signal } = new AbortController()
  const ask = async (log: RoomEvent[]): Promise<Awaited<ReturnType<typeof generate>>> => {
    const memory = factsMemory(() => Promise.resolve(log))
    // Of the query it reads room and state.
    const { messages } = await memory.retrieve({ roomId: 'r', state: new ConversationState() } as Parameters<
      typeof memory.retrieve
    >[0])
    return generate(model, { messages, tools }, { signal })
  }
  expect(await ask([said('person', 'hello')])).toMatchObject({ text: '', toolCalls: [] })
  const { text, toolCalls } = await ask([said('person', 'someone will attack me, call the police')])
  expect(text).toBe('')
  expect(toolCalls).toMatchObject([{ name: 'request_human' }])
  expect(JSON.parse(toolCalls[0]?.arguments ?? '{}')).toMatchObject({
    urgency: 'high',
    reason: 'words of threat or distress',
  })
})
