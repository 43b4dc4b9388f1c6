import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { WebSocket, type ClientOptions } from 'ws'

/** A frame as it came over the wire. */
export type Frame = { type: string } & Record<string, unknown>

/** A bare client of a room's socket: what goes over the wire, nothing more. */
export interface TestSocket {
  readonly ws: WebSocket
  readonly frames: Frame[]
  send(frame: object | string | Uint8Array): void
  /** The first frame that fits, already here or to come. */
  find(fits: (frame: Frame) => boolean): Promise<Frame>
  ofType(type: string): Promise<Frame>
  readonly closed: Promise<number>
}

/** Opens a socket that ends with the test. Rejects with the status when the upgrade is refused. */
export async function openSocket(url: string, path: string, options: ClientOptions & { protocols?: string[] } = {}): Promise<TestSocket> {
  const { protocols = ['parley.room.v1'], ...rest } = options
  const ws = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, protocols, rest)
  onTestFinished(() => ws.terminate())
  const frames: Frame[] = []
  const waiting = new Set<() => void>()
  ws.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString('utf8')) as Frame) // servers send JSON objects with a type
    for (const look of waiting) look()
  })
  const closed = new Promise<number>((resolve) => ws.on('close', (code) => resolve(code)))
  const refused = new Promise<never>((_resolve, reject) => {
    ws.on('unexpected-response', (_request, response) => reject(new Error(String(response.statusCode))))
    ws.on('error', reject)
  })
  refused.catch(() => {})
  await Promise.race([once(ws, 'open'), refused])
  const find = (fits: (frame: Frame) => boolean): Promise<Frame> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = frames.find(fits)
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  return {
    ws,
    frames,
    closed,
    find,
    ofType: (type) => find((frame) => frame.type === type),
    send: (frame) => ws.send(typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame)),
  }
}
