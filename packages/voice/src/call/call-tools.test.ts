import { Agent } from '@parley/kit'
import { defineTool, type AnyTool, type ToolContext } from '@parley/spec'
import { scriptedModel, type ScriptedTurn } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openCall, type CallBench } from '../channel/__fixtures__/open-call.ts'
import type { CallSession } from './call-types.ts'

type Run = (context: ToolContext, call: () => CallSession) => unknown

/** A call of an agent with one tool. */
async function open(
  turns: ScriptedTurn[],
  run: Run,
  more: Partial<Parameters<typeof defineTool>[0]> = {},
): Promise<CallBench & { runs: ToolContext[]; model: ReturnType<typeof scriptedModel> }> {
  const runs: ToolContext[] = []
  let bench: CallBench | undefined
  const call = (): CallSession => {
    if (bench === undefined) throw new Error('The call is not open yet.')
    return bench.call
  }
  const tool: AnyTool = defineTool({
    name: 'work',
    description: 'Works',
    input: z.object({}),
    ...more,
    run(_input: unknown, context: ToolContext) {
      runs.push(context)
      return run(context, call)
    },
  })
  const model = scriptedModel(turns)
  bench = await openCall({
    agents: [new Agent('riley', { name: 'Riley', model, tools: [tool] })],
    channel: { interruption: { warmupMs: 0 } },
  })
  const { kit, clock } = bench
  return Object.assign(bench, {
    runs,
    model,
    [Symbol.asyncDispose]: async () => void (await Promise.all([kit.close(), clock.advance(60_000)])),
  })
}

const work = { toolCalls: [{ name: 'work', arguments: {} }] }

const forMs =
  (ms: number, result: unknown): Run =>
  async ({ clock, signal }) => {
    await clock.sleep(ms, { signal })
    return result
  }

test('B-7 T-2 T-3 a tool runs on when the person cuts in, and its result is spoken when it comes', async () => {
  const bench = await open([{ text: 'Let me look.', ...work }, 'Of course.', 'It is twelve euros.'], forMs(8_000, '12'))
  await using _ = bench
  const { endpoint, clock } = bench
  void endpoint.caller.sayText('what do i owe')
  await clock.advance(4_000)
  void endpoint.caller.sayText('are you still there my friend')
  await clock.advance(3_500)
  expect(bench.runs[0]?.signal.aborted).toBe(false)
  await clock.advance(12_000)
  expect(bench.runs).toHaveLength(1)
  expect(await bench.lines()).toEqual([
    'ada: what do i owe',
    'riley: Let me look.',
    'ada: are you still there my friend',
    'riley: Of course.',
    'riley: It is twelve euros.',
  ])
  const read = JSON.stringify(bench.model.requests[1]?.messages)
  expect(read).toContain('still in progress')
  expect(bench.errors).toEqual([])
})

test('B-7 a tool with cancelOnInterrupt is stopped when the person cuts in', async () => {
  const bench = await open([work, 'Of course.'], forMs(8_000, '12'), { cancelOnInterrupt: true })
  await using _ = bench
  void bench.endpoint.caller.sayText('what do i owe')
  await bench.clock.advance(4_000)
  void bench.endpoint.caller.sayText('forget that please')
  await bench.clock.advance(10_000)
  expect(bench.runs[0]?.signal.aborted).toBe(true)
  expect((await bench.lines()).at(-1)).toBe('riley: Of course.')
})

test('T-3 a tool has 5 s after the end of the call and is stopped then', async () => {
  const bench = await open([work], forMs(50_000, '12'))
  await using _ = bench
  void bench.endpoint.caller.sayText('what do i owe')
  await bench.clock.advance(3_000)
  void bench.call.hangup('hangup')
  await bench.clock.advance(4_000)
  expect(bench.runs[0]?.signal.aborted).toBe(false)
  await bench.clock.advance(4_000)
  expect(bench.runs[0]?.signal.aborted).toBe(true)
})

test('C-7 a tool that waits for the speech it is part of is told so at once', async () => {
  for (const waitMs of [0, 500]) {
    const seen: unknown[] = []
    const bench = await open([{ text: 'Let me look.', ...work }, 'Done.'], async (context, call) => {
      if (waitMs > 0) await context.clock.sleep(waitMs)
      const startedMs = context.clock.monotonicMs()
      try {
        await call().speechOf(context.turnId)
        seen.push('heard')
      } catch (error) {
        seen.push([error, context.clock.monotonicMs() - startedMs])
      }
      return 'ok'
    })
    await using _ = bench
    void bench.endpoint.caller.sayText('what do i owe')
    await bench.clock.advance(15_000)
    expect(seen).toEqual([[expect.objectContaining({ code: 'voice_self_wait' }), 0]])
    expect((await bench.lines()).at(-1)).toBe('riley: Done.')
  }
})

test('C-7 a line that a tool says itself may be waited for', async () => {
  const heard: string[] = []
  const bench = await open([{ text: 'Let me look.', ...work }, 'Done.'], async (_context, call) => {
    heard.push((await call().say('Please hold.')).heardText)
    return 'ok'
  })
  await using _ = bench
  void bench.endpoint.caller.sayText('what do i owe')
  await bench.clock.advance(15_000)
  expect(heard).toEqual(['Please hold.'])
  expect(bench.heard().join(' ')).toBe('Let me look. Please hold. Done.')
})

test('T-6 progress of a tool in the background is spoken when nobody speaks, at most every 10 s', async () => {
  const told = ['One of four.', 'Two of four.', 'Three of four.', 'Four of four.']
  const bench = await open(
    [{ text: 'I start.', ...work }, 'It runs.', 'All is done.'],
    async ({ clock, progress }) => {
      for (const text of told) {
        await clock.sleep(4_000)
        progress(text)
      }
      await clock.sleep(20_000)
      return 'ok'
    },
    { background: true },
  )
  await using _ = bench
  void bench.endpoint.caller.sayText('clean it up')
  await bench.clock.advance(60_000)
  const heard = bench.heard().join(' ')
  expect(heard).toBe('I start. It runs. One of four. Three of four. Four of four. All is done.')
  // It is said, and is no part of what the agent remembers.
  expect(await bench.lines()).toEqual(['ada: clean it up', 'riley: I start.', 'riley: It runs.', 'riley: All is done.'])
  expect(bench.errors).toEqual([])
})

test.each([
  ['yes', async ({ endpoint }: CallBench): Promise<void> => void endpoint.caller.sayText('yes'), 1],
  ['no', async ({ endpoint }: CallBench): Promise<void> => void endpoint.caller.sayText('no'), 0],
  ['key 1', async ({ endpoint }: CallBench): Promise<void> => endpoint.caller.dtmf('1'), 1],
  ['key 2', async ({ endpoint }: CallBench): Promise<void> => endpoint.caller.dtmf('2'), 0],
  ['silence', async (): Promise<void> => {}, 0],
] as const)('T-7 a tool with confirm asks aloud; %s decides', async (_how, answer, runs) => {
  const bench = await open([work, 'All right.'], () => 'paid', { confirm: true })
  await using _ = bench
  void bench.endpoint.caller.sayText('please pay it')
  await bench.clock.advance(6_500)
  expect(bench.heard().join(' ')).not.toBe('')
  expect(bench.runs).toEqual([])
  await answer(bench)
  await bench.clock.advance(20_000)
  expect(bench.runs).toHaveLength(runs)
  expect((await bench.lines()).at(-1)).toBe('riley: All right.')
  expect(await bench.kit.pendingRequests({ roomId: bench.roomId })).toEqual([])
})

test('T-1 calls of a step run at once, those with effects one after another, while what was said plays on', async () => {
  const ran: string[] = []
  const tool = (name: string, effect: 'pure' | 'effectful', ms: number): AnyTool =>
    defineTool({
      name,
      description: name,
      input: z.object({}),
      effect,
      async run(_input, { clock }) {
        const startedMs = clock.monotonicMs()
        await clock.sleep(ms)
        ran.push(`${name} ${clock.monotonicMs() - startedMs}`)
        return { name, startedMs }
      },
    })
  const call = (name: string): { name: string; arguments: object } => ({ name, arguments: {} })
  const model = scriptedModel([
    { text: 'Let me look at all of these things.', toolCalls: ['pay', 'send', 'look', 'read'].map(call) as never },
    'All done.',
  ])
  const tools = [
    tool('pay', 'effectful', 900),
    tool('send', 'effectful', 100),
    tool('look', 'pure', 300),
    tool('read', 'pure', 200),
  ]
  await using bench = await openCall({
    agents: [new Agent('riley', { name: 'Riley', model, tools })],
    channel: { preemptive: { enabled: false } },
  })
  void bench.endpoint.caller.sayText('do it all')
  await bench.clock.advance(15_000)
  expect(ran).toEqual(['read 200', 'look 300', 'pay 900', 'send 100'])
  const ended = await bench.kit.events(bench.roomId, { types: ['toolCallEnded'] })
  const started = new Map(
    ended.map(({ content }) => {
      const { name, startedMs } = (content.type === 'toolCall' ? content.result : null) as {
        name: string
        startedMs: number
      }
      return [name, startedMs]
    }),
  )
  expect(started.get('look')).toBe(started.get('pay'))
  expect(started.get('read')).toBe(started.get('pay'))
  expect(started.get('send')).toBe((started.get('pay') ?? 0) + 900)
  const results = model.requests[1]?.messages.at(-1)
  expect(results?.role === 'tool' && results.results.map(({ name }) => name)).toEqual(['pay', 'send', 'look', 'read'])
  expect(bench.heard().join(' ')).toBe('Let me look at all of these things. All done.')
  expect(await bench.lines()).not.toContainEqual(expect.stringMatching(/\|$/))
})

test('T-7 silence is a no after 8 s, counted from the end of the question', async () => {
  const bench = await open([work, 'All right.'], () => 'paid', { confirm: true })
  await using _ = bench
  void bench.endpoint.caller.sayText('please pay it')
  const pending = async (): Promise<number> => (await bench.kit.pendingRequests({ roomId: bench.roomId })).length
  while ((await pending()) === 0) await bench.clock.advance(100)
  while (bench.heard().length === 0 || bench.call.state.agent === 'speaking') await bench.clock.advance(20)
  await bench.clock.advance(7_900)
  expect(await pending()).toBe(1)
  await bench.clock.advance(200)
  expect(await pending()).toBe(0)
  expect(bench.runs).toEqual([])
})
