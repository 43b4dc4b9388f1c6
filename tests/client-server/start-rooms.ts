import { Kit, type KitOptions } from '@parley/kit'
import { createClient, type Client, type RoomConnection, type RoomUpdate } from '@parley/client'
import { createApiKey, createServer, lookupIn, type Server, type ServerOptions } from '@parley/server'
import { createSystemIds, type RoomEvent } from '@parley/spec'
import { onTestFinished } from 'vitest'

export const secret = 'a secret of at least thirty-two bytes'

const ids = createSystemIds()
const harbor = createApiKey({ id: 'harbor', rights: ['admin'], organizationId: 'harbor' }, ids)
const other = createApiKey({ id: 'other', rights: ['admin'], organizationId: 'other' }, ids)
const desk = createApiKey({ id: 'desk', rights: ['rooms:read', 'desk:answer'], organizationId: 'harbor' }, ids)

/** Keys of the tests: two organizations, and a desk without the right to approve. */
export const keys = { harbor: harbor.key, other: other.key, desk: desk.key }

/** A real server on a free port of this machine, and a client with the key of organization `harbor`. */
export interface Started {
  kit: Kit
  server: Server
  url: string
  client: Client
}

/** Starts a kit and a server that end with the test. */
export async function startRooms(
  options: Partial<Omit<ServerOptions, 'kit'>> & { kit?: Kit; kitOptions?: KitOptions } = {},
): Promise<Started> {
  const { kitOptions, kit = new Kit(kitOptions), ...serverOptions } = options
  onTestFinished(() => kit.close({ graceMs: 100 }))
  const server = createServer({
    kit,
    auth: { keys: lookupIn([harbor.record, other.record, desk.record]), secrets: [secret] },
    ...serverOptions,
  })
  onTestFinished(() => server.close({ drainMs: 100 }))
  const { url } = await server.listen({ port: 0 })
  return { kit, server, url, client: createClient({ baseUrl: url, token: keys.harbor }) }
}

/** Resolves with the first update that fits, from now on. */
export function next<Type extends RoomUpdate['type']>(
  connection: RoomConnection,
  type: Type,
  fits: (update: Extract<RoomUpdate, { type: Type }>) => boolean = () => true,
): Promise<Extract<RoomUpdate, { type: Type }>> {
  return new Promise((resolve) => {
    const dispose = connection.on(type, (update) => {
      if (!fits(update)) return
      dispose()
      resolve(update)
    })
  })
}

/** Keeps what a connection gives; `reach` resolves when the event of an index is there. */
export function record(connection: RoomConnection): { events: RoomEvent[]; reach(index: number): Promise<void> } {
  const events: RoomEvent[] = []
  const waiting: { index: number; resolve: () => void }[] = []
  connection.on('event', ({ event }) => {
    events.push(event)
    for (const { index, resolve } of waiting) if (event.index >= index) resolve()
  })
  return {
    events,
    reach: (index) =>
      connection.lastIndex >= index ? Promise.resolve() : new Promise((resolve) => waiting.push({ index, resolve })),
  }
}

/** Resolves once the connection is live. */
export async function live(connection: RoomConnection): Promise<void> {
  if (connection.status !== 'live') await next(connection, 'status', ({ status }) => status === 'live')
}

/** Says something in a room as the host. */
export async function say(kit: Kit, roomId: string, ...texts: string[]): Promise<void> {
  for (const text of texts) await kit.sendSystem(roomId, { content: { type: 'text', text } })
}

/** What the texts of events are. */
export function textsOf(events: readonly RoomEvent[]): string[] {
  return events.flatMap(({ content }) => (content.type === 'text' ? [content.text] : []))
}
