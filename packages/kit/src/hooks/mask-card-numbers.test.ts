import { ConversationState } from '@parley/spec'
import { expect, test } from 'vitest'
import { sampleEvent, sampleRoom } from '../__fixtures__/room-samples.ts'
import type { HookContext } from './hook-engine.ts'
import { maskCardNumbers } from './mask-card-numbers.ts'

function masked(text: string): string {
  const event = sampleEvent({ content: { type: 'text', text } })
  const payload = { event, room: sampleRoom(), bindings: [], participants: [], state: new ConversationState() }
  // The hook reads nothing of its context.
  const result = maskCardNumbers()(payload, {} as HookContext)
  if (result === undefined || !('action' in result) || result.action !== 'modify') return text
  return result.subject.content.type === 'text' ? result.subject.content.text : ''
}

test('card numbers are masked, with and without separators', () => {
  expect(masked('it is 4111 1111 1111 1111, thanks')).toBe('it is [card], thanks')
  expect(masked('5500-0000-0000-0004')).toBe('[card]')
  expect(masked('378282246310005 and 4111111111111111')).toBe('[card] and [card]')
})

test('other numbers stay', () => {
  for (const text of ['4111 1111 1111 1112', 'order 1234567890123', 'call 030 1234567', ''])
    expect(masked(text)).toBe(text)
})
