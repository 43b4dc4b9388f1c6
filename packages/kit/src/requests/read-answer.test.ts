import type { Content, Json, PendingRequest } from '@parley/spec'
import { expect, test } from 'vitest'
import { readAnswer } from './read-answer.ts'

const request: PendingRequest = {
  id: 'req_1',
  roomId: 'room',
  kind: 'confirm',
  agentId: 'billing',
  turnId: 'turn_1',
  sensitive: false,
  mode: 'suspend',
  status: 'open',
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T00:02:00.000Z',
}

/** A schema that takes values of one type. */
function takes(type: 'number' | 'boolean' | 'string') {
  return async (value: Json) =>
    typeof value === type ? { ok: true as const, value } : { ok: false as const, violations: [] }
}

function text(said: string): Content {
  return { type: 'text', text: said }
}

test.each([
  ['Yes, please.', 'approved'],
  ['  OK!  ', 'approved'],
  ['go ahead', 'approved'],
  ['no thank you', 'rejected'],
  ["Don't!", 'rejected'],
  ['wait a moment', 'rejected'],
  ['Yes I would like to know what it costs first', undefined],
  ['What does it cost?', undefined],
  ['', undefined],
])('RQ-4 to a confirm "%s" is %s', async (said, status) => {
  expect(await readAnswer(request, text(said), undefined)).toEqual(status === undefined ? undefined : { status })
})

test.each([
  ['number', '$ 1,250.50', 1_250.5],
  ['number', '-3', -3],
  ['boolean', 'nope', false],
  ['boolean', 'sure', true],
  ['string', '  12 Elm Street ', '12 Elm Street'],
  ['number', '$', undefined],
  ['number', ' ', undefined],
  ['number', 'a dozen', undefined],
  ['boolean', 'perhaps', undefined],
] as const)('RQ-4 to an input for a %s "%s" gives %s', async (type, said, value) => {
  const answer = await readAnswer({ ...request, kind: 'input' }, text(said), takes(type))
  expect(answer).toEqual(value === undefined ? undefined : { status: 'answered', value })
})

test('RQ-4 keys answer an input; other content and an input without a schema are ordinary messages', async () => {
  const input = { ...request, kind: 'input' as const }
  expect(await readAnswer(input, { type: 'dtmf', digits: '204417' }, takes('number'))).toEqual({
    status: 'answered',
    value: 204_417,
  })
  expect(
    await readAnswer(input, { type: 'media', url: 'https://a.example/b.png', mimeType: 'image/png' }, takes('string')),
  ).toBeUndefined()
  expect(await readAnswer(input, text('anything'), undefined)).toBeUndefined()
})
