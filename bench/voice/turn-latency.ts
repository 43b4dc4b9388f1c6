import { createScriptedVad } from '@parley/testing'
import { toFigure, type UnnamedFigure } from '../figure.ts'
import { loadPeer } from '../load-peer.ts'
import { quantile } from '../statistics.ts'
import type { Scenario } from '../suite.ts'
import { openCallHost, type CallHost } from './call-host.ts'
import { startCallers } from './callers.ts'

/** What both frameworks wait after the last voiced instant, in milliseconds: the default of both. */
const DELAY_MS = 500

/** `turn.mjs` of a peer: so many calls in this process, each of them turns one after another. */
interface TurnScript {
  open(
    calls: number,
    delayMs: number,
  ): Promise<{
    /** From the last voiced instant to the first audible sample, in ms. */
    turns(options: {
      turns: number
      speechMs: number
      pauseMs: number
    }): Promise<{ samples: number[]; missing: number }>
    close(): Promise<void>
  }>
}

/** What the framework adds to the configured delay, at a number of calls on one core. */
export function turnLatency(calls: number, turns: number, targetMs: number): Scenario {
  return async function* ({ progress, isQuick }) {
    const metric = `turn-latency-${calls}`
    const { script, ...missing } = await loadPeer<TurnScript>('livekit-agents', 'turn.mjs', progress)
    const rounds = isQuick ? 1 : 3
    const perRound = isQuick ? 2 : Math.ceil(turns / rounds)
    const ours: number[] = []
    const peer: number[] = []
    for (let round = 0; round < rounds; round++) {
      const sides = [
        async () => void ours.push(...(await ownRound(calls, perRound, progress))),
        async () => {
          if (script !== undefined) peer.push(...(await peerRound(script, calls, perRound, progress)))
        },
      ]
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        globalThis.gc?.()
        await side()
      }
    }
    yield* figures(metric, targetMs, ours, peer, 'why' in missing ? missing.why : undefined)
  }
}

async function ownRound(calls: number, turns: number, progress: (text: string) => void): Promise<number[]> {
  progress(`Parley: ${calls} calls, ${turns} turns each`)
  await using host = await openCallHost({
    vad: createScriptedVad(),
    vadOptions: { hopMs: 10 },
    endpointing: { minDelayMs: DELAY_MS },
  })
  using callers = await startCallers()
  await callers.tell({ do: 'open', url: host.url, calls, kind: 'websocket' })
  // The first turn of each call warms up.
  await callers.tell({ do: 'turns', turns: 1, speechMs: 400, pauseMs: 400 })
  const { samples, missing } = await callers.tell({ do: 'turns', turns, speechMs: 400, pauseMs: 400 })
  await callers.tell({ do: 'hangUp', everyKilled: 0 })
  check(host, missing)
  return samples.map((ms) => Math.max(0, ms - DELAY_MS))
}

async function peerRound(
  { open }: TurnScript,
  calls: number,
  turns: number,
  progress: (text: string) => void,
): Promise<number[]> {
  progress(`LiveKit Agents: ${calls} calls, ${turns} turns each`)
  const peer = await open(calls, DELAY_MS)
  await peer.turns({ turns: 1, speechMs: 400, pauseMs: 400 })
  const { samples, missing } = await peer.turns({ turns, speechMs: 400, pauseMs: 400 })
  await peer.close()
  if (missing > 0) throw new Error(`${missing} answers of the peer did not come.`)
  return samples.map((ms) => Math.max(0, ms - DELAY_MS))
}

/** A benchmark whose calls failed would measure nothing. @throws {Error} */
export function check(host: CallHost, missing: number): void {
  const [error] = host.errors
  if (error !== undefined)
    throw error instanceof Error ? error : new Error('A call has reported an error.', { cause: error })
  if (missing > 0) throw new Error(`${missing} answers did not come.`)
}

function* figures(
  metric: string,
  targetMs: number,
  ours: number[],
  peer: number[],
  why: string | undefined,
): Iterable<UnnamedFigure> {
  for (const [name, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    yield toFigure({
      metric: `${metric}-${name}`,
      unit: 'ms',
      better: 'lower',
      ours: quantile(ours, share),
      peer: peer.length === 0 ? null : quantile(peer, share),
      peerName: 'LiveKit Agents (JS)',
      n: ours.length,
      note:
        why ??
        `Beyond ${DELAY_MS} ms of endpointing. Ours: WebSocket to another process and back; the peer has its sound in memory. Target: p99 ${targetMs} ms.`,
    })
  }
}
