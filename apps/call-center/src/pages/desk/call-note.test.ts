import { expect, test } from 'vitest'
import { callNote } from './call-note.ts'
import { holderText } from './holder-text.ts'

const names = { agent: (id: string | null) => (id === 'billing' ? 'Morgan' : 'somebody') }

test('apps 2 a lost caller is counted down until the call ends, and named as the reason afterwards', () => {
  expect(callNote({ lostUntilMs: 30_000 }, 8_500)).toBe("caller's connection lost, call ends in 22 s")
  expect(callNote({ lostUntilMs: 30_000 }, 31_000)).toBe("caller's connection lost, call ends in 0 s")
  expect(callNote({ ended: { reason: 'lost' } }, 0)).toBe("call ended: caller's connection lost")
  expect(callNote({ ended: { reason: 'hangup' } }, 0)).toBe('call ended')
  expect(callNote({ ended: {} }, 0)).toBe('call ended')
  expect(callNote({}, 0)).toBeUndefined()
})

test('apps 2 a conversation that nobody has any more is not said to be with a colleague', () => {
  const state = { holder: undefined, agentId: null, names }
  expect(holderText({ ...state, phase: 'wrapup' })).toBe('ended')
  expect(holderText({ ...state, phase: 'human' })).toBe('nobody · human')
  expect(holderText({ ...state, agentId: 'billing', phase: 'billing' })).toBe('Morgan (AI) · billing')
  expect(holderText({ ...state, holder: 'Dana', phase: 'wrapup' })).toBe('Dana · wrapup')
})
