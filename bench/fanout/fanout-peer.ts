import { toFigure } from '../figure.ts'
import { loadPeer } from '../load-peer.ts'
import type { Scenario } from '../suite.ts'
import { alternateRounds } from './alternate-rounds.ts'
import { openClients } from './clients.ts'
import { line, openParleySide, type WsHost } from './parley-side.ts'
import { sendRound, type FanoutSide } from './side.ts'

/** `host.mjs` of a framework. */
interface BroadcastHost {
  openHost(): Promise<{ url: string; broadcast(message: object): void; close(): Promise<unknown> }>
}

/** One event to 1,000 clients of a framework, which sends an object with the same words. */
export function fanoutAgainst(name: 'socketio' | 'colyseus', peerName: string): Scenario {
  return async function* (context) {
    const ws = await loadPeer<WsHost>('ws', 'host.mjs', context.progress)
    if (ws.script === undefined) throw new Error(ws.why)
    const loaded = await loadPeer<BroadcastHost>(name, 'host.mjs', context.progress)
    const count = context.isQuick ? 100 : 1_000
    const common = { metric: `fanout-${name}`, unit: 'us CPU/event', better: 'lower', peerName } as const
    context.progress(`fanout-${name}: sockets are connected`)
    await using ours = await openParleySide(ws.script, count)
    if (loaded.script === undefined) {
      const { cpuUs } = await sendRound(ours, 10)
      yield toFigure({ ...common, ours: cpuUs, peer: null, n: 1, note: loaded.why })
      return
    }
    await using peer = await openPeerSide(loaded.script, name, count)
    const measured = await alternateRounds({ ours, peer }, context)
    yield toFigure({
      ...common,
      ours: measured.ours.cpuUs,
      peer: measured.peer.cpuUs,
      n: measured.n,
      note: `${count} clients; CPU of the sending process.`,
    })
  }
}

async function openPeerSide({ openHost }: BroadcastHost, name: string, count: number): Promise<FanoutSide> {
  const host = await openHost()
  const clients = await openClients(name, [host.url, count])
  let index = 0
  return {
    clients,
    receivers: count,
    send() {
      const from = {
        kind: 'person',
        channel_id: 'web',
        channel_type: 'websocket',
        participant_id: 'ada',
        medium: 'text',
      }
      host.broadcast({
        index: index++,
        id: `evt_${index}`,
        room_id: 'room',
        type: 'message',
        status: 'committed',
        source: from,
        content: { type: 'text', text: line },
        visibility: 'all',
        created_at: new Date().toISOString(),
      })
    },
    async [Symbol.asyncDispose]() {
      clients.close()
      await host.close()
    },
  }
}
