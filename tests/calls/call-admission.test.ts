import { request, type IncomingHttpHeaders } from 'node:http'
import { Kit } from '@parley/kit'
import { createServer } from '@parley/server'
import { createSystemClock, createSystemIds } from '@parley/spec'
import { callMediaRoute, createCallAdmission, createWebSocketMedia } from '@parley/voice/endpoints'
import { expect, onTestFinished, test } from 'vitest'

async function startServer(origins: string[] = []) {
  const clock = createSystemClock()
  const kit = new Kit()
  const media = createWebSocketMedia({ clock, ids: createSystemIds(), authorize: async () => 'unauthorized' })
  const server = createServer({
    kit,
    origins,
    sockets: [callMediaRoute({ media, admission: createCallAdmission({ clock }), onCall() {} })],
  })
  onTestFinished(async () => {
    await server.close({ drainMs: 50 })
    await kit.close({ graceMs: 50 })
  })
  return server.listen({ port: 0 })
}

/** Asks for an upgrade; gives the status, 101 where it was granted. */
function upgrade(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/v1/calls/call-1/media`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'sec-websocket-protocol': 'parley.call.v1',
        ...headers,
      },
    })
    asked.on('response', ({ statusCode = 0, headers: given }) => {
      resolve({ status: statusCode, headers: given })
      asked.destroy()
    })
    asked.on('upgrade', ({ headers: given }, socket) => {
      resolve({ status: 101, headers: given })
      socket.destroy()
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('W-8 the 21st connection of an address within a minute is refused before the upgrade', async () => {
  const { url } = await startServer()
  for (let index = 0; index < 20; index++) expect((await upgrade(url)).status).toBe(101)
  const refused = await upgrade(url)
  expect(refused.status).toBe(429)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
})

test('W-8 a page of another origin is refused before the upgrade, a listed one is not', async () => {
  const { url } = await startServer(['https://app.example'])
  expect((await upgrade(url, { origin: 'https://evil.example' })).status).toBe(403)
  const { status, headers } = await upgrade(url, { origin: 'https://app.example' })
  expect(status).toBe(101)
  expect(headers['sec-websocket-protocol']).toBe('parley.call.v1')
})
