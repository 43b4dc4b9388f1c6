import { createTurnMachine, defaultVoiceSettings, type TurnEvent } from '@parley/voice'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'
import { openCallHost } from './call-host.ts'
import { startCallers } from './callers.ts'
import { quietVad, QUIET_VAD_MS } from './quiet-speech.ts'

interface Step {
  readonly atMs: number
  readonly event: TurnEvent
}

/** Events per second through the turn machine, of calls that were really made. */
export const machine: Scenario = async function* ({ progress, isQuick }) {
  progress('turn-latency-machine: a few calls are made and written down')
  const traces = await record(isQuick ? 2 : 8, isQuick ? 1 : 4)
  const steps = traces.reduce((sum, trace) => sum + trace.length, 0)
  const passes = Math.ceil((isQuick ? 20_000 : 1_000_000) / steps)
  const settings = { ...defaultVoiceSettings, stages: { ...defaultVoiceSettings.stages, sttInterim: false } }
  const { initial, step } = createTurnMachine(settings)
  const perSecond = (run: () => number): number => {
    const startMs = performance.now()
    const seen = run()
    return seen / ((performance.now() - startMs) / 1000)
  }
  const measured = await alternate(
    {
      ours: () =>
        perSecond(() => {
          let effects = 0
          for (let pass = 0; pass < passes; pass++) {
            for (const trace of traces) {
              let state = initial
              for (const { event, atMs } of trace) {
                const outcome = step(state, event, atMs)
                state = outcome.state
                effects += outcome.effects.length
              }
            }
          }
          if (effects === 0) throw new Error('The machine decided nothing.')
          return passes * steps
        }),
    },
    { rounds: isQuick ? 1 : 7, progress },
  )
  yield toFigure({
    metric: 'turn-latency-machine',
    unit: 'events/s',
    better: 'higher',
    ours: measured.ours,
    peer: null,
    peerName: 'none',
    n: measured.n,
    note: `${steps} events of ${traces.length} calls with turns and interruptions. Target: 1,000,000 a second on one core.`,
  })
}

/** Calls with turns and interruptions, as their machines were told of them. */
async function record(calls: number, times: number): Promise<Step[][]> {
  await using host = await openCallHost({
    vad: quietVad(),
    vadOptions: { hopMs: QUIET_VAD_MS },
    line: 'Eight words which nobody but the agent says. '.repeat(6),
    interruption: { mode: 'immediate', warmupMs: 0 },
  })
  const logs: (() => Step[])[] = []
  // The machine's own events, as it was given them.
  host.onCall = (call) =>
    logs.push(() => call.log.map(({ atMs, event }) => ({ atMs, event: event as unknown as TurnEvent })))
  using callers = await startCallers()
  await callers.tell({ do: 'open', url: host.url, calls, kind: 'websocket' })
  await callers.tell({ do: 'bargeIns', times, speechMs: 400, afterMs: 600 })
  return logs.map((read) => read())
}
