import { createClient, createWebSocketFactory, type CallStartOptions, type ClientCall } from '@parley/client'
import { Kit } from '@parley/kit'
import { createServer } from '@parley/server'
import { createSystemClock, createSystemIds, type EndpointHandlers, type Socket } from '@parley/spec'
import {
  callMediaRoute,
  createCallAdmission,
  createWebSocketMedia,
  type WebSocketMediaEndpoint,
} from '@parley/voice/endpoints'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDevices, type TestDevices } from './call-devices.ts'

interface Started {
  endpoint: WebSocketMediaEndpoint
  call: ClientCall
  devices: TestDevices
  sockets: Socket[]
  heard: { frames: number; samples: number; peak: number; events: unknown[][] }
}

const clock = createSystemClock()

async function startCall(options: Partial<CallStartOptions> = {}): Promise<Started> {
  const kit = new Kit()
  const media = createWebSocketMedia({
    clock,
    ids: createSystemIds(),
    authorize: async ({ token, callId }) =>
      token === `token of ${callId}` ? { identity: 'ada', roomId: 'r', participantId: 'ada' } : 'unauthorized',
  })
  const heard: Started['heard'] = { frames: 0, samples: 0, peak: 0, events: [] }
  const write =
    (name: string) =>
    (...args: unknown[]): void =>
      void heard.events.push([name, ...args])
  const handlers: EndpointHandlers = {
    onFrame({ samples }) {
      heard.frames += 1
      heard.samples += samples.length
      heard.peak = Math.max(heard.peak, ...samples)
    },
    onDtmf: write('dtmf'),
    onMuted: write('muted'),
    onTalk: write('talk'),
    onText: write('text'),
    onTranscript: write('transcript'),
    onInterrupt: write('interrupt'),
    onConsent: write('consent'),
    onState: write('state'),
    onClose: write('close'),
    onStats: write('stats'),
  }
  const begun = Promise.withResolvers<WebSocketMediaEndpoint>()
  const server = createServer({
    kit,
    auth: { keys: async () => undefined, secrets: ['a secret of at least thirty-two bytes'] },
    sockets: [
      callMediaRoute({
        media,
        admission: createCallAdmission({ clock }),
        async onCall(endpoint) {
          await endpoint.start(handlers)
          begun.resolve(endpoint)
        },
      }),
    ],
  })
  onTestFinished(async () => {
    await media.close()
    await server.close({ drainMs: 100 })
    await kit.close({ graceMs: 100 })
  })
  const { url } = await server.listen({ port: 0 })
  const sockets: Socket[] = []
  const open = createWebSocketFactory()
  const devices = createTestDevices()
  const client = createClient({
    baseUrl: url,
    async openSocket(address, how) {
      const socket = await open(address, how)
      sockets.push(socket)
      return socket
    },
  })
  const call = await client.calls.start({
    roomId: 'r',
    devices: devices.devices,
    openCall: async () => ({ callId: 'call-1', token: 'token of call-1' }),
    ...options,
  })
  onTestFinished(() => call.hangup())
  return { endpoint: await begun.promise, call, devices, sockets, heard }
}

/** 24 kHz samples of a sound. */
const sound = (lengthMs: number): Int16Array =>
  Int16Array.from({ length: 24 * lengthMs }, (_, index) => Math.round(9_000 * Math.sin(index / 12)))

async function speak(endpoint: WebSocketMediaEndpoint, lengthMs: number, name = 'u1'): Promise<void> {
  const segment = endpoint.output.open({
    utteranceId: name,
    segmentId: `${name}-s`,
    format: { encoding: 'pcm16', sampleRateHz: 24_000, channels: 1 },
    agentId: 'triage',
  })
  segment.capture({ samples: sound(lengthMs), sampleRateHz: 24_000, channels: 1, position: 0 })
  segment.flush()
}

test('a call over a real socket carries sound both ways, and what was played is confirmed', async () => {
  const { endpoint, call, devices, heard } = await startCall()
  expect(call).toMatchObject({ callId: 'call-1', roomId: 'r', participantId: 'ada', status: 'live' })
  devices.speak(Float32Array.from({ length: 48_000 / 5 }, (_, index) => 0.5 * Math.sin(index / 20)))
  await expect.poll(() => heard.frames).toBeGreaterThanOrEqual(9)
  expect(heard.peak).toBeGreaterThan(10_000)

  const finished = new Promise((resolve) => endpoint.output.on('finished', resolve))
  await speak(endpoint, 200)
  expect(await finished).toMatchObject({
    utteranceId: 'u1',
    interrupted: false,
    confidence: 'confirmed',
    positionMs: 200,
  })
  expect(devices.played.length).toBe(24 * 200)
  expect(devices.played.slice(2_400, 2_500)).toEqual(Array.from(sound(200).subarray(2_400, 2_500)))
})

test('what the person does reaches the call, and what the call shows reaches the page', async () => {
  const captions: string[] = []
  const { endpoint, call, heard } = await startCall({ onCaption: ({ text }) => void captions.push(text) })
  call.dtmf('1#')
  const id = call.text('hello there')
  call.mute()
  call.consent(true)
  endpoint.show({ type: 'caption', id: 'c1', role: 'agent', text: 'Good', final: false })
  endpoint.show({
    type: 'caption',
    id: 'c1',
    role: 'agent',
    text: 'Good day',
    final: true,
    words: [{ text: 'Good', startMs: 0, endMs: 200 }],
  })
  await expect.poll(() => heard.events.length).toBeGreaterThanOrEqual(6)
  expect(heard.events).toEqual([
    ['state', 'connected'],
    ['dtmf', '1', 100],
    ['dtmf', '#', 100],
    ['text', 'hello there', id],
    ['muted', true],
    ['consent', 'recording', true],
  ])
  await expect.poll(() => captions).toEqual(['Good', 'Good day'])
  expect(call.captions).toMatchObject([
    { id: 'c1', text: 'Good day', words: [{ text: 'Good', startMs: 0, endMs: 200 }] },
  ])
})

test('W-2 a call whose socket breaks is taken up again: what was typed meanwhile and what was said arrive once', async () => {
  const { endpoint, call, sockets, heard, devices } = await startCall()
  const states: string[] = []
  call.on('status', ({ status }) => states.push(status))
  const finished = new Promise((resolve) => endpoint.output.on('finished', resolve))
  await speak(endpoint, 400)
  await expect.poll(() => devices.played.length).toBeGreaterThan(24 * 40)
  sockets[0]?.close(4_000, 'cut')
  await expect.poll(() => call.status).toBe('reconnecting')
  call.text('still here')
  endpoint.show({ type: 'hold', on: true })
  const held = new Promise((resolve) => call.on('hold', resolve))
  expect(await held).toMatchObject({ on: true })
  await expect.poll(() => heard.events.filter(([name]) => name === 'text')).toHaveLength(1)
  expect(await finished).toMatchObject({ utteranceId: 'u1', interrupted: false })
  // The end of what was said has come, and little of it twice.
  expect(devices.played.slice(-240)).toEqual(Array.from(sound(400).subarray(-240)))
  expect(devices.played.length).toBeLessThanOrEqual(24 * 700)
  expect(states).toEqual(['reconnecting', 'live'])
  expect(heard.events.filter(([name]) => name === 'state').map(([, state]) => state)).toEqual([
    'connected',
    'lost',
    'resumed',
  ])
})

test('a wrong token is told to who starts, and the devices are closed', async () => {
  const devices = createTestDevices()
  await expect(
    startCall({ devices: devices.devices, openCall: async () => ({ callId: 'call-1', token: 'wrong' }) }),
  ).rejects.toMatchObject({ code: 'media_auth_failed' })
  await expect.poll(() => devices.isOpen).toBe(false)
})

test('hanging up ends both sides and closes the devices', async () => {
  const { call, devices, heard } = await startCall()
  call.hangup()
  expect(await call.ended).toEqual({ reason: 'hangup' })
  expect(devices.isOpen).toBe(false)
  await expect.poll(() => heard.events.at(-1)).toEqual(['close', 'hangup'])
})
