import {
  createBudget,
  defineTool,
  type AgentRunner,
  type Json,
  type RunnerEvent,
  type RunnerRequest,
} from '@parley/spec'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Agent } from '../agent/agent.ts'
import { conversationRunner } from './conversation-runner.ts'
import { handOver, say, scripted, testKit, transcript, type TestKit } from './__fixtures__/orchestrated-kit.ts'
import { Pipeline } from './pipeline/pipeline.ts'

const call = (name: string, args: Json): { toolCalls: { name: string; arguments: Json }[] } => ({
  toolCalls: [{ name, arguments: args }],
})

/** Ends the conversation with an outcome: a phase that is nobody's. */
const finish = defineTool({
  name: 'finish',
  description: 'Ends the conversation.',
  input: z.object({ decision: z.string() }),
  async run({ decision }, { room }) {
    await room.updateState((state) =>
      state.with({ context: { ...state.context, payload: { decision } } }).transition('done', { reason: 'finished' }),
    )
    return 'ended'
  },
})

function claims(
  output = z.object({ decision: z.enum(['pay', 'refuse']) }),
  decision = 'pay',
): TestKit & { runner: AgentRunner; clerk: ReturnType<typeof scripted>; judge: ReturnType<typeof scripted> } {
  const made = testKit()
  const clerk = scripted('clerk', [handOver('judge'), ''])
  const judge = scripted('judge', [call('finish', { decision }), 'It is decided.'], { tools: [finish] })
  const runner = conversationRunner(made.kit, {
    id: 'claims',
    orchestration: new Pipeline({ agents: [clerk, judge] }),
    output,
  })
  return { ...made, runner, clerk, judge }
}

const request = ({ clock }: TestKit, also: Partial<RunnerRequest> = {}): RunnerRequest => ({
  input: { claim: 7 },
  prompt: 'Decide claim 7.',
  idempotencyKey: 'k1',
  budget: createBudget('step', 's1', {}, { clock }),
  ...also,
})
const signal = (): AbortSignal => new AbortController().signal

test('PO-20 PO-18 a conversation opens a room, ends in a phase without next and agent, and its payload is the output', async () => {
  const made = claims()
  const events: RunnerEvent[] = []
  const result = await made.runner.run(request(made), { signal: signal(), onEvent: (event) => events.push(event) })
  expect(result).toMatchObject({
    status: 'completed',
    output: { decision: 'pay' },
    text: 'It is decided.',
    roomId: expect.any(String),
  })
  expect(events[0]).toMatchObject({ type: 'started', roomId: result.roomId })
  expect(JSON.stringify(made.clerk.script.requests[0]?.messages)).toContain('Decide claim 7.')
  expect(await made.kit.getRoom(result.roomId ?? '')).toMatchObject({ status: 'closed' })
  expect(result.status === 'completed' && result.receiptIds.length).toBeGreaterThanOrEqual(2)
})

test('PO-20 an output that breaks its contract is a failure, with what there is', async () => {
  const made = claims(z.object({ decision: z.enum(['pay', 'refuse']) }), 'maybe')
  expect(await made.runner.run(request(made), { signal: signal() })).toMatchObject({
    status: 'failed',
    error: { code: 'agent_output_invalid' },
    output: { decision: 'maybe' },
  })
})

test('PO-20 closing the room ends the run too', async () => {
  const made = testKit()
  const runner = conversationRunner(made.kit, {
    id: 'chat',
    orchestration: new Pipeline({ agents: [scripted('host', ['Hello.'])] }),
  })
  const running = runner.run(request(made), { signal: signal() })
  await made.clock.advance(100)
  await made.kit.closeRoom('runner:chat:k1')
  expect(await running).toMatchObject({ status: 'completed', output: { claim: 7 }, text: 'Hello.' })
})

test('PO-20 a wait for a person is reported, and the run stays open until it is answered', async () => {
  const made = testKit()
  const ask = { ...finish, approval: true }
  const judge = scripted('judge', [call('finish', { decision: 'pay' }), 'I have asked.', 'Done.'], { tools: [ask] })
  const runner = conversationRunner(made.kit, {
    id: 'claims',
    orchestration: new Pipeline({ agents: [judge], allowHuman: false }),
  })
  const events: RunnerEvent[] = []
  let isOver = false
  const running = runner
    .run(request(made), { signal: signal(), onEvent: (event) => events.push(event) })
    .finally(() => (isOver = true))
  await made.clock.advance(1_000)
  const waiting = events.find((event) => event.type === 'waiting')
  expect(waiting).toMatchObject({ reason: 'approval' })
  expect(isOver).toBe(false)
  await made.kit.answerRequest((waiting as { requestId: string }).requestId, {
    decision: 'approve',
    by: { kind: 'person', id: 'chief' },
  })
  await made.clock.advance(1_000)
  expect(await running).toMatchObject({ status: 'completed', output: { decision: 'pay' } })
})

test('PO-19 a key seen before attaches to that room and gives its result, in another process too', async () => {
  const made = claims()
  const [one, other] = await Promise.all([
    made.runner.run(request(made), { signal: signal() }),
    made.runner.run(request(made), { signal: signal() }),
  ])
  expect(other.roomId).toBe(one.roomId)
  expect(made.judge.script.requests).toHaveLength(2)
  const again = conversationRunner(made.kit, {
    id: 'claims',
    orchestration: new Pipeline({ agents: [made.clerk, made.judge] }),
  })
  expect(await again.run(request(made), { signal: signal() })).toMatchObject({
    status: 'completed',
    output: { decision: 'pay' },
    roomId: one.roomId,
  })
  expect(made.judge.script.requests).toHaveLength(2)
})

test('PO-19 an abort cancels the inner work within 2 s', async () => {
  const made = testKit()
  const runner = conversationRunner(made.kit, {
    id: 'slow',
    orchestration: new Pipeline({ agents: [scripted('slow', [() => new Promise<string>(() => {})])] }),
  })
  const stop = new AbortController()
  const running = runner.run(request(made), { signal: stop.signal })
  await made.clock.advance(1_000)
  stop.abort()
  await made.clock.advance(2_000)
  expect(await running).toMatchObject({ status: 'cancelled' })
  expect(await made.kit.getRoom('runner:slow:k1')).toMatchObject({ status: 'closed' })
})

test('PO-19 spend is reserved in the given budget, and a budget that is used up ends the run', async () => {
  const made = claims()
  const budget = createBudget('step', 's1', { maxCalls: 1 }, { clock: made.clock })
  expect(await made.runner.run(request(made, { budget }), { signal: signal() })).toMatchObject({
    status: 'budgetExceeded',
    error: { code: 'budget_exceeded' },
  })
  expect(budget.envelopes[0]?.settled).toMatchObject({ calls: 1 })
})

test('PO-18 a conversation answers as an agent: a stage of another conversation is a run of it', async () => {
  const made = claims()
  const desk = new Agent('desk', { runner: made.runner })
  const room = await made.kit.createRoom({ orchestration: new Pipeline({ agents: [desk], allowHuman: false }) })
  await say(made.kit, room.id, 'Decide claim 7.')
  expect(await transcript(made.kit, room.id)).toEqual(['ada: Decide claim 7.', 'desk: It is decided.'])
  expect((await made.kit.state(room.id)).context['payload']).toEqual({ decision: 'pay' })
})
