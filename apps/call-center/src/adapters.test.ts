import { afterEach, expect, test } from 'vitest'
import { fromLanguageModel } from '@parley/ai-sdk'
import { createOpenAiChatModel } from '@parley/openai'
import type { ChatModel } from '@parley/spec'
import { languageModelDouble } from '@parley/testing'
import { createOpenAiDouble, respondWithModel, type OpenAiDouble } from '@parley/testing/doubles'
import { approve, callAs, openDesk } from './__fixtures__/remote-caller.ts'
import { createCallCenter, type CallCenterOptions } from './app.ts'
import { readSettings } from './start/settings.ts'

const opened: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close()
})

/** The double charge, over HTTP and WebSocket, with another model between the agents and the rules. */
async function tellTheStory(wrapModel: NonNullable<CallCenterOptions['wrapModel']>): Promise<void> {
  const settings = readSettings(['--port', '0'], { PARLEY_DATABASE_URL: 'memory://' })
  const callCenter = await createCallCenter({ settings, wrapModel, pages: false })
  opened.push(() => callCenter.close())
  const origin = `http://127.0.0.1:${callCenter.port}`
  const caller = await callAs('ada', origin)
  await caller.hear(/this is Riley/)
  await caller.say('I was charged twice')
  await caller.hear(/account number/)
  await caller.say('204417')
  await caller.hear(/enter your PIN/)
  await caller.pin('4821')
  await caller.hear(/Morgan from billing.*two payments of \$79\.00/)
  await caller.say('yes please')
  await caller.hear(/decided by a colleague/)
  await approve(await openDesk(origin), caller.roomId)
  await caller.hear(/\$79\.00 is credited to invoice INV-2210/)
  caller.close()
}

test.each(['responses', 'chat'] as const)(
  'the double charge is settled over the wire of OpenAI, by %s',
  async (api) => {
    // One double per agent: each speaks for one set of rules.
    const doubles = new Map<string, OpenAiDouble>()
    for (const agentId of ['triage', 'billing', 'technical', 'retention']) {
      const double = await createOpenAiDouble()
      opened.push(() => double.close())
      doubles.set(agentId, double)
    }
    await tellTheStory((local, agentId) => {
      const double = doubles.get(agentId)
      if (!double) throw new Error(`There is no double for ${agentId}.`)
      double.setRespond(respondWithModel(local))
      const { apiKey, baseUrl: baseURL } = double
      return createOpenAiChatModel({ model: 'gpt-4.1-mini', apiKey, baseURL, api, sendMetadata: true })
    })
    for (const double of doubles.values()) expect(double.violations).toEqual([])
    expect(doubles.get('billing')?.received().length).toBeGreaterThan(2)
    const wire = JSON.stringify([...doubles.values()].flatMap((double) => double.received().map(({ body }) => body)))
    expect(wire).not.toContain('4821')
  },
  60_000,
)

test('the double charge is settled through the AI SDK adapter', async () => {
  let calls = 0
  await tellTheStory((local: ChatModel) =>
    fromLanguageModel(languageModelDouble(local, { onCall: () => (calls += 1) })),
  )
  expect(calls).toBeGreaterThan(5)
}, 60_000)
