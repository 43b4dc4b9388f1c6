import { expect, test } from 'vitest'
import { rulesLabel } from '../../workflows/call-summary.ts'
import { summaryAuthor } from './summary-author.ts'

test('apps 1.9 the card says who wrote the summary, in words', () => {
  expect(summaryAuthor(rulesLabel)).toBe(
    'Put together by written rules from what was said and done. No AI model wrote this.',
  )
  expect(summaryAuthor('openai/gpt-5-mini')).toBe(
    'Written by an AI model (openai/gpt-5-mini) from what was said and done.',
  )
})
