import type { ChannelCapabilities, EventType, Visibility } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleBinding, sampleEvent } from '../__fixtures__/room-samples.ts'
import { canSee, type Reader } from './can-see.ts'

const visibilities: Visibility[] = [
  'all',
  'transport',
  'intelligence',
  'internal',
  'none',
  { only: ['sms', 'ghost'] },
  { only: [] },
]
const anyVisibility = fc.constantFrom(...visibilities)
const anyReader = fc.record({
  channelId: fc.constantFrom('web', 'sms', 'agent'),
  category: fc.constantFrom('transport' as const, 'intelligence' as const),
})

test('VI-1 a binding sees exactly what the visibility names, and its own events always', () => {
  fc.assert(
    fc.property(anyVisibility, anyReader, (visibility, given) => {
      const event = sampleEvent({ visibility })
      const isNamed =
        typeof visibility === 'object'
          ? visibility.only.includes(given.channelId)
          : visibility === 'all' || visibility === given.category
      expect(canSee(event, sampleBinding(given))).toBe(isNamed || given.channelId === 'web')
    }),
  )
})

test('VI-1 the host sees all, a reader without a binding only its own', () => {
  fc.assert(
    fc.property(anyVisibility, fc.constantFrom('committed' as const, 'blocked' as const), (visibility, status) => {
      const event = sampleEvent({ visibility, status })
      expect(canSee(event, 'host')).toBe(true)
      expect(canSee(event, 'unbound')).toBe(false)
      expect(canSee(event, { channelId: 'sms' })).toBe(false)
      expect(canSee(event, { channelId: 'web' })).toBe(status === 'committed')
    }),
  )
})

test('EV-2 a blocked event is seen by no binding, not even by the channel it came by', () => {
  const readers: Reader[] = [sampleBinding(), sampleBinding({ channelId: 'web' }), { channelId: 'web' }]
  expect(readers.map((reader) => canSee(sampleEvent({ status: 'blocked' }), reader))).toEqual([false, false, false])
})

test.each<[EventType, ChannelCapabilities, boolean]>([
  ['message', { content: ['text'] }, true],
  ['edit', { content: ['text'] }, true],
  ['system', { content: ['text'] }, false],
  ['note', { content: ['text'] }, false],
  ['toolCallStarted', { content: ['text'] }, false],
  ['toolCallStarted', { content: ['text'], eventTypes: ['toolCallStarted'] }, true],
  ['participantJoined', { content: ['text'] }, false],
  ['participantJoined', { content: ['text'], eventTypes: ['participantJoined'] }, true],
  ['x.shop.order', { content: ['text'] }, false],
])('VI-3 an event %s reaches capabilities %j: %j', (type, capabilities, expected) => {
  expect(canSee(sampleEvent({ type }), sampleBinding({ capabilities }))).toBe(expected)
})

test('VI-3 a message whose content is of the system, a tool or a note needs that content type', () => {
  const event = sampleEvent({ content: { type: 'system', code: 'notice', text: 'One moment.' } })
  expect(canSee(event, sampleBinding())).toBe(false)
  expect(canSee(event, sampleBinding({ capabilities: { content: ['text', 'system'] } }))).toBe(true)
})
