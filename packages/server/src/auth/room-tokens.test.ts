import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createRoomTokens } from './room-tokens.ts'

const secret = 'a secret of at least thirty-two bytes'
const input = { roomId: 'r', participantId: 'ada' }

test('a token says who it is for until it expires', async () => {
  const clock = createVirtualClock()
  const tokens = createRoomTokens({ secrets: [secret], clock })
  const { token } = tokens.issue({ ...input, organizationId: 'harbor', role: 'owner', ttlMs: 60_000 })
  expect(tokens.check(token)).toMatchObject({
    kind: 'room',
    organizationId: 'harbor',
    room: { roomId: 'r', participantId: 'ada', role: 'owner' },
  })
  await clock.advance(59_999)
  expect(tokens.check(token)).toBeDefined()
  await clock.advance(1)
  expect(tokens.check(token)).toBeUndefined()
})

test('a changed, cut or foreign token is none', () => {
  const clock = createVirtualClock()
  const tokens = createRoomTokens({ secrets: [secret], clock })
  const { token } = tokens.issue(input)
  const [head = '', , signature = ''] = token.split('.')
  const forged = Buffer.from(
    JSON.stringify({ room: 'r', participant: 'ben', role: 'owner', rights: ['admin'], expires: 9e15 }),
  ).toString('base64url')
  for (const wrong of [
    '',
    'prt_',
    token.slice(0, -2),
    `${head}.${forged}.${signature}`,
    `${head}.${forged}`,
    token.replace('prt_', 'prt_x'),
  ]) {
    expect(tokens.check(wrong)).toBeUndefined()
  }
  const others = createRoomTokens({ secrets: ['another secret of at least 32 bytes!'], clock })
  expect(others.check(token)).toBeUndefined()
})

test('a new secret signs while tokens of the old one run out', () => {
  const clock = createVirtualClock()
  const old = createRoomTokens({ secrets: [secret], clock })
  const both = createRoomTokens({ secrets: ['another secret of at least 32 bytes!', secret], clock })
  expect(both.check(old.issue(input).token)).toBeDefined()
  expect(old.check(both.issue(input).token)).toBeUndefined()
})

test('lives over an hour and short secrets are refused', () => {
  const clock = createVirtualClock()
  expect(() => createRoomTokens({ secrets: ['short'], clock })).toThrow(
    expect.objectContaining({ code: 'config_invalid' }),
  )
  const tokens = createRoomTokens({ secrets: [secret], clock })
  expect(() => tokens.issue({ ...input, ttlMs: 3_600_001 })).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
})
