import type { DeepgramFault } from '@parley/testing/doubles'
import { describe, expect, test } from 'vitest'
import { openLine } from './__fixtures__/open-line.ts'

describe('deepgram, when the server or the line fails', () => {
  test.each([
    [400, 'vendor_invalid_request', false],
    [401, 'vendor_auth', false],
    [402, 'vendor_quota', false],
    [403, 'vendor_auth', false],
    [429, 'vendor_rate_limited', true],
    [500, 'vendor_unavailable', true],
    [503, 'vendor_unavailable', true],
  ] as const)('WA-1 a refusal with %d is %s', async (status, code, retryable) => {
    const failure = openLine([{ kind: 'refuse', status, retryAfterMs: 7_000 }])
    await expect(failure).rejects.toMatchObject({ code, retryable, details: { status } })
    if (status === 429) await expect(failure).rejects.toMatchObject({ details: { retryAfterMs: 7_000 } })
    const error: unknown = await failure.catch((thrown: unknown) => thrown)
    expect(JSON.stringify(error)).not.toContain('test-key')
  })

  test('WA-1 a cut and a late upgrade are errors in time', async () => {
    await expect(openLine([{ kind: 'refuseConnection' }])).rejects.toMatchObject({ code: 'vendor_unavailable' })
    await expect(openLine([{ kind: 'slowConnect', ms: 60_000 }])).rejects.toMatchObject({ code: 'vendor_timeout' })
    const line = await openLine([{ kind: 'slowConnect', ms: 3_000 }])
    expect(line.double.sessions).toHaveLength(1)
  })

  test('WA-1 nothing of the key is in addresses and errors, and a function is asked for it anew', async () => {
    let asked = 0
    const apiKey = (): string => (asked++ === 0 ? 'wrong-secret' : 'test-key')
    const error: unknown = await openLine([], { apiKey }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'vendor_auth' })
    expect(JSON.stringify(error)).not.toContain('wrong-secret')
    const line = await openLine([], { apiKey })
    expect(JSON.stringify(line.double.received())).not.toContain('test-key')
  })

  /** Each fault, and what is understood of two utterances in spite of it. */
  const recoveries: [DeepgramFault, { finals?: string[]; sessions?: number; model?: string }][] = [
    [{ kind: 'slowFirst', ms: 600 }, {}],
    [{ kind: 'stall', afterMessages: 2, ms: 1_000 }, {}],
    [{ kind: 'silentDeath', afterMessages: 0 }, { sessions: 2 }],
    [{ kind: 'silentDeath', afterMessages: 2 }, { sessions: 2 }],
    [{ kind: 'drop', afterMessages: 2 }, { sessions: 2 }],
    [{ kind: 'drop', afterMessages: 3, code: 1011, reason: 'NET-0001' }, { sessions: 2 }],
    [{ kind: 'drop', afterMessages: 2, midMessage: true }, { sessions: 2 }],
    [{ kind: 'burst' }, {}],
    [{ kind: 'drip' }, {}],
    [{ kind: 'duplicate', type: 'Results' }, {}],
    [{ kind: 'duplicate', type: 'SpeechStarted' }, {}],
    [{ kind: 'reorder' }, {}],
    [{ kind: 'late', type: 'SpeechStarted', ms: 400 }, {}],
    [{ kind: 'malformed', how: 'json' }, {}],
    [{ kind: 'malformed', how: 'missing' }, {}],
    [{ kind: 'malformed', how: 'type' }, {}],
    [{ kind: 'malformed', how: 'unknown' }, {}],
    [{ kind: 'malformed', how: 'empty' }, {}],
    [{ kind: 'oversize', bytes: 100_000 }, {}],
    [{ kind: 'oversize', bytes: 2_000_000 }, { sessions: 2 }],
    [{ kind: 'clockSkew', ms: -2_000 }, {}],
    [{ kind: 'clockSkew', ms: 5_000 }, {}],
    [{ kind: 'finalLate', ms: 4_000 }, {}],
    [{ kind: 'finalNever' }, {}],
    [{ kind: 'finalTwice' }, {}],
    [{ kind: 'finalEarly' }, { finals: ['where', 'is my refund', 'thank you'] }],
    [{ kind: 'noSpeechFinal' }, {}],
    [{ kind: 'noSpeechStart' }, {}],
    [{ kind: 'doubleSpeechStart' }, {}],
    [{ kind: 'startInFuture' }, {}],
    [{ kind: 'interimShrinks' }, {}],
    [{ kind: 'otherLanguage', language: 'de' }, {}],
    [{ kind: 'wordsWithoutTimes' }, {}],
    [{ kind: 'finalLate', ms: 4_000 }, { model: 'flux-general-en' }],
    [{ kind: 'finalNever' }, { model: 'flux-general-en' }],
    [{ kind: 'finalTwice' }, { model: 'flux-general-en' }],
    [{ kind: 'noSpeechStart' }, { model: 'flux-general-en' }],
    [{ kind: 'doubleSpeechStart' }, { model: 'flux-general-en' }],
    [{ kind: 'interimShrinks' }, { model: 'flux-general-en' }],
    [
      { kind: 'silentDeath', afterMessages: 2 },
      { model: 'flux-general-en', sessions: 2 },
    ],
    [
      { kind: 'drop', afterMessages: 3 },
      { model: 'flux-general-en', sessions: 2 },
    ],
  ]
  test.each(recoveries)('WA-1 no word is lost: %o %o', async (fault, { finals, sessions = 1, model }) => {
    const line = await openLine([fault], model === undefined ? {} : { model })
    await line.say('where is my refund')
    await line.quiet(8_000)
    await line.say('thank you')
    await line.quiet(8_000)
    expect(line.errors()).toEqual([])
    expect(line.finals()).toEqual(finals ?? ['where is my refund', 'thank you'])
    expect(line.double.sessions).toHaveLength(sessions)
    for (const event of line.events) {
      if (event.type !== 'speechStart' && event.type !== 'speechEnd') continue
      expect(event.atMs ?? 0).toBeLessThanOrEqual(line.clock.monotonicMs())
    }
    const starts = line.events.filter(({ type }) => type === 'speechStart').length
    expect(starts).toBe((finals ?? [1, 2]).length)
    const ids = line.events.flatMap((event) => (event.type === 'final' && event.text !== '' ? [event.id] : []))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('WA-1 a finalize that is not answered ends with the words that are known, and the late final says nothing new', async () => {
    const line = await openLine([{ kind: 'finalLate', ms: 4_000 }])
    await line.say('where is my refund ')
    line.stream.finalize()
    await line.pass(1_100)
    expect(line.finals()).toEqual(['where is my refund'])
    await line.quiet(6_000)
    expect(line.finals()).toEqual(['where is my refund'])
    expect(line.errors()).toEqual([])
  })

  test('WA-1 five messages that cannot be read within 10 s make the connection anew', async () => {
    const line = await openLine(Array.from({ length: 5 }, () => ({ kind: 'malformed', how: 'json' }) as const))
    await line.say('one two three four five six')
    await line.quiet(3_000)
    expect(line.double.sessions.length).toBe(2)
    expect(line.errors()).toEqual([])
  })

  test('WA-1 a server that stays away is an error after three more tries, and the stream ends', async () => {
    const line = await openLine([{ kind: 'drop', afterMessages: 1 }])
    for (let n = 0; n < 3; n++) line.double.fault({ kind: 'refuse', status: 503 })
    await line.say('hello there everybody')
    for (let n = 0; n < 400 && !line.isOver(); n++) {
      await line.pass(20)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(line.errors()).toMatchObject([{ code: 'vendor_unavailable' }])
    expect(line.isOver()).toBe(true)
    expect(line.clock.pending).toBe(0)
  })

  test('WA-1 credentials that end mid-call are an error at once', async () => {
    const line = await openLine([{ kind: 'drop', afterMessages: 1 }])
    line.double.fault({ kind: 'refuse', status: 401 })
    await line.say('hello there everybody')
    for (let n = 0; n < 400 && !line.isOver(); n++) {
      await line.pass(20)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(line.errors()).toMatchObject([{ code: 'vendor_auth' }])
  })

  test('WA-1 a reader that stops makes audio drop, not memory grow', async () => {
    const buffered = { bytes: 0 }
    const line = await openLine([], {}, {}, buffered)
    await line.say('hello there')
    await line.quiet(400)
    await line.pass(20)
    const before = line.double.received({ type: 'audio' }).length
    buffered.bytes = 300_000
    await line.say('nobody reads this')
    expect(line.double.received({ type: 'audio' })).toHaveLength(before)
    buffered.bytes = 0
    await line.quiet(1_000)
    await line.say('here again')
    await line.quiet(1_000)
    expect(line.finals()).toEqual(['hello there', 'here again'])
    expect(line.errors()).toEqual([])
  })

  test('WA-1 a reader that stops for a while loses nothing', async () => {
    const line = await openLine([{ kind: 'slowReader', ms: 2_000 }])
    await line.say('hello there')
    await line.quiet(3_000)
    expect(line.finals()).toEqual(['hello there'])
    expect(line.double.sessions).toHaveLength(1)
  })
})
