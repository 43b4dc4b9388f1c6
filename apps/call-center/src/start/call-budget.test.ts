import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { estimateInputTokens, type ChatModel, type ChatRequest } from '@parley/spec'
import { createVirtualClock, scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import { callAs } from '../__fixtures__/remote-caller.ts'
import { createStoryWorld } from '../__fixtures__/story-room.ts'
import { createCallCenter } from '../app.ts'
import { chooseModel, usualCall } from './choose-model.ts'
import { readPrices } from './read-prices.ts'
import { readSettings } from './settings.ts'
import { startText } from './start-text.ts'

const at = '2026-11-22T00:00:00.000Z'
const clock = createVirtualClock()
const rules = scriptedModel(['hi'])
const local = { triage: rules, billing: rules, technical: rules, retention: rules }
const answered = (): Promise<Response> => Promise.resolve(Response.json({ data: [] }))

test('platform 13 PARLEY_CALL_BUDGET_USD is none unless it is set, and a wrong one is named with its remedy', () => {
  const read = (text?: string) => readSettings([], { PARLEY_CALL_BUDGET_USD: text }).callBudgetUsd
  expect([read(), read(''), read('0.50'), read('2')]).toEqual([undefined, undefined, 0.5, 2])
  for (const wrong of ['0', '-1', '$1', '1e-3', '0.0000000001', 'much']) {
    expect(() => read(wrong)).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: `PARLEY_CALL_BUDGET_USD is "${wrong}"; US dollars above 0 are needed, such as 0.50. Unset it for no cap.`,
        details: { path: 'PARLEY_CALL_BUDGET_USD' },
      }),
    )
  }
})

test('platform 11 PARLEY_PRICES gives the price that is valid now; a file that is none is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'call-center-'))
  const file = join(folder, 'prices.json')
  const row = (from: string, input: number) => ({ model: 'openai/gpt-5-mini', from, input, output: 2_000 })
  const entries = [
    row('2026-01-01T00:00:00.000Z', 300),
    row('2026-06-01T00:00:00.000Z', 250),
    row('2027-01-01T00:00:00.000Z', 1),
  ]
  await writeFile(file, JSON.stringify({ version: '2026-06', entries }))
  const priceOf = await readPrices(file, at)
  expect(priceOf('openai/gpt-5-mini')).toMatchObject({ input: 250, output: 2_000 })
  expect(priceOf('openai/other')).toBeUndefined()
  expect((await readPrices(undefined, at))('openai/gpt-5-mini')).toBeUndefined()
  await expect(readPrices(join(folder, 'none.json'), at)).rejects.toMatchObject({
    code: 'config_invalid',
    details: { path: 'PARLEY_PRICES' },
  })
  await rm(folder, { recursive: true })
})

test('apps 1.1 with a key the start text gives the price basis and the cap; a cap without a price is refused by name', async () => {
  const env = { OPENAI_API_KEY: 'sk', PARLEY_MODEL: 'gpt-5-mini' }
  const priceOf = () => ({ from: at, input: 1_000, output: 17_000 })
  const cap = { usd: 0.5, hold: (model: ChatModel) => model }
  const common = { env, local, clock, fetch: answered }
  const capped = await chooseModel({ ...common, priceOf, cap })
  expect(capped.cost).toBe('about $0.04 a call, cap $0.50 (PARLEY_CALL_BUDGET_USD)')
  expect((await chooseModel({ ...common, priceOf })).cost).toBe('about $0.04 a call, no cap (PARLEY_CALL_BUDGET_USD)')
  expect((await chooseModel(common)).cost).toBe('price not known (PARLEY_PRICES), no cap (PARLEY_CALL_BUDGET_USD)')
  await expect(chooseModel({ ...common, cap })).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringMatching(/PARLEY_CALL_BUDGET_USD .*openai\/gpt-5-mini.*PARLEY_PRICES/),
  })
  // Rules cost nothing, so there is nothing to hold.
  expect((await chooseModel({ ...common, env: {}, cap })).cost).toBeUndefined()
  const text = startText({
    url: 'http://localhost:4310',
    readyMs: 1_900,
    modelLabel: capped.label,
    modelRemark: capped.remark,
    modelCost: capped.cost,
    hearing: { label: 'none', remark: '' },
    speech: { label: 'flite', remark: '' },
    warnings: [],
    data: '.parley/data',
    customers: 40,
    articles: 24,
  })
  expect(text).toMatch(/Model +openai\/gpt-5-mini +about \$0\.04 a call, cap \$0\.50/)
  expect(text).toContain('what people write is sent there')
})

test('apps 1.1 "about" is what a story told from end to end asks of a model', async () => {
  let inputTokens = 0
  const world = await createStoryWorld({
    wrapModel: (model) => ({
      id: model.id,
      card: model.card,
      stream(request, options) {
        inputTokens += estimateInputTokens(request)
        return model.stream(request, options)
      },
    }),
  })
  const ada = await world.open('Ada')
  await ada.say('I was charged twice')
  await ada.say('204417')
  await ada.pin('4821')
  await ada.say('yes please')
  await ada.answer('approval', 'approve')
  await ada.say('thank you, bye')
  await world.close()
  expect(inputTokens / usualCall.inputTokens).toBeGreaterThan(0.8)
  expect(inputTokens / usualCall.inputTokens).toBeLessThan(1.25)
}, 60_000)

/** The rules at a price: each call is asked for, and costs a cent. */
function dear(asked: ChatRequest[]): (rulesOf: ChatModel) => ChatModel {
  return (model) => ({
    id: 'test/dear',
    card: { ...model.card, id: 'test/dear', price: { from: at, input: 0, output: 0, perRequest: 10_000_000 } },
    stream(request, options) {
      asked.push(request)
      return model.stream(request, options)
    },
  })
}

test('apps 1.1 a conversation spends up to its cap and not a call more, says so once, and goes on by rules', async () => {
  const asked: ChatRequest[] = []
  const settings = readSettings(['--port', '0', '--no-voice'], {
    PARLEY_DATABASE_URL: 'memory://',
    PARLEY_CALL_BUDGET_USD: '0.02',
  })
  const callCenter = await createCallCenter({ settings, pages: false, wrapModel: dear(asked) })
  const caller = await callAs('ada', `http://127.0.0.1:${callCenter.port}`)
  await caller.say('I was charged twice')
  await caller.hear(/account number/)
  await caller.say('204417')
  await caller.hear(/enter your PIN/)
  await caller.pin('4821')
  await caller.hear(/Shall I credit one of them/)
  expect(asked).toHaveLength(2)
  const told = (await callCenter.rooms.events(caller.roomId, { types: ['message'] })).filter(
    ({ content }) => content.type === 'text' && content.text.includes('used up'),
  )
  expect(told).toHaveLength(1)
  // Another conversation has a cap of its own.
  const other = await callAs('dev', `http://127.0.0.1:${callCenter.port}`)
  await other.say('my internet is down')
  await other.hear(/account number/)
  expect(asked.length).toBeGreaterThan(2)
  caller.close()
  other.close()
  await callCenter.close()
}, 60_000)
