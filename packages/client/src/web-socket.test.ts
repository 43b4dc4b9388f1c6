import { afterEach, expect, test } from 'vitest'
import { createWebSocketFactory } from './web-socket.ts'

/** What the platform's socket does, told by the test. */
class PlatformSocket extends EventTarget {
  static last: PlatformSocket | undefined
  readonly OPEN = 1
  readyState = 0
  binaryType = 'blob'
  bufferedAmount = 7
  readonly sent: unknown[] = []
  readonly closes: unknown[][] = []

  readonly url: string
  readonly protocols: string[]

  constructor(url: string, protocols: string[]) {
    super()
    this.url = url
    this.protocols = protocols
    PlatformSocket.last = this
  }

  open(): void {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }

  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  end(code: number, reason: string, wasClean: boolean): void {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason, wasClean }))
  }

  send(data: unknown): void {
    this.sent.push(data)
  }

  close(...given: unknown[]): void {
    this.closes.push(given)
  }
}

// The factory uses no more of the platform's socket than stands above.
const openSocket = createWebSocketFactory(PlatformSocket as unknown as typeof WebSocket)

function platform(): PlatformSocket {
  if (PlatformSocket.last === undefined) throw new Error('No socket was made.')
  return PlatformSocket.last
}

afterEach(() => {
  PlatformSocket.last = undefined
})

test('an open socket gives text and bytes in order up to its end, and says how it ended', async () => {
  const opening = openSocket('ws://here', { protocols: ['parley.room.v1'] })
  const ws = platform()
  expect([ws.url, ws.protocols, ws.binaryType]).toEqual(['ws://here', ['parley.room.v1'], 'arraybuffer'])
  ws.open()
  const socket = await opening
  ws.receive('one')
  ws.receive(new Uint8Array([1, 2]).buffer)
  ws.end(4_000, 'over', true)
  const read: unknown[] = []
  for await (const frame of socket.frames) read.push(frame)
  expect(read).toEqual(['one', new Uint8Array([1, 2])])
  expect(await socket.closed).toEqual({ code: 4_000, reason: 'over', clean: true })
})

test('what is sent is the sender’s again at once, and after the end it is dropped', async () => {
  const opening = openSocket('ws://here')
  const ws = platform()
  ws.open()
  const socket = await opening
  const bytes = new Uint8Array([1, 2, 3]).subarray(1)
  socket.send('text')
  socket.send(bytes)
  bytes.fill(9)
  expect(ws.sent).toEqual(['text', new Uint8Array([2, 3])])
  expect(socket.bufferedAmount).toBe(7)
  ws.end(1_006, '', false)
  socket.send('late')
  expect(ws.sent).toHaveLength(2)
  socket.close(1_000, 'left')
  expect(ws.closes).toEqual([[1_000, 'left']])
})

test('a socket that never opens rejects with connection_lost and its code', async () => {
  const opening = openSocket('ws://nowhere')
  platform().end(1_006, '', false)
  await expect(opening).rejects.toMatchObject({
    code: 'connection_lost',
    message: expect.stringContaining('the socket closed with 1006'),
  })
})

test('an abort, before or while it opens, rejects with its reason and closes', async () => {
  const reason = new Error('no more')
  await expect(openSocket('ws://here', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(platform().closes).toHaveLength(1)
  const controller = new AbortController()
  const opening = openSocket('ws://here', { signal: controller.signal })
  controller.abort(reason)
  await expect(opening).rejects.toBe(reason)
  expect(platform().closes).toHaveLength(1)
})

test('an abort after it has opened leaves the socket to its owner', async () => {
  const controller = new AbortController()
  const opening = openSocket('ws://here', { signal: controller.signal })
  const ws = platform()
  ws.open()
  await opening
  controller.abort()
  expect(ws.closes).toEqual([])
})
