import { expect, test } from 'vitest'
import { testKit } from '../__fixtures__/test-kit.ts'
import { testServer } from '../__fixtures__/test-server.ts'

test('HF-4 what agents and colleagues tell each other reaches no participant, by state or room', async () => {
  const kit = testKit()
  const { call } = testServer({ kit })
  await call('POST', '/v1/rooms', { body: { id: 'r' } })
  await kit.updateState('r', (state) =>
    state.transition('billing', { toAgent: 'billing', reason: 'private reason' }).with({
      context: { handoffSummary: 'private summary' },
      human: {
        status: 'active',
        requestedAt: '2026-01-01T00:00:00.000Z',
        requestedBy: 'billing',
        urgency: 'high',
        reason: 'private reason',
        payload: { tried: ['private'] },
        claimedBy: 'dana',
      },
      whispers: [{ text: 'private whisper' }],
    }),
  )
  const { body } = await call('POST', '/v1/rooms/r/join', { body: { participant_id: 'ada' } })
  const token = String(body['token'])
  for (const path of ['/v1/rooms/r/state', '/v1/rooms/r']) {
    const seen = JSON.stringify((await call('GET', path, { key: token })).body)
    expect(seen).not.toContain('private')
    expect(seen).toContain('"claimed_by":"dana"')
    expect(JSON.stringify((await call('GET', path)).body)).toContain('private summary')
  }
})
