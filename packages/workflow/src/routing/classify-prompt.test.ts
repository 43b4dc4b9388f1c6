import fc from 'fast-check'
import { expect, test } from 'vitest'
import { classifyPrompt, promptCategories, type PromptCategory } from './classify-prompt.ts'

test.each<[PromptCategory, string]>([
  ['code', 'Implement a queue in TypeScript with unit tests.'],
  ['code', '```\nconst a = 1\n```\nWhat does this do?'],
  ['reasoning', 'Solve this logic puzzle step by step.'],
  ['analysis', 'Compare both offers and assess the trade-offs.'],
  ['extraction', 'Extract all entities and fill in the fields.'],
  ['summarization', 'Summarize the meeting in brief.'],
  ['creative', 'Write a short story, or a poem, about rain.'],
  ['other', 'Hello there.'],
])('workflows 11 the rules find %s', (category, text) => {
  expect(classifyPrompt(text).category).toBe(category)
})

test('workflows 11 a schema speaks for extraction where nothing else does', () => {
  expect(classifyPrompt('Go.', true)).toEqual({ category: 'extraction', confidence: 0.5, signals: ['output_schema'] })
  expect(classifyPrompt('Go.')).toEqual({ category: 'other', confidence: 0.5, signals: [] })
})

test('workflows 11 any text has a category of the list, and signals hold none of it', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), fc.boolean(), (text, hasSchema) => {
      const { category, confidence, signals } = classifyPrompt(text, hasSchema)
      expect(promptCategories).toContain(category)
      expect(confidence).toBeGreaterThan(0)
      expect(confidence).toBeLessThanOrEqual(1)
      for (const signal of signals) expect(signal).toMatch(/^[a-z_]+$/)
    }),
  )
})
