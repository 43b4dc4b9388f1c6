import { Agent } from '@parley/kit'
import { defineTool, type AnyTool } from '@parley/spec'
import { scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openCall } from './__fixtures__/open-call.ts'

/** Asks the person for four digits that nobody may read. */
function askPin(given: unknown[] = []): AnyTool {
  return defineTool({
    name: 'ask_pin',
    description: 'Asks for the PIN.',
    effect: 'effectful',
    input: z.strictObject({}),
    output: z.strictObject({ verified: z.boolean() }),
    timeoutMs: 600_000,
    async run(_input, { requestInput }) {
      const schema = z.string().regex(/^\d{4}$/)
      const answer = await requestInput({ schema, prompt: 'key in your pin', sensitive: true })
      given.push(answer.status === 'answered' ? answer.value : answer.status)
      return { verified: true }
    },
  })
}

function asking(tool: AnyTool): Agent {
  return new Agent('riley', {
    name: 'riley',
    tools: [tool],
    model: scriptedModel([
      { text: 'now we check that it is you. nobody can read it.', toolCalls: [{ name: 'ask_pin', arguments: {} }] },
      'thank you that is right',
    ]),
  })
}

test('D-3 D-4 a tool asks after what its agent said before, nobody fills the wait, and the rest is heard', async () => {
  const given: unknown[] = []
  await using bench = await openCall({
    agents: [asking(askPin(given))],
    channel: { filler: { lines: ['one moment please'] } },
  })
  const { clock, endpoint, call } = bench
  void endpoint.caller.sayText('i was charged twice')
  await clock.advance(15_000)
  expect(bench.heard()).toEqual(['now we check that it is you. nobody can read it. key in your pin'])
  expect(call.state.agent).toBe('listening')
  for (const digit of '4821') endpoint.caller.dtmf(digit)
  await clock.advance(10_000)
  expect(bench.errors).toEqual([])
  expect(given).toEqual(['4821'])
  expect(bench.heard().at(-1)).toBe('thank you that is right')
  expect(await bench.lines()).toEqual([
    'ada: i was charged twice',
    'riley: now we check that it is you. nobody can read it.',
    'riley: thank you that is right',
  ])
  const captions = endpoint.views.flatMap((view) => (view.type === 'caption' && view.final ? [view.text] : []))
  expect(captions).toContain('now we check that it is you. nobody can read it. thank you that is right')
  expect(JSON.stringify(await bench.kit.events(bench.roomId, { limit: 200 }))).not.toMatch(/(?<![\w.])4821(?!\w)/)
})

test('D-4 a secret that is spoken is masked where it would be kept, and the tool gets it', async () => {
  const given: unknown[] = []
  await using bench = await openCall({ agents: [asking(askPin(given))] })
  const { clock, endpoint } = bench
  void endpoint.caller.sayText('i was charged twice')
  await clock.advance(15_000)
  void endpoint.caller.sayText('four eight two one')
  await clock.advance(12_000)
  expect(given).toEqual(['4821'])
  expect(await bench.lines()).toEqual([
    'ada: i was charged twice',
    'riley: now we check that it is you. nobody can read it.',
    'ada: [REDACTED]',
    'riley: thank you that is right',
  ])
  expect(JSON.stringify(bench.call.log)).not.toMatch(/four|eight two/)
  expect(JSON.stringify(await bench.kit.receipts(bench.roomId, { limit: 500 }))).not.toMatch(/four|eight two/)
})

test('GR-2 who calls is greeted when their media is there, not when they become a member', async () => {
  const riley = new Agent('riley', { name: 'riley', greeting: 'harbor internet', model: scriptedModel([]) })
  await using bench = await openCall({
    agents: [riley],
    async setUp(kit, roomId) {
      await kit.addMember(roomId, { id: 'ada', channelId: 'voice' })
    },
  })
  expect(await bench.lines()).toEqual([])
  await bench.clock.advance(6_000)
  expect(bench.heard()).toEqual(['harbor internet'])
  expect(await bench.lines()).toEqual(['riley: harbor internet'])
})
