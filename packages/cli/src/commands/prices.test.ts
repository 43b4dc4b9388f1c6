import { expect, test } from 'vitest'
import { cliFixture } from '../__fixtures__/cli-fixture.ts'
import { sumUp } from './prices.ts'
import type { ModelReceipt } from '@parley/spec'

const tables = [
  { version: '2026-01', entries: [{ model: 'a/b', from: '2026-01-01T00:00:00.000Z', input: 100, output: 400 }] },
  {
    version: '2026-09',
    entries: [{ model: 'a/b', from: '2026-01-01T00:00:00.000Z', input: 50, output: 200, cached_input: 5 }],
  },
]

test('platform 11 prices list shows the last table of a file, or the one asked for', async () => {
  await using fixture = await cliFixture({ 'prices.json': JSON.stringify(tables) })
  const { exit, stdout } = await fixture.run(['prices', 'list', '--file', 'prices.json'])
  expect(exit).toBe(0)
  expect(stdout).toContain('prices 2026-09')
  expect(
    (await fixture.run(['prices', '--version', '2026-01'], { env: { PARLEY_PRICES: 'prices.json' } })).stdout,
  ).toContain('prices 2026-01')
  expect((await fixture.run(['prices', 'list', '--file', 'prices.json', '--version', '1999'])).exit).toBe(3)
  expect((await fixture.run(['prices', 'list'])).exit).toBe(2)
})

test('platform 11 prices are whole numbers of known fields', async () => {
  await using fixture = await cliFixture()
  const entry = { model: 'a/b', from: '2026-01-01T00:00:00.000Z', input: 1, output: 1 }
  for (const [name, value] of Object.entries({
    text: 'no json',
    fraction: JSON.stringify({ version: '1', entries: [{ ...entry, input: 0.5 }] }),
    negative: JSON.stringify({ version: '1', entries: [{ ...entry, output: -1 }] }),
    unknown: JSON.stringify({ version: '1', entries: [{ ...entry, inptu: 1 }] }),
    half: JSON.stringify({ version: '1', entries: [{ model: 'a/b', from: entry.from, input: 1 }] }),
    undated: JSON.stringify({ version: '1', entries: [{ ...entry, from: 'soon' }] }),
    list: JSON.stringify({ version: '1', entries: {} }),
    nameless: JSON.stringify({ entries: [] }),
  })) {
    await fixture.write({ 'p.json': value })
    expect((await fixture.run(['prices', '--file', 'p.json'])).exit, name).toBe(3)
  }
})

function receipt(modelId: string, execution: Partial<ModelReceipt['execution']> = {}): ModelReceipt {
  return {
    receiptId: 'rcpt_1',
    kind: 'model_routing',
    tenantId: 't',
    taskId: 'task_1',
    createdAt: '2026-02-01T00:00:00.000Z',
    routerVersion: '1',
    priceVersion: '1',
    capabilityVersion: '1',
    promptHash: '',
    classification: { category: 'other', confidence: 1, signals: [] },
    candidates: [],
    decision: { modelId, strategy: 'single', fallbackChain: [], promptRewritten: false },
    execution: {
      status: 'success',
      actualCostNanoUsd: 500,
      actualLatencyMs: 1,
      tokens: { input: 10, output: 2, cached: 4, reasoning: 0 },
      hops: [],
      ...execution,
    },
    budget: { estimateNanoUsd: null, settledNanoUsd: null, envelopes: [] },
  }
}

test('platform 11 costs are recomputed from tokens; unknown prices are counted apart and copies not at all', () => {
  const table = {
    version: '2',
    entries: [{ model: 'a/b', from: '2026-01-01T00:00:00.000Z', input: 50, output: 200, cachedInput: 5 }],
  }
  const sums = sumUp(
    [
      receipt('a/b'),
      receipt('a/b'),
      receipt('c/d'),
      receipt('a/b', { replayed: true }),
      receipt('a/b', { cached: true }),
    ],
    table,
  )
  expect(Object.fromEntries(sums)).toEqual({
    'a/b': { calls: 2, stored: 1_000, recomputed: 2 * (6 * 50 + 4 * 5 + 2 * 200), unpriced: 0 },
    'c/d': { calls: 1, stored: 500, recomputed: 0, unpriced: 1 },
  })
})

test('platform 11 prices recompute reads what is stored', async () => {
  await using fixture = await cliFixture({ 'prices.json': JSON.stringify(tables) })
  const { exit, stdout } = await fixture.run([
    'prices',
    'recompute',
    '--file',
    'prices.json',
    '--store',
    'memory://',
    '--json',
  ])
  expect(exit).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, version: '2026-09', models: {} })
}, 60_000)
