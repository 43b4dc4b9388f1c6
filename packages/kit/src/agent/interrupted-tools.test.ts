import { defineTool, type AnyTool, type OutputSink, type ToolContext } from '@parley/spec'
import { scriptedModel, type ScriptedTurn } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { line, openKit, recordingTransport, type KitBench } from '../__fixtures__/open-kit.ts'
import { callAccessOf } from '../core/call-access.ts'
import { Agent } from './agent.ts'

/** A call in the room that hears everything at once. */
function ear(): ReturnType<typeof recordingTransport> {
  return recordingTransport('ear', {
    channelType: 'voice',
    capabilities: { content: ['text'], live: 'settling' },
    openOutput({ parts }): OutputSink {
      const heard: string[] = []
      const read = (async () => {
        let text = ''
        for await (const part of parts) {
          if (part.type === 'textDelta') text += part.text
          if (part.type !== 'segmentEnd') continue
          heard[part.segment] = text
          text = ''
        }
      })()
      return {
        settled: async (segment) => {
          while (heard[segment] === undefined) await Promise.resolve()
          return { text: heard[segment] ?? '', interrupted: false }
        },
        close: async () => await read,
      }
    },
  })
}

interface Bench extends KitBench {
  roomId: string
  interrupt(): Promise<void>
  log(): Promise<string[]>
  requests: ReturnType<typeof scriptedModel>['requests']
}

async function spoken(turns: ScriptedTurn[], tools: AnyTool[]): Promise<Bench> {
  const model = scriptedModel(turns)
  const bench = openKit({}, [ear(), new Agent('riley', { model, tools })])
  const { id } = await bench.kit.createRoom({ channels: ['ear', 'riley'] })
  return {
    ...bench,
    roomId: id,
    requests: model.requests,
    async interrupt() {
      const call = (await bench.kit.events(id, { types: ['toolCallStarted'] })).at(-1)
      callAccessOf(bench.kit).interruptTurn(call?.turnId ?? '')
      await bench.clock.advance(0)
    },
    async log() {
      return (await bench.kit.events(id)).flatMap(({ type, content }) => {
        if (type === 'message' && content.type === 'text') return [content.text]
        if (type === 'toolCallEnded' && content.type === 'toolCall')
          return [`${content.name} -> ${JSON.stringify(content.result ?? content.error)}`]
        if (content.type === 'system' && content.code === 'tool_outcome')
          return [`outcome ${JSON.stringify(content.data)}`]
        return []
      })
    },
  }
}

function slow(more: Partial<Parameters<typeof defineTool>[0]> = {}): { tool: AnyTool; runs: ToolContext[] } {
  const runs: ToolContext[] = []
  const tool = defineTool({
    name: 'lookup',
    description: 'Looks an invoice up',
    input: z.object({ id: z.number() }),
    effect: 'pure',
    ...more,
    async run(_input: unknown, context: ToolContext) {
      runs.push(context)
      await context.clock.sleep(2_000, { signal: context.signal })
      return { cents: 1200 }
    },
  })
  return { tool, runs }
}

const lookup = (id = 1): { toolCalls: { name: string; arguments: { id: number } }[] } => ({
  toolCalls: [{ name: 'lookup', arguments: { id } }],
})

test('B-7 T-3 a tool runs on when its turn is cut off, and its result opens a turn of the active agent', async () => {
  const { tool, runs } = slow()
  const bench = await spoken([{ text: 'One moment.', ...lookup() }, 'Hello again.', 'It is 12 euros.'], [tool])
  void bench.kit.processInbound(line('ear', 'ada', 'what do i owe'), { roomId: bench.roomId })
  await bench.clock.advance(500)
  await bench.interrupt()
  expect(runs[0]?.signal.aborted).toBe(false)
  void bench.kit.processInbound(line('ear', 'ada', 'are you there'), { roomId: bench.roomId })
  await bench.clock.advance(500)
  expect(await bench.log()).toEqual([
    'what do i owe',
    'One moment.',
    'lookup -> {"status":"still in progress"}',
    'are you there',
    'Hello again.',
  ])
  await bench.clock.advance(2_000)
  expect((await bench.log()).slice(5)).toEqual([
    expect.stringMatching(/^outcome .*"tool":"lookup".*"result":\{"cents":1200\}/),
    'It is 12 euros.',
  ])
  const told = bench.requests[2]?.messages.map((message) => JSON.stringify(message)).join('\n')
  expect(told).toContain('still in progress')
  expect(told).toContain('Say only what you have not said yet')
  expect(bench.errors).toEqual([])
})

test('B-7 a tool that says so is stopped when its turn is cut off', async () => {
  const { tool, runs } = slow({ cancelOnInterrupt: true })
  const bench = await spoken([lookup(), 'never said'], [tool])
  void bench.kit.processInbound(line('ear', 'ada', 'what do i owe'), { roomId: bench.roomId })
  await bench.clock.advance(500)
  await bench.interrupt()
  expect(runs[0]?.signal.aborted).toBe(true)
  await bench.clock.advance(5_000)
  const log = await bench.log()
  expect(log).toHaveLength(2)
  expect(log[1]).toContain('tool_failed')
})

test('T-2 a call that still runs is not issued again, in later turns too', async () => {
  const { tool, runs } = slow()
  const bench = await spoken([lookup(), lookup(), 'Wait a little.', 'It is 12 euros.'], [tool])
  void bench.kit.processInbound(line('ear', 'ada', 'what do i owe'), { roomId: bench.roomId })
  await bench.clock.advance(500)
  await bench.interrupt()
  void bench.kit.processInbound(line('ear', 'ada', 'how much'), { roomId: bench.roomId })
  await bench.clock.advance(5_000)
  expect(runs).toHaveLength(1)
  const log = await bench.log()
  expect(log.filter((entry) => entry.startsWith('lookup'))).toEqual([
    'lookup -> {"status":"still in progress"}',
    expect.stringContaining('tool_repeated_call'),
  ])
  expect(log.at(-1)).toBe('It is 12 euros.')
})

test('T-2 a repeated call of a spoken turn is refused, runs or asks first, as its tool says', async () => {
  for (const [onDuplicate, expected] of [
    [undefined, 1],
    ['allow', 2],
    ['confirm', 2],
  ] as const) {
    const { tool, runs } = slow(onDuplicate === undefined ? {} : { onDuplicate })
    const bench = await spoken([lookup(), lookup(), lookup(2), 'Done.'], [tool])
    const asked: string[] = []
    bench.kit.observe('onUserInputRequired', ({ request }) => {
      asked.push(request.kind)
      void bench.kit.answerRequest(request.id, { decision: 'approve', by: { kind: 'person', id: 'ada' } })
    })
    void bench.kit.processInbound(line('ear', 'ada', 'what do i owe'), { roomId: bench.roomId })
    await bench.clock.advance(20_000)
    // The one with other arguments is no duplicate.
    expect(runs).toHaveLength(expected + 1)
    expect(asked).toEqual(onDuplicate === 'confirm' ? ['confirm'] : [])
    expect((await bench.log()).at(-1)).toBe('Done.')
  }
})

test('T-3 abandoned tools have 5 s after the end of the call and are stopped then', async () => {
  const runs: ToolContext[] = []
  const tool = defineTool({
    name: 'lookup',
    description: 'Takes its time',
    input: z.object({ id: z.number() }),
    async run(_input, context) {
      runs.push(context)
      await context.clock.sleep(30_000, { signal: context.signal })
      return 'late'
    },
  })
  const bench = await spoken([lookup(), 'It failed.'], [tool])
  const leave = callAccessOf(bench.kit).joinCalls(bench.roomId, { say: () => false })
  void bench.kit.processInbound(line('ear', 'ada', 'what do i owe'), { roomId: bench.roomId })
  await bench.clock.advance(500)
  await bench.interrupt()
  leave()
  await bench.clock.advance(4_999)
  expect(runs[0]?.signal.aborted).toBe(false)
  await bench.clock.advance(1)
  expect(runs[0]?.signal.aborted).toBe(true)
  expect((await bench.log()).at(-2)).toContain('"error"')
})

test('T-2 a tool in the background is not issued again before it has ended', async () => {
  const { tool, runs } = slow({ background: true })
  const bench = await spoken(
    [lookup(), 'It runs.', lookup(), 'Still running.', 'Done.', lookup(), 'Again.', 'Done too.'],
    [tool],
  )
  void bench.kit.processInbound(line('ear', 'ada', 'start'), { roomId: bench.roomId })
  await bench.clock.advance(500)
  void bench.kit.processInbound(line('ear', 'ada', 'start it'), { roomId: bench.roomId })
  await bench.clock.advance(500)
  expect(runs).toHaveLength(1)
  expect((await bench.log()).at(-1)).toBe('Still running.')
  await bench.clock.advance(4_000)
  expect((await bench.log()).at(-1)).toBe('Done.')
  void bench.kit.processInbound(line('ear', 'ada', 'once more'), { roomId: bench.roomId })
  await bench.clock.advance(5_000)
  expect(runs).toHaveLength(2)
})
