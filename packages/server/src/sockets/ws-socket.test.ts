import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { toSocket, type WsSocket } from './ws-socket.ts'

async function pair(): Promise<{ socket: WsSocket; peer: WebSocket }> {
  const server = new WebSocketServer({ port: 0 })
  onTestFinished(() => {
    server.close()
  })
  await once(server, 'listening')
  const peer = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`) // it listens on TCP
  const [ws] = (await once(server, 'connection')) as [WebSocket]
  const socket = toSocket(ws)
  if (peer.readyState !== peer.OPEN) await once(peer, 'open')
  onTestFinished(() => peer.terminate())
  return { socket, peer }
}

test('PO-13 frames come in order, text as text and bytes as bytes, and end after the last one', async () => {
  const { socket, peer } = await pair()
  peer.send('one')
  peer.send(new Uint8Array([1, 2]))
  peer.send('three')
  peer.close(4_001, 'done')
  const frames: unknown[] = []
  for await (const frame of socket.frames) frames.push(typeof frame === 'string' ? frame : [...frame])
  expect(frames).toEqual(['one', [1, 2], 'three'])
  expect(await socket.closed).toEqual({ code: 4_001, reason: 'done', clean: true })
})

test('PO-13 a second consumer is an error', async () => {
  const { socket } = await pair()
  socket.frames[Symbol.asyncIterator]()
  expect(() => socket.frames[Symbol.asyncIterator]()).toThrow('one consumer')
})

test('PO-13 a send after the end is dropped and counted, never thrown', async () => {
  const { socket, peer } = await pair()
  socket.send('before')
  expect(String((await once(peer, 'message'))[0])).toBe('before')
  peer.terminate()
  expect((await socket.closed).clean).toBe(false)
  socket.send('after')
  socket.ping()
  expect(socket.droppedCount).toBe(1)
})
