import { Agent, Kit } from '@parley/kit'
import { createPostgresStore, openDatabase } from '@parley/postgres'
import { createSystemClock, createSystemIds, defineTool, type InboundMessage, type SqlDatabase } from '@parley/spec'
import { scriptedModel } from '@parley/testing'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { recordingTransport, says, scriptedAgent, textsOf, type RecordingTransport } from './chaos-bench.ts'

let database: SqlDatabase
const clock = createSystemClock()
const ids = createSystemIds()

beforeAll(async () => {
  database = await openDatabase('memory://')
}, 60_000)
afterAll(() => database.close())

/** A kit on the one database, as another part of the process would make it. */
function openKit(...agents: Parameters<Kit['register']>[0][]): { kit: Kit; web: RecordingTransport; errors: string[] } {
  const kit = new Kit({ store: createPostgresStore({ database, clock }), clock, ids })
  onTestFinished(() => kit.close())
  const web = recordingTransport('web')
  const errors: string[] = []
  kit.observe(
    'onError',
    ({ error, stage }) => void errors.push(`${stage}: ${error.code}: ${error.message} ${String(error.cause)}`),
  )
  for (const channel of [web, ...agents]) kit.register(channel)
  return { kit, web, errors }
}

test('IN-2 EV-1 the same provider message five times at once, by two kits on one store: one event, one answer, five acknowledgements of it', async () => {
  const one = openKit(scriptedAgent('bot', says('an answer')))
  const two = openKit(scriptedAgent('bot', says('an answer')))
  const { id } = await one.kit.createRoom({ channels: ['web', 'bot'] })
  const message: InboundMessage = {
    channelId: 'web',
    senderId: 'ada',
    content: { type: 'text', text: 'hello', language: 'en' },
    providerMessageId: 'wamid.1',
  }
  const results = await Promise.all(
    [one, two, one, two, one].map(({ kit }) => kit.processInbound(message, { roomId: id, wait: 'settled' })),
  )
  const events = results.map((result) => (result.outcome === 'committed' ? result.event.id : JSON.stringify(result)))
  expect(new Set(events).size, events.join()).toBe(1)
  await Promise.all([one, two].map(({ kit }) => kit.settled(id)))
  expect(textsOf(await one.kit.events(id, { types: ['message'] }))).toEqual(['hello', 'an answer'])
  expect([...one.errors, ...two.errors]).toEqual([])
}, 60_000)

test('EV-1 two kits that write to one room at once leave a log without gap, every line is committed once or refused by name, and delivered under one id', async () => {
  const one = openKit()
  const two = openKit()
  const { id } = await one.kit.createRoom({ channels: ['web'] })
  const sends = Array.from({ length: 20 }, (_, n) =>
    [one, two].map(async ({ kit }, which) => {
      const text = `${which}-${n}`
      const result = await kit.send(id, { from: 'ada', text, idempotencyKey: text }).catch((error: unknown) => error)
      return { text, result: result as Awaited<ReturnType<Kit['send']>> | { code: string } }
    }),
  ).flat()
  const answers = await Promise.all(sends)
  await Promise.all([one, two].map(({ kit }) => kit.settled(id)))
  const events = await one.kit.events(id, { limit: 1_000 })
  expect(events.map(({ index }) => index)).toEqual(events.map((_event, index) => index))
  const committed = answers
    .filter(({ result }) => 'outcome' in result && result.outcome === 'committed')
    .map(({ text }) => text)
  const refused = answers
    .filter(({ result }) => !('outcome' in result && result.outcome === 'committed'))
    .map(({ result }) => ('code' in result ? result.code : 'reason' in result ? result.reason : ''))
  expect(textsOf(events).sort()).toEqual(committed.sort())
  expect(
    refused.filter(
      (code) =>
        !['process_timeout', 'lock_timeout', 'store_unavailable', 'version_conflict', 'room_busy'].includes(code),
    ),
  ).toEqual([])
  // Lanes of two kits know each other only by shared locks; what both deliver has one id.
  const deliveries = new Map(
    [...one.web.deliveries, ...two.web.deliveries].map(({ deliveryId, event }) => [deliveryId, event.id]),
  )
  expect([...deliveries.values()].sort()).toEqual(events.map((event) => event.id).sort())
}, 60_000)

test.each(['\u0000', 'half \ud800 pair', '\u0007 bell'])(
  'TL-6 a tool and a model that give %j are kept out of the columns that cannot hold it; the person is answered',
  async (text) => {
    const tool = defineTool({
      name: 'odd',
      description: 'Is odd.',
      input: z.object({ q: z.string().optional() }),
      run: () => ({ text }),
    })
    const model = scriptedModel(
      [
        {
          toolCalls: [
            { name: 'odd', arguments: { q: text } },
            { name: `unknown ${text}`, arguments: {} },
          ],
        },
        { text: `so be it ${text}` },
      ],
      { then: 'last' },
    )
    const { kit, errors } = openKit(new Agent('bot', { model, tools: [tool] }))
    const { id } = await kit.createRoom({ channels: ['web', 'bot'] })
    await kit.send(id, { from: 'ada', text: 'hello' }, { wait: 'settled' })
    await kit.settled(id)
    expect(errors).toEqual([])
    const said = textsOf(await kit.events(id, { types: ['message'] }))
    expect(said[0]).toBe('hello')
    expect(said[1]).toContain('so be it')
  },
  60_000,
)
