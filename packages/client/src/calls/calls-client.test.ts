import {
  createSocketFrames,
  parseClientCallMessage,
  writeCallMessage,
  type ClientCallMessage,
  type ServerCallMessage,
  type Socket,
} from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createClient } from '../create-client.ts'
import type { CallCapture, CallDevices } from './call-devices.ts'
import type { CallStartOptions } from './calls-client.ts'
import type { CallUpdate, ClientCall } from './client-call.ts'

const audio = { up: { codec: 'pcm16', rate: 16_000, frameMs: 20 }, down: { codec: 'pcm16', rate: 24_000 } } as const
const welcome = {
  type: 'welcome',
  version: 1,
  callId: 'c1',
  roomId: 'r',
  participantId: 'ada',
  resumeToken: 'again',
  resumeWindowMs: 30_000,
  resumed: false,
  audio,
  agent: { id: 'triage', name: 'Mara', voice: 'slt' },
  features: [],
  received: 0,
}

interface Line {
  readonly sent: ClientCallMessage[]
  say(message: object): void
  end(code: number): void
}

function line(): { socket: Socket; line: Line } {
  const sent: ClientCallMessage[] = []
  const incoming = createSocketFrames()
  const closed = Promise.withResolvers<{ code: number; reason: string; clean: boolean }>()
  const end = (code: number): void => {
    closed.resolve({ code, reason: '', clean: true })
    incoming.end()
  }
  return {
    line: {
      sent,
      end,
      say(message) {
        // A message of the test, checked by the schema when it is read.
        incoming.push(writeCallMessage({ v: 1, seq: 0, ...message } as ServerCallMessage))
      },
    },
    socket: {
      send(data) {
        const result = typeof data === 'string' ? parseClientCallMessage(data) : undefined
        if (result?.ok === true) sent.push(result.message)
      },
      bufferedAmount: 0,
      ping() {},
      close: (code = 1005) => end(code),
      frames: incoming.frames,
      closed: closed.promise,
    },
  }
}

function fakeDevices() {
  const log: string[] = []
  const microphones: { capture: CallCapture; pull(): void }[] = []
  let wake = (): void => {}
  const devices: CallDevices = {
    async openCapture({ deviceId = 'default' }) {
      log.push(`open microphone ${deviceId}`)
      let onEnded = (): void => {}
      const capture: CallCapture = {
        sampleRateHz: 16_000,
        removesEcho: false,
        onSamples() {},
        onEnded: (listener) => (onEnded = listener),
        close: async () => void log.push(`close microphone ${deviceId}`),
      }
      microphones.push({ capture, pull: () => onEnded() })
      return capture
    },
    async openPlayout({ rate, deviceId = 'default' }) {
      log.push(`open speaker ${deviceId} ${rate}`)
      const none = { played: 0, buffered: 0, underruns: 0 }
      return {
        outputLatencyMs: 0,
        push() {},
        clear: async () => none,
        pause: async () => none,
        resume() {},
        onProgress() {},
        onState() {},
        close: async () => void log.push(`close speaker ${deviceId}`),
      }
    },
    unlock: async () => void log.push('unlock'),
    onWake(listener) {
      wake = listener
      return () => void log.push('stop waking')
    },
  }
  return { devices, log, microphones, wakeUp: () => wake() }
}

function setUp(options: Partial<CallStartOptions> = {}) {
  const clock = createVirtualClock()
  const lines: Line[] = []
  const urls: string[] = []
  const requests: { url: string; body: unknown }[] = []
  const updates: CallUpdate[] = []
  const fake = fakeDevices()
  const client = createClient({
    baseUrl: 'https://talk.example',
    clock,
    ids: createSeededIds(5),
    async openSocket(url) {
      const made = line()
      urls.push(url)
      lines.push(made.line)
      return made.socket
    },
    async fetch(input, init) {
      requests.push({ url: String(input), body: JSON.parse(String(init?.body)) })
      return Response.json({ call_id: 'c1', token: 'of this call' })
    },
  })
  const started = client.calls.start({
    roomId: 'r',
    devices: fake.devices,
    onUpdate: (update) => void updates.push(update),
    ...options,
  })
  const live = async (more: object = {}): Promise<ClientCall> => {
    await clock.advance(0)
    lines.at(-1)?.say({ ...welcome, ...more })
    await clock.advance(0)
    const call = await started
    onTestFinished(() => call.hangup())
    return call
  }
  return { ...fake, clock, lines, urls, requests, updates, started, live }
}

test('a call is opened by the server, then its media by a token in the first message', async () => {
  const { live, requests, urls, lines } = setUp({ agentId: 'triage', language: 'en', recording: true })
  const call = await live()
  expect(requests).toEqual([
    {
      url: 'https://talk.example/v1/rooms/r/calls',
      body: { agent_id: 'triage', language: 'en', recording: true },
    },
  ])
  expect(urls).toEqual(['wss://talk.example/v1/calls/c1/media'])
  expect(lines[0]?.sent[0]).toMatchObject({
    type: 'hello',
    token: 'of this call',
    language: 'en',
    audio,
    capabilities: { played: true, pause: true, aec: false, recognition: false, opus: false, microphone: true },
  })
  expect(call).toMatchObject({
    callId: 'c1',
    roomId: 'r',
    participantId: 'ada',
    agent: { name: 'Mara' },
    status: 'live',
  })
})

test('without microphone and speaker a call is typed and read', async () => {
  const { live, log, lines } = setUp({ microphone: false, speaker: false })
  const call = await live()
  expect(lines[0]?.sent[0]).toMatchObject({ capabilities: { played: false, pause: false, microphone: false } })
  const id = call.text('hello')
  expect(lines[0]?.sent.at(-1)).toMatchObject({ type: 'text', text: 'hello', id })
  expect(log).toEqual([])
})

test('what the server says of agent, state and captions is there to be read', async () => {
  const { live, lines, clock, updates } = setUp()
  const call = await live()
  const say = (message: object): void => lines[0]?.say(message)
  say({ type: 'state', seq: 1, agent: 'thinking', user: 'silent', agentId: 'billing', mode: 'agent' })
  say({ type: 'agent', seq: 2, id: 'billing', name: 'Ben', voice: 'rms' })
  say({ type: 'caption', seq: 3, id: 'a', role: 'user', text: 'I was', final: false })
  say({ type: 'caption', seq: 4, id: 'b', role: 'agent', text: 'Yes', final: true })
  say({ type: 'caption', seq: 5, id: 'a', role: 'user', text: 'I was charged', final: true })
  say({
    type: 'error',
    seq: 6,
    code: 'not_of_this_version',
    message: 'x',
    retryable: false,
    fatal: false,
    path: 'digit',
  })
  await clock.advance(0)
  expect(call.state).toMatchObject({ agent: 'thinking', agentId: 'billing' })
  expect(call.agent).toEqual({ id: 'billing', name: 'Ben', voice: 'rms' })
  expect(call.captions.map(({ text }) => text)).toEqual(['I was charged', 'Yes'])
  expect(updates.at(-1)).toMatchObject({ type: 'error', error: { code: 'internal_error', details: { path: 'digit' } } })
})

test('the last 500 captions are kept to be read', async () => {
  const { live, lines, clock } = setUp()
  const call = await live()
  for (let seq = 1; seq <= 501; seq++) {
    lines[0]?.say({ type: 'caption', seq, id: `c${seq}`, role: 'agent', text: String(seq), final: true })
  }
  await clock.advance(0)
  expect(call.captions).toHaveLength(500)
  expect(call.captions[0]?.text).toBe('2')
})

test('keys are checked and pressed one by one', async () => {
  const { live, lines } = setUp()
  const call = await live()
  expect(() => call.dtmf('12x')).toThrow('0 to 9')
  expect(() => call.dtmf('')).toThrow('0 to 9')
  call.dtmf('1*')
  expect(lines[0]?.sent.slice(1)).toMatchObject([
    { type: 'dtmf', digit: '1', seq: 1 },
    { type: 'dtmf', digit: '*', seq: 2 },
  ])
})

test('a microphone that goes away is replaced, devices change while the call goes on, and all are closed at its end', async () => {
  const { live, log, microphones, clock, updates } = setUp({ microphoneId: 'headset' })
  const call = await live()
  microphones[0]?.pull()
  await clock.advance(0)
  expect(updates).toContainEqual({ type: 'audio', state: 'microphoneLost' })
  await call.setDevice({ microphoneId: 'desk', speakerId: 'room' })
  microphones[0]?.pull()
  await call.unlock()
  call.hangup()
  expect(await call.ended).toEqual({ reason: 'hangup' })
  expect(log).toEqual([
    'open microphone headset',
    'open speaker default 24000',
    'open microphone default',
    'close microphone headset',
    'open microphone desk',
    'close microphone default',
    'open speaker room 24000',
    'close speaker default',
    'unlock',
    'stop waking',
    'close microphone desk',
    'close speaker room',
  ])
})

test('a device that opens when the call is over is closed again', async () => {
  const { live, log } = setUp()
  const call = await live()
  const changing = call.setDevice({ microphoneId: 'desk' })
  call.hangup()
  await changing
  await call.ended
  await call.setDevice({ microphoneId: 'late', speakerId: 'later' })
  const named = (verb: string): string[] =>
    log.filter((line) => line.startsWith(verb)).map((line) => line.split(' ').slice(1, 3).join(' '))
  expect(named('close').toSorted()).toEqual(named('open').toSorted())
  expect(named('open')).toContain('microphone late')
})

test('a call that is taken over comes with its own rate, and the speaker follows', async () => {
  const { live, log, lines, clock } = setUp({ takeover: true })
  await live({ audio: { up: audio.up, down: { codec: 'pcmu', rate: 8_000 } } })
  await clock.advance(0)
  expect(lines[0]?.sent[0]).toMatchObject({ takeover: true })
  expect(log).toContain('open speaker default 8000')
  expect(log).toContain('close speaker default')
})

test('E-5 words of a recognizer in the page travel as transcripts, interim ones only while there is a connection', async () => {
  type Listener = (transcript: { id: string; text: string; final: boolean }) => void
  let hear: Listener = () => {}
  const stops: string[] = []
  const { live, lines, clock } = setUp({
    microphone: false,
    recognition: { start: (listener) => (hear = listener), stop: () => void stops.push('stop') },
  })
  const call = await live()
  hear({ id: 'w', text: 'good', final: false })
  expect(lines[0]?.sent.at(-1)).toMatchObject({ type: 'transcript', id: 'w', text: 'good', final: false })
  lines[0]?.end(1_006)
  await clock.advance(0)
  hear({ id: 'w', text: 'good d', final: false })
  hear({ id: 'w', text: 'good day', final: true })
  await clock.advance(250)
  lines[1]?.say({ ...welcome, resumed: true, received: 1 })
  await clock.advance(0)
  expect(lines[1]?.sent.filter(({ type }) => type === 'transcript')).toMatchObject([{ text: 'good day', final: true }])
  call.hangup()
  expect(stops).toEqual(['stop'])
})

test('a page that wakes up finds out at once whether the call is still there', async () => {
  const { live, lines, clock, wakeUp } = setUp()
  await live()
  wakeUp()
  expect(lines[0]?.sent.at(-1)).toMatchObject({ type: 'ping' })
  await clock.advance(3_250)
  expect(lines).toHaveLength(2)
})

test('a signal ends the call, also before it began', async () => {
  const controller = new AbortController()
  const { clock, started, lines, log } = setUp({ signal: controller.signal })
  const refused = started.catch((error: unknown) => error)
  await clock.advance(0)
  expect(lines).toHaveLength(1)
  controller.abort()
  await clock.advance(0)
  expect(await refused).toMatchObject({ code: 'voice_call_ended' })
  expect(log).toContain('close microphone default')
})

test('a microphone that is refused is told, and nothing stays open', async () => {
  const fake = fakeDevices()
  const refusing: CallDevices = {
    ...fake.devices,
    openPlayout: async () => {
      throw new Error('no speaker')
    },
  }
  const { started, clock, lines } = setUp({ devices: refusing })
  const refused = started.catch((error: unknown) => error)
  await clock.advance(0)
  expect(await refused).toMatchObject({ message: 'no speaker' })
  expect(lines).toEqual([])
  expect(fake.log).toEqual(['open microphone default', 'close microphone default'])
  expect(clock.pending).toBe(0)
})

test('unknown options are refused by name', async () => {
  const { started } = setUp({ agentID: 'x' } as Partial<CallStartOptions>)
  await expect(started).rejects.toThrow('agentId')
})
