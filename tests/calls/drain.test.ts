import { createClient, createWebSocketFactory } from '@parley/client'
import { Agent, Kit } from '@parley/kit'
import { createApiKey, createServer } from '@parley/server'
import { createSystemIds } from '@parley/spec'
import { createFakeStt, createFakeTts, createScriptedVad, scriptedModel } from '@parley/testing'
import { VoiceChannel } from '@parley/voice'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTestDevices } from './call-devices.ts'

const ids = createSystemIds()

async function startServer() {
  const kit = new Kit()
  const channel = new VoiceChannel('voice', {
    stt: createFakeStt(),
    tts: createFakeTts({ sampleRateHz: 16_000 }),
    vad: createScriptedVad(),
    lines: { closing: 'please call again' },
  })
  kit.register(channel)
  kit.register(new Agent('riley', { name: 'Riley', model: scriptedModel([]), autoGreet: false }))
  const room = await kit.createRoom({ organizationId: 'harbor', channels: ['riley'] })
  const { key, record } = createApiKey(
    { id: 'caller', rights: ['rooms:write', 'rooms:read'], organizationId: 'harbor' },
    ids,
  )
  const server = createServer({
    kit,
    auth: { keys: async () => record, secrets: ['a secret of at least thirty-two bytes'] },
    calls: { channel },
  })
  onTestFinished(async () => {
    await server.close({ drainMs: 100 })
    await kit.close({ graceMs: 100 })
  })
  const { url } = await server.listen({ port: 0 })
  const ask = (path: string, method = 'GET'): Promise<Response> =>
    server.fetch(
      new Request(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(method === 'POST' ? { body: JSON.stringify({ participantId: 'ben' }) } : {}),
      }),
    )
  const client = createClient({ baseUrl: url, token: key, openSocket: createWebSocketFactory() })
  return { kit, channel, room, server, client, ask }
}

test('W-1 a server that is told to stop lets its callers hear so, takes no new call, then sends them elsewhere', async () => {
  const { kit, room, server, client, ask } = await startServer()
  const devices = createTestDevices()
  const call = await client.calls.start({ roomId: room.id, participantId: 'ada', devices: devices.devices })
  onTestFinished(() => call.hangup())
  await vi.waitFor(() => expect(call.status).toBe('live'), 5_000)
  const closing = server.close({ drainMs: 8_000 })
  expect((await ask('/ready')).status).toBe(503)
  const refused = await ask(`/v1/rooms/${room.id}/calls`, 'POST')
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({ code: 'kit_closed' })
  // The line is open until its last sentence was heard.
  expect(call.status).toBe('live')
  await vi.waitFor(async () => {
    const said = await kit.events(room.id, { types: ['message'] })
    expect(said.map(({ content }) => (content.type === 'text' ? content.text : ''))).toEqual(['please call again'])
  }, 7_000)
  await closing
  await vi.waitFor(() => expect(call.status).not.toBe('live'), 2_000)
  await expect(ask(`/v1/rooms/${room.id}/calls`, 'POST').then(({ status }) => status)).resolves.toBe(503)
})

test('W-1 a server without calls stops at once', async () => {
  const { server, channel } = await startServer()
  await server.close({ drainMs: 60_000 })
  expect(channel.calls).toEqual([])
})
