import type { UnnamedFigure } from '../figure.ts'
import { loadPeer } from '../load-peer.ts'
import { quantileFigures } from '../quantile-figures.ts'
import type { Scenario } from '../suite.ts'
import { openCallHost, type CallHost } from './call-host.ts'
import { createCaller } from './caller.ts'
import { startCallers, type CallerAnswer } from './callers.ts'
import { openMemoryLine } from './memory-line.ts'
import { paceCallers } from './pace-callers.ts'
import { quietVad, QUIET_VAD_MS } from './quiet-speech.ts'

/** What both frameworks wait after the last voiced instant, in milliseconds: the default of both. */
const DELAY_MS = 500

/** Turns before the first that counts, over all calls: code that ran a few times only is still being compiled. */
const WARM_UP_TURNS = 25

/** Short turns, since the worst one in a hundred is told well by many of them only. */
const TURN = { speechMs: 200, pauseMs: 200 }

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
    const wired: number[] = []
    const ours: number[] = []
    const peer: number[] = []
    for (let round = 0; round < rounds; round++) {
      const sides = [
        async () => void wired.push(...(await ownRound(calls, perRound, progress))),
        async () => void ours.push(...(await memoryRound(calls, perRound, progress))),
        async () => {
          if (script !== undefined) peer.push(...(await peerRound(script, calls, perRound, progress)))
        },
      ]
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        globalThis.gc?.()
        await side()
      }
    }
    yield* figures(
      metric,
      wired,
      [],
      `Beyond ${DELAY_MS} ms of endpointing, over WebSockets to another process and back. Target: p99 ${targetMs} ms.`,
    )
    const why = 'why' in missing ? missing.why : undefined
    yield* figures(
      `${metric}-memory`,
      ours,
      peer,
      why ?? `Beyond ${DELAY_MS} ms of endpointing; both have callers and their sound in the same process.`,
    )
  }
}

async function ownRound(calls: number, turns: number, progress: (text: string) => void): Promise<number[]> {
  progress(`Parley: ${calls} calls, ${turns} turns each`)
  await using host = await openCallHost({
    vad: quietVad(),
    vadOptions: { hopMs: QUIET_VAD_MS },
    endpointing: { minDelayMs: DELAY_MS },
  })
  using callers = await startCallers()
  await callers.tell({ do: 'open', url: host.url, calls, kind: 'websocket' })
  await callers.tell({ do: 'turns', turns: warmUpOf(calls), ...TURN })
  const { samples, missing } = await callers.tell({ do: 'turns', turns, ...TURN })
  await callers.tell({ do: 'hangUp', everyKilled: 0 })
  check(host, missing)
  return samples.map((ms) => Math.max(0, ms - DELAY_MS))
}

/** The same without sockets, callers in this process: as the peer is measured. */
async function memoryRound(calls: number, turns: number, progress: (text: string) => void): Promise<number[]> {
  progress(`Parley in memory: ${calls} calls, ${turns} turns each`)
  await using host = await openCallHost({
    vad: quietVad(),
    vadOptions: { hopMs: QUIET_VAD_MS },
    endpointing: { minDelayMs: DELAY_MS },
  })
  const lines = Array.from({ length: calls }, (_, index) => openMemoryLine(`memory-${index}`))
  for (const { endpoint } of lines) await host.connect(endpoint)
  const callers = lines.map(({ line }) => createCaller(line))
  const stop = paceCallers(() => callers)
  const all = (count: number): Promise<CallerAnswer[]> =>
    Promise.all(callers.map((caller) => caller.turns({ turns: count, ...TURN })))
  await all(warmUpOf(calls))
  const answers = await all(turns)
  stop()
  check(
    host,
    answers.reduce((sum, { missing }) => sum + missing, 0),
  )
  return answers.flatMap(({ samples }) => samples).map((ms) => Math.max(0, ms - DELAY_MS))
}

async function peerRound(
  { open }: TurnScript,
  calls: number,
  turns: number,
  progress: (text: string) => void,
): Promise<number[]> {
  progress(`LiveKit Agents: ${calls} calls, ${turns} turns each`)
  const peer = await open(calls, DELAY_MS)
  await peer.turns({ turns: warmUpOf(calls), ...TURN })
  const { samples, missing } = await peer.turns({ turns, ...TURN })
  await peer.close()
  if (missing > 0) throw new Error(`${missing} answers of the peer did not come.`)
  return samples.map((ms) => Math.max(0, ms - DELAY_MS))
}

function warmUpOf(calls: number): number {
  return Math.max(1, Math.ceil(WARM_UP_TURNS / calls))
}

/** A benchmark whose calls failed would measure nothing. @throws {Error} */
export function check(host: CallHost, missing: number): void {
  const [error] = host.errors
  if (error !== undefined)
    throw error instanceof Error ? error : new Error('A call has reported an error.', { cause: error })
  if (missing > 0) throw new Error(`${missing} answers did not come.`)
}

function figures(metric: string, ours: number[], peer: number[], note: string): Iterable<UnnamedFigure> {
  const peerName = peer.length === 0 ? 'none' : 'LiveKit Agents (JS)'
  return quantileFigures({ metric, unit: 'ms', ours, peer, peerName, percents: [50, 95, 99], note })
}
