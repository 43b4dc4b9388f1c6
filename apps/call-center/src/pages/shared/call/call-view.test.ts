import { ParleyError } from '@parley/spec'
import { expect, test } from 'vitest'
import { reduceCallView, startCallView, type CallChange, type CallView } from './call-view.ts'

const after = (...changes: CallChange[]): CallView =>
  changes.reduce((view, change, at) => reduceCallView(view, change, 1_000 * (at + 1)), startCallView(0))
const live: CallChange = { type: 'status', status: 'live' }

test('a call connects, is lost, comes back and ends; its time runs from the first moment it was live', () => {
  expect(after()).toMatchObject({ phase: 'connecting', startedMs: undefined })
  expect(after(live)).toMatchObject({ phase: 'live', startedMs: 1_000 })
  const lost = after(live, { type: 'status', status: 'reconnecting' }, { type: 'status', status: 'reconnecting' })
  expect(lost).toMatchObject({ phase: 'reconnecting', sinceMs: 2_000 })
  const ended = after(live, {
    type: 'ended',
    reason: 'lost',
    error: new ParleyError({ code: 'connection_lost', message: 'It was lost.' }),
  })
  expect(ended).toMatchObject({ phase: 'ended', startedMs: 1_000, ended: { reason: 'lost', message: 'It was lost.' } })
})

test('digits are asked for, in secret or not, until they are not', () => {
  const asked = after(live, { type: 'input', mode: 'digits', sensitive: true, prompt: 'Your PIN, please.', digits: 4 })
  expect(asked.asked).toEqual({ prompt: 'Your PIN, please.', isSecret: true, digits: 4 })
  expect(reduceCallView(asked, { type: 'input', mode: 'none', sensitive: false }, 9).asked).toBeUndefined()
  expect(reduceCallView(asked, { type: 'ended', reason: 'hangup' }, 9).asked).toBeUndefined()
})

test('a microphone that went away and sound that may not be made are told apart', () => {
  expect(after(live, { type: 'audio', state: 'suspended' }).isSilenced).toBe(true)
  expect(after(live, { type: 'audio', state: 'suspended' }, { type: 'audio', state: 'running' }).isSilenced).toBe(false)
  const unplugged = after(live, { type: 'audio', state: 'microphoneLost' })
  expect(unplugged).toMatchObject({ isSilenced: false })
  expect(unplugged.notice).toContain('unplugged')
  expect(reduceCallView(unplugged, { type: 'noticed' }, 9).notice).toBe('')
})

test('what says nothing new leaves the view as it is, so nothing is drawn anew', () => {
  const view = after(live)
  expect(reduceCallView(view, { type: 'metrics', metrics: {} }, 9)).toBe(view)
  expect(reduceCallView(view, live, 9)).toBe(view)
})
