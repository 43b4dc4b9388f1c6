import { createClient, type Client, type RoomConnection } from '@parley/client'
import type { PendingRequest, RoomEvent } from '@parley/spec'
import { z } from 'zod'

const seatSchema = z.object({ roomId: z.string(), participantId: z.string(), token: z.string() })
const deskSchema = z.object({ token: z.string() })
const waitMs = 20_000

/** A caller over the public routes alone: HTTP and one WebSocket. */
export interface RemoteCaller {
  roomId: string
  /** The seat in the room. */
  token: string
  connection: RoomConnection
  /** Everything received, in order. */
  readonly events: RoomEvent[]
  say(text: string): Promise<void>
  /** Waits for words that match, an agent's or a colleague's, after the last ones waited for. */
  hear(pattern: RegExp, from?: 'agent' | 'person'): Promise<string>
  /** Waits for a masked question. */
  asked(): Promise<PendingRequest>
  /** Waits for a masked question and answers it. */
  pin(digits: string): Promise<void>
  close(): void
}

/** Opens a room as one of the demo's people and connects. */
export async function callAs(person: string, origin: string): Promise<RemoteCaller> {
  const response = await fetch(`${origin}/demo/rooms`, { method: 'POST', body: JSON.stringify({ person }) })
  if (response.status !== 201) throw new Error(`POST /demo/rooms answered ${response.status}`)
  const { roomId, token } = seatSchema.parse(await response.json())
  const connection = createClient({ baseUrl: origin }).joinRoom(roomId, { token, after: -1 })
  const events: RoomEvent[] = []
  const requests: PendingRequest[] = []
  const watchers = new Set<() => void>()
  const changed = (): void => {
    for (const watcher of watchers) watcher()
  }
  connection.on('event', ({ event }) => {
    events.push(event)
    changed()
  })
  connection.on('request', ({ request }) => {
    requests.push(request)
    changed()
  })
  connection.on('requestClosed', ({ requestId }) => {
    const at = requests.findIndex(({ id }) => id === requestId)
    if (at >= 0) requests.splice(at, 1)
    changed()
  })
  let heard = 0

  async function until<T>(what: string, look: () => T | undefined): Promise<T> {
    const found = look()
    if (found !== undefined) return found
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        watchers.delete(watch)
        const last = events.findLast(({ content }) => content.type === 'text')?.content
        reject(new Error(`Waited ${waitMs} ms for ${what}; last words: ${last?.type === 'text' ? last.text : 'none'}`))
      }, waitMs)
      const watch = (): void => {
        const value = look()
        if (value === undefined) return
        clearTimeout(timer)
        watchers.delete(watch)
        resolve(value)
      }
      watchers.add(watch)
    })
  }

  const asked = (): Promise<PendingRequest> =>
    until('a masked question', () => requests.find(({ kind, sensitive }) => kind === 'input' && sensitive))

  return {
    roomId,
    token,
    connection,
    events,
    async say(text) {
      await connection.send(text).settled
    },
    hear: (pattern, from = 'agent') =>
      until(String(pattern), () => {
        for (const [index, { source, content }] of events.entries()) {
          if (index < heard || source.kind !== from || content.type !== 'text' || !pattern.test(content.text)) continue
          heard = index + 1
          return content.text
        }
        return undefined
      }),
    asked,
    async pin(digits) {
      const request = await asked()
      requests.splice(requests.indexOf(request), 1)
      connection.answer(request.id, { decision: 'answer', value: digits })
    },
    close: () => connection.close(),
  }
}

/** A desk over the public routes alone. */
export async function openDesk(origin: string): Promise<Client> {
  const response = await fetch(`${origin}/demo/desk`)
  const { token } = deskSchema.parse(await response.json())
  return createClient({ baseUrl: origin, token })
}

/** Approves the open approval of a room, as Kim. */
export async function approve(desk: Client, roomId: string): Promise<void> {
  const [request] = await desk.requests.list({ room: roomId, kind: 'approval' })
  if (!request) throw new Error('No approval is open at the desk.')
  await desk.requests.answer(request.id, { decision: 'approve', participantId: 'desk-kim' })
}
