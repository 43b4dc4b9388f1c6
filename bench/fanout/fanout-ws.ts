import { encodeEvent } from '@parley/kit'
import type { RoomEvent } from '@parley/spec'
import { alternateRounds } from './alternate-rounds.ts'
import { toFigure } from '../figure.ts'
import { loadPeer } from '../load-peer.ts'
import type { Scenario } from '../suite.ts'
import { openClients } from './clients.ts'
import { line, openParleySide, type WsHost } from './parley-side.ts'
import type { FanoutSide } from './side.ts'

/**
 * One event to 1,000 sockets, against a loop of bare sends of the same text; against one of bytes that were encoded
 * before, which is what ours hands over; and with ten sockets that do not read.
 */
export const fanoutWs: Scenario = async function* (context) {
  const { script, ...missing } = await loadPeer<WsHost>('ws', 'host.mjs', context.progress)
  if (script === undefined) throw new Error('why' in missing ? missing.why : 'There are no sockets.')
  const count = context.isQuick ? 100 : 1_000
  for (const [metric, stalled, isEncoded] of [
    ['fanout-ws', 0, false],
    ['fanout-ws-encoded', 0, true],
    ['fanout-ws-stalled', 10, false],
  ] as const) {
    context.progress(`${metric}: ${2 * count} sockets are connected`)
    await using ours = await openParleySide(script, count, stalled)
    await using peer = await openBareSide(script, { count, stalled, isEncoded })
    const measured = await alternateRounds({ ours, peer }, context)
    const common = {
      better: 'lower',
      peerName: isEncoded ? 'bare ws sends of bytes' : 'bare ws sends',
      n: measured.n,
    } as const
    yield toFigure({
      ...common,
      metric,
      unit: 'us CPU/event',
      ours: measured.ours.cpuUs,
      peer: measured.peer.cpuUs,
      note: `${count} sockets, ${stalled} of them not reading; CPU of the sending process. Target 0.83.`,
    })
    yield toFigure({
      ...common,
      metric: `${metric}-last-byte`,
      unit: 'us to last byte',
      ours: measured.ours.lastByteUs,
      peer: measured.peer.lastByteUs,
    })
  }
}

async function openBareSide(
  { openHost }: WsHost,
  { count, stalled, isEncoded }: { count: number; stalled: number; isEncoded: boolean },
): Promise<FanoutSide> {
  const host = await openHost()
  const clients = await openClients('ws', [host.url, count, stalled])
  const text = encodeEvent(sampleEvent())
  const frame = isEncoded ? new TextEncoder().encode(text) : text
  return {
    clients,
    receivers: count - stalled,
    send() {
      for (const socket of host.sockets) socket.send(frame, { binary: false })
    },
    async [Symbol.asyncDispose]() {
      clients.close()
      await host.close()
    },
  }
}

/** An event as the kit makes it, for as many bytes. */
function sampleEvent(): RoomEvent {
  return {
    id: 'evt_01K0AAAAAAAAAAAAAAAAAAAAAA',
    roomId: 'room_01K0AAAAAAAAAAAAAAAAAAAAAA',
    index: 100,
    type: 'message',
    status: 'committed',
    source: { kind: 'system', channelId: 'web', channelType: 'websocket', medium: 'text' },
    content: { type: 'text', text: line },
    visibility: 'all',
    addressedTo: null,
    chainDepth: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    metadata: {},
  }
}
