import { describe, expect, test } from 'vitest'
import type { AgentOutput, Channel, SettledOutput } from '@parley/spec'
import { modify } from '../hooks/hook-results.ts'
import { agentOf, gate, openRoom, recorder } from './__fixtures__/room-bench.ts'

/** A call that hears what it is told it heard. */
function callOf(channelId: string, hear: (text: string, segment: number) => Promise<SettledOutput> | SettledOutput) {
  const given: string[] = []
  const channel: Channel = {
    channelId,
    channelType: 'voice',
    category: 'transport',
    capabilities: { content: ['text'], live: 'settling' },
    deliver: async () => ({ status: 'sent' }),
    openOutput(output: AgentOutput) {
      const complete: PromiseWithResolvers<string>[] = []
      const textOfSegment = (segment: number) => (complete[segment] ??= Promise.withResolvers<string>())
      const read = (async () => {
        let text = ''
        for await (const part of output.parts) {
          if (part.type === 'textDelta') given.push(part.text)
          if (part.type === 'textDelta') text += part.text
          if (part.type !== 'segmentEnd') continue
          textOfSegment(part.segment).resolve(text)
          text = ''
        }
      })()
      return {
        settled: async (segment) => hear(await textOfSegment(segment).promise, segment),
        close: () => read,
      }
    },
  }
  return { channel, given }
}

const speaking = agentOf('riley', async function* () {
  yield { type: 'textDelta', text: 'I can ' }
  yield { type: 'textDelta', text: 'credit one of them.' }
  yield { type: 'end', reason: 'completed' }
})

describe('spoken output', () => {
  test('SO-2 C-2 what a call settles is committed, not what was written', async () => {
    const call = callOf('voice', () => ({ text: 'I can credit', interrupted: true, voice: { utteranceId: 'utt_1' } }))
    await using bench = await openRoom([speaking, call.channel])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'hello' })
    await bench.kit.settled(bench.roomId)
    const events = await bench.kit.events(bench.roomId, { types: ['message'] })
    expect(call.given).toEqual(['I can ', 'credit one of them.'])
    expect(events.map(({ content }) => content)).toEqual([
      { type: 'text', text: 'hello' },
      { type: 'text', text: 'I can credit', interrupted: true },
    ])
    expect(events[1]?.metadata['voice']).toEqual({ utteranceId: 'utt_1' })
    expect(bench.errors).toEqual([])
  })

  test('SO-2 of several settling bindings the first attached one speaks, and a receipt names the others', async () => {
    const first = callOf('voice', (text) => ({ text, interrupted: false }))
    const second = callOf('phone', (text) => ({ text, interrupted: false }))
    await using bench = await openRoom([speaking, first.channel, second.channel])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'hello' })
    await bench.kit.settled(bench.roomId)
    expect(first.given).toEqual(['I can ', 'credit one of them.'])
    expect(second.given).toEqual([])
    const receipts = await bench.kit.receipts(bench.roomId, { kind: 'delivery' })
    expect(receipts.map(({ data }) => data)).toEqual([
      { code: 'settling_conflict', channelId: 'voice', ignored: ['phone'] },
    ])
  })

  test('C-2 nothing that was not heard is committed', async () => {
    const call = callOf('voice', () => ({ text: '', interrupted: true }))
    await using bench = await openRoom([speaking, call.channel])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'hello' })
    await bench.kit.settled(bench.roomId)
    expect(await bench.lines()).toEqual(['ada: hello'])
  })

  test('C-3 tools run while speech plays; each segment is committed when it was heard', async () => {
    const heard = gate()
    const asking = agentOf('riley', async function* () {
      yield { type: 'textDelta', text: 'Let me look.' }
      yield { type: 'toolCallStarted', call: { callId: 'c1', name: 'look', arguments: {} } }
      yield { type: 'toolCallEnded', call: { callId: 'c1', name: 'look', arguments: {}, result: 'two' } }
      yield { type: 'textDelta', text: 'There are two.' }
      yield { type: 'end', reason: 'completed' }
    })
    const call = callOf('voice', async (text, segment) => {
      if (segment === 0) await heard.opened
      return { text, interrupted: false }
    })
    await using bench = await openRoom([asking, call.channel])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'hello' })
    await bench.clock.advance(10)
    expect((await bench.kit.events(bench.roomId)).map(({ type }) => type)).toContain('toolCallEnded')
    expect(await bench.lines()).toEqual(['ada: hello'])
    heard.open()
    await bench.kit.settled(bench.roomId)
    expect(await bench.lines()).toEqual(['ada: hello', 'riley: Let me look.', 'riley: There are two.'])
  })

  test('SO-2 an output that the call declines is text like any other', async () => {
    const declining: Channel = {
      ...callOf('voice', () => ({ text: '', interrupted: false })).channel,
      openOutput: () => ({ close: async () => {} }),
    }
    await using bench = await openRoom([speaking, declining])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'hello' })
    await bench.kit.settled(bench.roomId)
    expect(await bench.lines()).toEqual(['ada: hello', 'riley: I can credit one of them.'])
  })

  test('HK-8 speech waits for hooks that may change the text, and is spoken as they leave it', async () => {
    const call = callOf('voice', (text) => ({ text, interrupted: false }))
    const sms = recorder('sms')
    await using bench = await openRoom([speaking, call.channel, sms])
    bench.kit.hook(
      'beforeBroadcast',
      ({ event }) =>
        event.content.type === 'text' && event.source.kind === 'agent'
          ? modify({ ...event, content: { type: 'text', text: event.content.text.replace('credit', '[hidden]') } })
          : undefined,
      { sourceKinds: ['agent'] },
    )
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'hello' })
    await bench.kit.settled(bench.roomId)
    expect(call.given).toEqual(['I can [hidden] one of them.'])
    expect(await bench.lines()).toEqual(['ada: hello', 'riley: I can [hidden] one of them.'])
    expect(sms.texts()).toContain('I can [hidden] one of them.')
    expect(bench.errors).toEqual([])
  })
})
