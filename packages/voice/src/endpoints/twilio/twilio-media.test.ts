import type { OutputEvent, Socket } from '@parley/spec'
import { createSocketPair, createVirtualClock } from '@parley/testing'
import { createTwilioCallDouble } from '@parley/testing/doubles'
import { describe, expect, test } from 'vitest'
import { phoneCall, recorder, speak, tone } from './__fixtures__/phone-call.ts'
import { createTwilioEndpoint } from './twilio-endpoint.ts'

const bytesOf = (payload: string): number => Buffer.from(payload, 'base64').length

describe('in', () => {
  test('TW-2 O-9 mu-law frames come with position and instant of arrival', async () => {
    const { clock, log } = await phoneCall({ audio: tone(400) })
    await clock.advance(1_000)
    expect(log.frames).toHaveLength(50)
    expect(log.frames.map(({ position }) => position)).toEqual(Array.from({ length: 50 }, (_, index) => index * 160))
    expect(log.frames.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 50 }, (_, index) => (index + 1) * 20))
    expect(log.frames.slice(0, 20).every(({ isSilent }) => !isSilent)).toBe(true)
    expect(log.frames.slice(20).every(({ isSilent }) => isSilent)).toBe(true)
  })

  test('TW-2 O-9 lost frames are silence of equal length, so the stream keeps time', async () => {
    const { clock, log, media } = await phoneCall({ audio: tone(60_000), faults: [{ kind: 'loss', percent: 3 }] })
    await clock.advance(60_000)
    const silent = log.frames.filter(({ isSilent }) => isSilent).length
    expect(silent).toBeGreaterThan(40)
    expect(silent).toBeLessThan(160)
    const last = log.frames.at(-1)
    expect((last?.position ?? 0) / 8 + 20).toBe(last?.atMs)
    const times = log.frames.map(({ atMs }) => atMs)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
    expect(media.counts.invalid).toBe(0)
  })

  test('TW-2 O-9 a gap of more than ten seconds is filled with ten', async () => {
    const { clock, log } = await phoneCall({
      audio: tone(40_000),
      faults: [{ kind: 'muted', atMs: 1_000, ms: 25_000 }],
    })
    await clock.advance(27_000)
    const silentMs = log.frames.filter(({ isSilent }) => isSilent).length * 20
    expect(silentMs).toBe(10_000)
  })

  test('TW-2 jitter changes arrival, not the stream; frames that come twice count once', async () => {
    const { clock, log, media } = await phoneCall({
      audio: tone(2_000),
      faults: [{ kind: 'jitter', maxMs: 120 }, { kind: 'duplicate' }],
    })
    await clock.advance(2_200)
    const voiced = log.frames.filter(({ isSilent }) => !isSilent)
    expect(voiced).toHaveLength(100)
    expect(media.counts.invalid).toBeGreaterThanOrEqual(100)
  })

  test('TW-2 what cannot be read and unknown events are counted, and the stream goes on', async () => {
    const { clock, log, media } = await phoneCall({
      audio: tone(1_000),
      faults: [
        { kind: 'malformed' },
        { kind: 'duplicateStart', atMs: 200 },
        { kind: 'oversize', bytes: 400_000, atMs: 300 },
      ],
    })
    await clock.advance(1_000)
    expect(log.frames.filter(({ isSilent }) => !isSilent)).toHaveLength(50)
    expect(media.counts.unknown).toBe(50)
    expect(media.counts.invalid).toBeGreaterThanOrEqual(101)
    expect(log.closed).toEqual([])
  })

  test('TW-2 a stream that does not start within five seconds is closed', async () => {
    const clock = createVirtualClock()
    const [ours, theirs] = createSocketPair()
    const twilio = createTwilioEndpoint({ authToken: 'k', publicUrl: 'https://calls.example.com', clock })
    const connecting = twilio.connect(ours)
    theirs.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
    await clock.advance(4_990)
    let closed: number | undefined
    void theirs.closed.then(({ code }) => (closed = code))
    await clock.advance(0)
    expect(closed).toBeUndefined()
    await clock.advance(10)
    expect(closed).toBe(4408)
    expect(await connecting).toBeNull()
    expect(clock.pending).toBe(0)
  })

  test('TW-2 the start says who calls; digits come during speech', async () => {
    const { clock, media, double, log } = await phoneCall({ parameters: { from: '+15550100', plan: 'gold' } })
    expect(media).toMatchObject({
      callSid: double.callSid,
      accountSid: double.accountSid,
      from: '+15550100',
      parameters: { plan: 'gold' },
    })
    expect(media.info).toMatchObject({
      kind: 'twilio',
      echo: 'none',
      capabilities: { clear: true, pause: 'rewind', played: 'mark', dtmfOut: false },
    })
    speak(media, 's1', 1_000)
    await clock.advance(300)
    double.dtmf('5')
    double.dtmf('#')
    await clock.advance(0)
    expect(log.digits).toEqual(['5', '#'])
  })

  test('TW-7 when media stops, one second of silence is fed in its own time, and the gap is filled once', async () => {
    const { clock, log } = await phoneCall({ audio: tone(20_000), faults: [{ kind: 'muted', atMs: 1_000, ms: 5_000 }] })
    await clock.advance(1_000 + 740)
    expect(log.frames).toHaveLength(50)
    await clock.advance(20)
    expect(log.frames.length).toBe(50 + 37)
    await clock.advance(2_000)
    expect(log.frames).toHaveLength(100)
    expect(log.frames.slice(50).every(({ isSilent, atMs }) => isSilent && atMs <= 2_030)).toBe(true)
    await clock.advance(3_000)
    const last = log.frames.at(-1)
    expect((last?.position ?? 0) / 8 + 20).toBe(last?.atMs)
    expect(log.frames.filter(({ isSilent }) => isSilent)).toHaveLength(250)
  })
})

describe('out', () => {
  test('TW-3 whole frames only, marks by their names, never more than two seconds ahead', async () => {
    const { clock, media, double } = await phoneCall()
    const segment = speak(media, 's1', 5_030)
    segment.flush()
    await clock.advance(6_000)
    const sent = double.received()
    expect(sent.flatMap(({ message }) => (message.event === 'media' ? [bytesOf(message.media.payload)] : []))).toEqual(
      Array.from({ length: 252 }, () => 160),
    )
    const names = sent.flatMap(({ message }) => (message.event === 'mark' ? [message.mark.name] : []))
    expect(names).toEqual([...Array.from({ length: 25 }, (_, index) => `0:s1:${(index + 1) * 200}`), '0:s1:5040'])
    expect(double.violations).toEqual([])
    expect(double.heardAudio()).toHaveLength(252 * 160)
  })

  test('TW-3 O-6 a far end that gives no marks back gets no more than two seconds at once', async () => {
    const { clock, media, double } = await phoneCall({
      faults: [{ kind: 'marksNever' }, { kind: 'playoutSpeed', speed: 0.98 }],
    })
    speak(media, 's1', 8_000).flush()
    for (let at = 0; at < 8_000; at += 100) {
      await clock.advance(100)
      expect(double.bufferedMs).toBeLessThanOrEqual(2_000)
    }
    await clock.advance(2_000)
    expect(media.output.positionSource).toBe('clock')
    expect(double.violations).toEqual([])
  })

  test('TW-3 O-5 marks that come back because of a clear are not played', async () => {
    const { clock, media, double } = await phoneCall()
    const events: OutputEvent[] = []
    media.output.on('*', (event) => void events.push(event))
    speak(media, 's1', 3_000).flush()
    await clock.advance(1_090)
    media.output.clear()
    await clock.advance(1_000)
    expect(double.marks.filter(({ isBecauseOfClear }) => isBecauseOfClear).length).toBeGreaterThan(0)
    expect(events.filter(({ type }) => type === 'finished')).toMatchObject([{ interrupted: true, positionMs: 1_090 }])
    expect(events.filter(({ atMs }) => atMs > 1_090)).toEqual([])
  })

  test('TW-4 the position is the last mark plus the clock up to the next one', async () => {
    const even = await phoneCall()
    speak(even.media, 's1', 3_000).flush()
    await even.clock.advance(1_090)
    expect(even.media.output.clear()).toMatchObject({ segmentId: 's1', heardMs: 1_090 })

    const late = await phoneCall({ faults: [{ kind: 'marksLate', ms: 300 }] })
    speak(late.media, 's1', 3_000).flush()
    // The mark at 600 came back at 900: the clock goes on from there.
    await late.clock.advance(1_050)
    const before = late.media.output.clear().heardMs
    expect(before).toBe(750)

    const waiting = await phoneCall({ faults: [{ kind: 'marksLate', ms: 300 }] })
    speak(waiting.media, 's1', 3_000).flush()
    // The first mark comes back at 500: until then the clock does not pass it.
    await waiting.clock.advance(450)
    expect(waiting.media.output.clear()).toMatchObject({ heardMs: 200, confidence: 'estimated' })
  })

  test('TW-4 the position never passes what was sent', async () => {
    const { clock, media } = await phoneCall()
    speak(media, 's1', 500)
    await clock.advance(5_000)
    expect(media.output.clear()).toMatchObject({ heardMs: 500 })
  })

  test('TW-5 clear is the first message on interruption; pause rewinds and the rest is heard once', async () => {
    const { clock, media, double } = await phoneCall()
    speak(media, 's1', 2_000).flush()
    await clock.advance(650)
    const before = double.received().length
    media.output.clear()
    speak(media, 's2', 1_000, 'u2').flush()
    await clock.advance(0)
    expect(double.received()[before]?.message.event).toBe('clear')
    await clock.advance(450)
    expect(media.output.pause()).toBe(true)
    await clock.advance(1_000)
    const heardMs = double.heard().reduce((sum, { samples }) => sum + samples.length / 8, 0)
    expect(Math.abs(heardMs - 1_100)).toBeLessThanOrEqual(20)
    media.output.resume()
    await clock.advance(2_000)
    const all = double.heard().reduce((sum, { samples }) => sum + samples.length / 8, 0)
    // Said again: from 40 ms before the last mark.
    expect(all - heardMs).toBeGreaterThanOrEqual(550)
    expect(all - heardMs).toBeLessThanOrEqual(550 + 40 + 200 + 20)
    expect(double.violations).toEqual([])
  })

  test('TW-3 marks a second late neither stop speech nor lose its end', async () => {
    const { clock, media, double } = await phoneCall({ faults: [{ kind: 'marksLate', ms: 1_000 }] })
    const events: OutputEvent[] = []
    media.output.on('finished', (event) => void events.push(event))
    speak(media, 's1', 6_000).flush()
    await clock.advance(9_000)
    expect(events).toMatchObject([{ interrupted: false, positionMs: 6_000 }])
    expect(double.heardAudio()).toHaveLength(48_000)
  })

  test('O-9 O-10 after a silent death the call can still be closed, in time, and nothing is left', async () => {
    const { clock, media, double, log } = await phoneCall({
      audio: tone(5_000),
      faults: [{ kind: 'silentDeath', atMs: 1_000 }],
    })
    speak(media, 's1', 3_000).flush()
    await clock.advance(4_000)
    // The silence that ends a turn came, and no more.
    expect(log.frames.length).toBe(50 + 50)
    await media.close('agent')
    await media.close('agent')
    expect(double.restRequests).toMatchObject([{ fields: { Status: 'completed' }, status: 200 }])
    expect(log.closed).toEqual(['agent'])
    await double.close()
    expect(clock.pending).toBe(0)
  })
})

describe('the end', () => {
  test('TW-6 hangup by HTTP ends the call; one that is over already is fine', async () => {
    const { clock, media, double, log } = await phoneCall()
    await clock.advance(100)
    await media.close('agent')
    expect(double.hasEnded).toBe(true)
    expect(double.restRequests).toMatchObject([
      { path: `/2010-04-01/Accounts/${double.accountSid}/Calls/${double.callSid}.json`, status: 200 },
    ])
    expect(log.closed).toEqual(['agent'])
    const twilio = createTwilioEndpoint({
      authToken: 'test-key',
      publicUrl: 'https://calls.example.com',
      clock,
      fetch: double.fetch,
    })
    const call = { accountSid: double.accountSid, callSid: double.callSid }
    await expect(twilio.hangup(call)).resolves.toBeUndefined()
    expect(double.restRequests.at(-1)?.status).toBe(404)
    await expect(twilio.redirect(call, '<Response/>')).rejects.toMatchObject({ code: 'voice_call_ended' })
  })

  test('TW-6 refusals are named, and no secret is in them', async () => {
    const { clock, double } = await phoneCall()
    const twilio = createTwilioEndpoint({
      authToken: 'test-key',
      publicUrl: 'https://calls.example.com',
      clock,
      fetch: double.fetch,
    })
    const call = { accountSid: double.accountSid, callSid: double.callSid }
    double.refuseRest(429)
    await expect(twilio.hangup(call)).rejects.toMatchObject({ code: 'vendor_rate_limited', retryable: true })
    double.refuseRest(503)
    await expect(twilio.hangup(call)).rejects.toMatchObject({ code: 'vendor_unavailable' })
    double.refuseRest(400, { code: 21220 })
    await expect(twilio.hangup(call)).resolves.toBeUndefined()
    const stranger = createTwilioEndpoint({
      authToken: 'another-key',
      publicUrl: 'https://calls.example.com',
      clock,
      fetch: double.fetch,
    })
    const error: unknown = await stranger.hangup(call).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'vendor_auth' })
    expect(JSON.stringify(error)).not.toContain('another-key')
    await expect(twilio.hangup({ ...call, callSid: '../x' })).rejects.toMatchObject({ code: 'vendor_invalid_request' })
    await twilio.redirect(call, '<Response><Dial>+15550199</Dial></Response>')
    expect(double.redirectedTo).toContain('<Dial>')
  })

  test('TW-6 an HTTP interface that does not answer does not hold the close', async () => {
    const never: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))))
    const { clock, media, log } = await phoneCall({ options: { fetch: never } })
    let isClosed = false
    void media.close('agent').then(() => (isClosed = true))
    await clock.advance(2_000)
    expect(isClosed).toBe(true)
    expect(log.closed).toEqual(['agent'])
  })

  test('O-2 O-10 stop during playout settles speech, and leaves nothing running', async () => {
    const { clock, media, double, log } = await phoneCall({ faults: [{ kind: 'stop', duringPlayout: 600 }] })
    const events: OutputEvent[] = []
    media.output.on('finished', (event) => void events.push(event))
    speak(media, 's1', 3_000).flush()
    await clock.advance(2_000)
    expect(events).toMatchObject([{ segmentId: 's1', interrupted: true }])
    expect(log.closed).toEqual(['hangup'])
    await media.ended
    await media.close('agent')
    expect(double.restRequests).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('O-2 a line that breaks is lost', async () => {
    const { clock, media, log } = await phoneCall({ faults: [{ kind: 'drop', atMs: 500 }] })
    const events: OutputEvent[] = []
    media.output.on('finished', (event) => void events.push(event))
    speak(media, 's1', 3_000)
    await clock.advance(1_000)
    expect(log.closed).toEqual(['lost'])
    expect(events).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  test('O-2 a network that takes nothing ends the call before it fills the memory', async () => {
    const clock = createVirtualClock()
    const [ours, theirs] = createSocketPair()
    const double = await createTwilioCallDouble({ socket: theirs, clock })
    let bufferedAmount = 0
    const slow: Socket = {
      send: (data) => ours.send(data),
      ping: () => ours.ping(),
      close: (code, reason) => ours.close(code, reason),
      frames: ours.frames,
      closed: ours.closed,
      get bufferedAmount() {
        return bufferedAmount
      },
    }
    const twilio = createTwilioEndpoint({
      authToken: 'k',
      publicUrl: 'https://calls.example.com',
      clock,
      fetch: double.fetch,
    })
    const media = await twilio.connect(slow)
    const { log, handlers } = recorder()
    await media?.start(handlers)
    if (media !== null) speak(media, 's1', 2_000)
    await clock.advance(500)
    expect(log.closed).toEqual([])
    bufferedAmount = 1_048_577
    await clock.advance(40)
    expect(log.closed).toEqual(['lost'])
    await double.close()
    expect(clock.pending).toBe(0)
  })

  test('what comes before the call took its endpoint is kept for it', async () => {
    const clock = createVirtualClock()
    const [ours, theirs] = createSocketPair()
    const double = await createTwilioCallDouble({ socket: theirs, clock, audio: tone(200) })
    const twilio = createTwilioEndpoint({
      authToken: 'k',
      publicUrl: 'https://calls.example.com',
      clock,
      fetch: double.fetch,
    })
    const media = await twilio.connect(ours)
    await clock.advance(300)
    const { log, handlers } = recorder()
    await media?.start(handlers)
    expect(log.frames).toHaveLength(15)
    await expect(media?.start(handlers)).rejects.toMatchObject({ code: 'invalid_options' })
    await media?.close('agent')
  })
})
