import { Agent } from '@parley/kit'
import { defineTool } from '@parley/spec'
import { createFakeTts, scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openCall, type CallBench } from '../channel/__fixtures__/open-call.ts'
import { createTtsCache } from '../speech/tts-cache.ts'
import type { VoiceChannelOptions } from '../channel/voice-channel-options.ts'

/** A call whose tool takes a while, asked at once. */
async function open(
  toolMs: number,
  filler: VoiceChannelOptions['filler'],
  more: VoiceChannelOptions = {},
): Promise<CallBench> {
  const look = defineTool({
    name: 'look_up',
    description: 'Looks up',
    input: z.object({}),
    effect: 'pure',
    async run(_input, { clock, signal }) {
      await clock.sleep(toolMs, { signal })
      return 'found'
    },
  })
  const model = scriptedModel([{ toolCalls: [{ name: 'look_up', arguments: {} }] }, 'It is twelve euros.'])
  const agents = [new Agent('riley', { name: 'Riley', model, tools: [look] })]
  const bench = await openCall({
    agents,
    channel: { preemptive: { enabled: false }, ...more, ...(filler === undefined ? {} : { filler }) },
  })
  void bench.endpoint.caller.sayText('what do i owe')
  return bench
}

const at = ({ call }: CallBench, type: string): number[] =>
  call.log
    .filter(({ event, effects }) => JSON.stringify([event, effects]).includes(`"type":"${type}"`))
    .map(({ atMs }) => atMs)

test('T-4 a filler comes after 800 ms of silence and again every 6 s, three times, never the same line twice in a row', async () => {
  await using bench = await open(22_000, { lines: ['One moment.', 'Still looking.'] })
  await bench.clock.advance(45_000)
  const [started = 0] = at(bench, 'toolCallStarted')
  const due = at(bench, 'playFiller')
  expect(due).toHaveLength(3)
  expect(due[0]).toBe(started + 800)
  expect((due[1] ?? 0) - (due[0] ?? 0)).toBeGreaterThanOrEqual(6_000)
  expect(bench.heard()).toEqual(['One moment.', 'Still looking.', 'One moment.', 'It is twelve euros.'])
  // It is heard, and is no part of what was said.
  expect(await bench.lines()).toEqual(['ada: what do i owe', 'riley: It is twelve euros.'])
  expect(bench.errors).toEqual([])
})

test('T-4 one line alone is said once, and none when the tool is quick', async () => {
  await using bench = await open(10_000, { lines: ['One moment.'] })
  await bench.clock.advance(45_000)
  expect(bench.heard()).toEqual(['One moment.', 'It is twelve euros.'])
  await using quick = await open(700, { lines: ['One moment.'] })
  await quick.clock.advance(15_000)
  expect(quick.heard()).toEqual(['It is twelve euros.'])
})

test('T-4 the answer waits for the end of a clause, for 400 ms at most, and fades the rest', async () => {
  const long = 'let me see what there is to be found in all of those many old books and papers about it'
  await using bench = await open(2_000, { lines: [long] })
  await bench.clock.advance(15_000)
  const [filler = '', ...rest] = bench
    .heard()
    .join(' ')
    .split(/ (?=It is twelve)/)
  expect(rest).toEqual(['It is twelve euros.'])
  expect(filler.length).toBeLessThan(long.length)
  expect(filler.startsWith('let me see')).toBe(true)
  expect(long.startsWith(filler)).toBe(true)
  const ready = at(bench, 'replyDelta').at(-1) ?? 0
  const answered = bench.call.log.find(
    ({ atMs, event }) => atMs >= ready && JSON.stringify(event).includes('"playoutStarted"'),
  )
  expect(answered?.atMs).toBeGreaterThan(ready)
  expect(answered?.atMs).toBeLessThanOrEqual(ready + 440)
  expect(await bench.lines()).toEqual(['ada: what do i owe', 'riley: It is twelve euros.'])
  expect(bench.errors).toEqual([])
})

test('T-4 a line can be made for the tool; one that comes too late is not said', async () => {
  const asked: unknown[] = []
  const generate = async ({ tool, signal }: { tool: string; signal: AbortSignal }): Promise<string> => {
    asked.push([tool, signal.aborted])
    return `I am at ${tool.replace('_', ' ')}.`
  }
  await using bench = await open(4_000, { generate })
  await bench.clock.advance(15_000)
  expect(asked).toEqual([['look_up', false]])
  expect(bench.heard()).toEqual(['I am at look up.', 'It is twelve euros.'])
  let signal: AbortSignal | undefined
  await using slow = await open(2_000, {
    generate: (input) => {
      ;({ signal } = input)
      return new Promise(() => {})
    },
  })
  await slow.clock.advance(15_000)
  expect(signal?.aborted).toBe(true)
  expect(slow.heard()).toEqual(['It is twelve euros.'])
})

test('T-5 the latency of the answer leaves the filler out, which has its own', async () => {
  await using bench = await open(4_000, { lines: ['One moment.'] })
  await bench.clock.advance(15_000)
  const [report] = await bench.receipts('metrics')
  const numbers = (report?.['metrics'] ?? report) as { e2eLatency: number; fillerLatency: number }
  expect(numbers.fillerLatency).toBeGreaterThan(800)
  expect(numbers.fillerLatency).toBeLessThan(3_000)
  expect(numbers.e2eLatency).toBeGreaterThan(4_000)
})

test('fillers are made before they are wanted and kept for other calls; replies are not kept', async () => {
  const made: string[] = []
  const plain = createFakeTts({ sampleRateHz: 16_000 })
  const tts: typeof plain = {
    ...plain,
    async open(options, context) {
      const stream = await plain.open(options, context)
      const speak = stream.speak.bind(stream)
      stream.speak = (text, segment) => {
        made.push(text)
        speak(text, segment)
      }
      return stream
    },
  }
  const cache = createTtsCache()
  await using first = await open(3_000, { lines: ['One moment.'] }, { tts, cache })
  await first.clock.advance(500)
  expect(made).toEqual(['One moment.'])
  await first.clock.advance(12_000)
  expect(first.heard()).toEqual(['One moment.', 'It is twelve euros.'])
  await using second = await open(3_000, { lines: ['One moment.'] }, { tts, cache })
  await second.clock.advance(12_000)
  expect(second.heard()).toEqual(['One moment.', 'It is twelve euros.'])
  expect(made).toEqual(['One moment.', 'It is twelve euros.', 'It is twelve euros.'])
  expect([...first.errors, ...second.errors]).toEqual([])
})
