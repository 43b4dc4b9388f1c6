import { createClient, createWebSocketFactory, type CallStartOptions, type ClientCall } from '@parley/client'
import { Agent, Kit } from '@parley/kit'
import { createApiKey, createServer, type ApiKeyRecord } from '@parley/server'
import { createSystemIds, type Socket } from '@parley/spec'
import { createFakeStt, createFakeTts, createScriptedVad, scriptedModel } from '@parley/testing'
import { VoiceChannel } from '@parley/voice'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTestDevices, type TestDevices } from './call-devices.ts'

const ids = createSystemIds()

/** A server with one room, and a way for people to call by key. */
async function startDesk() {
  const kit = new Kit()
  const channel = new VoiceChannel('voice', {
    stt: createFakeStt(),
    tts: createFakeTts({ sampleRateHz: 16_000 }),
    vad: createScriptedVad(),
  })
  kit.register(channel)
  kit.register(
    new Agent('riley', { name: 'Riley', model: scriptedModel(['hello'], { then: 'last' }), autoGreet: false }),
  )
  const room = await kit.createRoom({ organizationId: 'harbor', channels: ['riley'] })
  const records = new Map<string, ApiKeyRecord>()
  const keyOf = (
    id: string,
    rights: Parameters<typeof createApiKey>[0]['rights'],
    organizationId = 'harbor',
  ): string => {
    const { key, record } = createApiKey({ id, rights, organizationId }, ids)
    records.set(id, record)
    return key
  }
  const server = createServer({
    kit,
    auth: { keys: async (id) => records.get(id), secrets: ['a secret of at least thirty-two bytes'] },
    calls: { channel },
  })
  onTestFinished(async () => {
    await server.close({ drainMs: 100 })
    await kit.close({ graceMs: 100 })
  })
  const { url } = await server.listen({ port: 0 })
  const start = async (
    key: string,
    options: Pick<CallStartOptions, 'participantId' | 'mode'>,
  ): Promise<{ call: ClientCall; devices: TestDevices; sockets: Socket[] }> => {
    const devices = createTestDevices()
    const sockets: Socket[] = []
    const open = createWebSocketFactory()
    const openSocket: typeof open = async (...asked) => {
      // A page that went away does not come back.
      if (sockets.length > 0) return new Promise(() => {})
      const socket = await open(...asked)
      sockets.push(socket)
      return socket
    }
    const client = createClient({ baseUrl: url, token: key, openSocket })
    const call = await client.calls.start({ roomId: room.id, devices: devices.devices, ...options })
    onTestFinished(() => call.hangup())
    return { call, devices, sockets }
  }
  return { kit, room, channel, keyOf, start, url }
}

/** Speaks one second of sound into a microphone. */
async function speak({ speak: say }: TestDevices): Promise<void> {
  for (let sent = 0; sent < 50; sent++) {
    say(Float32Array.from({ length: 960 }, (_, index) => 0.5 * Math.sin((sent * 960 + index) / 12)))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const loudest = (played: readonly number[]): number =>
  played.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)

test('X-4 BR-2 a colleague with the right takes a live call over by the server, and both hear each other', async () => {
  const { kit, room, keyOf, start } = await startDesk()
  const caller = await start(keyOf('site', ['rooms:write']), { participantId: 'ada' })
  const desk = await start(keyOf('desk', ['desk:answer', 'rooms:read']), { participantId: 'dana', mode: 'takeover' })
  await vi.waitFor(async () => expect((await kit.state(room.id)).mode).toBe('human'))
  await Promise.all([speak(desk.devices), speak(caller.devices)])
  await vi.waitFor(() => expect(loudest(caller.devices.played)).toBeGreaterThan(0.2))
  await vi.waitFor(() => expect(loudest(desk.devices.played)).toBeGreaterThan(0.2))
})

test('BR-2 by the server, too, taking over needs desk:answer and listening calls:supervise, and there must be a call', async () => {
  const { channel, keyOf, start } = await startDesk()
  const site = keyOf('site', ['rooms:write'])
  const desk = keyOf('desk', ['desk:answer'])
  const boss = keyOf('boss', ['calls:supervise'])
  await expect(start(boss, { participantId: 'sam', mode: 'monitor' })).rejects.toMatchObject({ code: 'not_found' })
  await start(site, { participantId: 'ada' })
  await expect(start(site, { participantId: 'eve', mode: 'takeover' })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(start(desk, { participantId: 'dana', mode: 'monitor' })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(start(boss, { participantId: 'sam', mode: 'takeover' })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(start(boss, { participantId: 'sam' })).rejects.toMatchObject({ code: 'forbidden' })
  await start(boss, { participantId: 'sam', mode: 'monitor' })
  expect(channel.calls).toHaveLength(1)
})

test('C-10 the server tells which calls are live, and how long one whose line is lost may still come back', async () => {
  const { room, channel, keyOf, start, url } = await startDesk()
  const listFor = (key: string) => createClient({ baseUrl: url, token: key }).calls.list()
  const desk = keyOf('desk', ['desk:answer'])
  expect(await listFor(desk)).toEqual([])
  const { call, sockets } = await start(keyOf('site', ['rooms:write']), { participantId: 'ada' })
  const live = { callId: call.callId, roomId: room.id, participantId: 'ada' }
  expect(await listFor(desk)).toEqual([
    { ...live, user: expect.any(String), agent: expect.any(String), media: 'connected' },
  ])
  expect(await listFor(keyOf('other', ['desk:answer'], 'elsewhere'))).toEqual([])

  sockets[0]?.close(1000, 'the page is gone')
  await vi.waitFor(async () => expect(await listFor(desk)).toMatchObject([{ ...live, media: 'lost' }]))
  const [lost] = await listFor(desk)
  expect(lost?.returnWithinMs).toBeGreaterThan(20_000)
  expect(lost?.returnWithinMs).toBeLessThanOrEqual(30_000)
  await channel.calls[0]?.hangup()
  expect(await listFor(desk)).toEqual([])
})
