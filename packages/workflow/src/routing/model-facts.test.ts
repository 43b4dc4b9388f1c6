import { expect, test } from 'vitest'
import { sampleCard } from './__fixtures__/sample-pool.ts'
import { flagsOf, qualityOf, tiersOf } from './model-facts.ts'

const bare = (changes: Parameters<typeof sampleCard>[1] = {}): ReturnType<typeof sampleCard> => {
  const { tiers: _tiers, ...card } = sampleCard('a/one')
  return { ...card, ...changes }
}

test('workflows 10 tiers come from the class of a card where it names none', () => {
  expect(tiersOf(bare({ tier: 'local' }))).toEqual(['fast'])
  expect(tiersOf(bare({ tier: 'small' }))).toEqual(['fast'])
  expect(tiersOf(bare({ tier: 'standard' }))).toEqual(['balanced'])
  expect(tiersOf(bare({ tier: 'large' }))).toEqual(['high'])
  expect(tiersOf(bare())).toEqual(['fast', 'balanced', 'high'])
  expect(tiersOf(bare({ tier: 'small', tiers: ['high'] }))).toEqual(['high'])
})

test('workflows 10 flags come from the fields of a card; those it lists are taken exactly', () => {
  const all = bare({ input: ['text', 'image', 'audio', 'file'], reasoning: true })
  expect([...flagsOf(all)].sort()).toEqual([
    'audioIn',
    'file',
    'image',
    'jsonObject',
    'jsonSchema',
    'reasoning',
    'stream',
    'tools',
  ])
  expect([...flagsOf(bare({ tools: false, structuredOutput: 'instructions' }))]).toEqual(['stream'])
  expect([...flagsOf(bare({ flags: ['x_own'] }))]).toEqual(['x_own'])
})

test('workflows 10 quality is the figure of the card, else by tier, and reasoning models are good at it', () => {
  expect(qualityOf(bare({ quality: { code: 0.3 } }), 'code')).toBe(0.3)
  expect(qualityOf(bare({ quality: { code: 0 } }), 'code')).toBe(0)
  expect(['small', 'standard', 'large'].map((tier) => qualityOf(bare({ tier: tier as 'small' }), 'other'))).toEqual([
    0.7, 0.8, 0.9,
  ])
  expect(qualityOf(bare({ tier: 'small', reasoning: true }), 'reasoning')).toBe(0.85)
  expect(qualityOf(bare({ tier: 'small', reasoning: true }), 'code')).toBe(0.7)
  expect(qualityOf(bare({ quality: {} }), 'toString')).toBe(0.7)
})
