import type { RoomEvent } from '@parley/spec'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createVirtualClock } from '../virtual-clock.ts'
import { expectLedger, expectLog, expectNoLeak, expectReceipt } from './expectations.ts'

const word = (text: string, played: boolean, confirmed = played) => ({ text, played, confirmed })
const ledger = {
  utterances: [
    {
      utteranceId: 'u1',
      agentId: 'billing',
      kind: 'reply',
      status: 'interrupted',
      words: [word('Your', true), word('refund', true, false), word('is', false)],
    },
  ],
}

const event = (text: string, kind: 'person' | 'agent', interrupted?: true): RoomEvent =>
  // Only the parts that are looked at are made.
  ({
    type: 'message',
    source: { kind, medium: 'voice' },
    content: { type: 'text', text, ...(interrupted && { interrupted }) },
  }) as unknown as RoomEvent

describe('assertions of the voice test kit', () => {
  test('a ledger is compared by what was heard, confirmed and generated', () => {
    expectLedger(ledger, [
      { kind: 'reply', status: 'interrupted', heard: 'Your refund', confirmed: 'Your', generated: /is$/ },
    ])
    expectLedger({ toJSON: () => ledger }, [{ agentId: 'billing' }])
    expect(() => expectLedger(ledger, [{ heard: 'Your refund is' }])).toThrow(/heard is "Your refund"/)
    expect(() => expectLedger(ledger, [])).toThrow(/1 utterances, not 0/)
    expect(() => expectLedger(ledger, [{}, {}])).toThrow(/no utterance 1/)
  })

  test('a log is compared in order', () => {
    const log = [event('hi', 'person'), event('Your refund', 'agent', true), event('stop', 'person')]
    expectLog(log, [
      { from: 'person', text: 'hi' },
      { from: 'person', text: /^stop/ },
    ])
    expectLog(log, [{}, { interrupted: true }, { medium: 'voice' }], { exact: true })
    expect(() => expectLog(log, [{ text: 'stop' }, { text: 'hi' }])).toThrow(/no entry 1.*after entry 2/)
    expect(() => expectLog(log, [{ text: 'hi' }], { exact: true })).toThrow(/3 entries, not 1/)
  })

  test('a receipt is found by kind and data, of the room or of the machine', () => {
    const receipts = [{ kind: 'voice.settings', data: { version: 1 } }]
    expect(expectReceipt(receipts, 'voice.settings', { version: 1 })).toBe(receipts[0])
    expect(() => expectReceipt(receipts, 'voice.settings', { version: 2 })).toThrow(/Of that kind: \[\{"version":1\}\]/)
    expect(
      expectReceipt([{ what: 'falseInterruption', data: { reason: 'no words' } }], 'falseInterruption', {
        reason: /words/,
      }),
    ).toBeDefined()
  })

  test('what is left is named', async () => {
    const clock = createVirtualClock()
    await expectNoLeak(async () => clock.setTimer(10, () => {})(), { clock })
    await expect(expectNoLeak(async () => void clock.setTimer(10, () => {}), { clock })).rejects.toThrow(
      /1 timers of the clock/,
    )
    const server = createServer()
    const listening = expectNoLeak(() => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve())))
    await expect(listening).rejects.toThrow(/TCPServerWrap/)
    server.close()
    let streams = 0
    await expect(expectNoLeak(async () => void (streams += 2), { counts: { streams: () => streams } })).rejects.toThrow(
      /2 streams/,
    )
  })
})
