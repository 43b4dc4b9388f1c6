import type { Socket, VadOptions, VoiceActivityDetector } from '@parley/spec'
import { defaultVoiceSettings } from '@parley/voice'
import type { UnnamedFigure } from '../figure.ts'
import { quantileFigures } from '../quantile-figures.ts'
import type { Scenario } from '../suite.ts'
import { openCallHost, type CallHostOptions } from './call-host.ts'
import { startCallers, type CallerOrder } from './callers.ts'
import { check } from './turn-latency.ts'
import { quietVad, QUIET_VAD_MS } from './quiet-speech.ts'

/** Speech that is needed before it counts, in milliseconds. */
const THRESHOLD_MS = defaultVoiceSettings.vad.minSpeechMs
/** A reply long enough to be cut, 10 s of it. */
const longReply = 'Eight words which nobody but the agent says. '.repeat(6)

const options: CallHostOptions = {
  vadOptions: { hopMs: QUIET_VAD_MS },
  line: longReply,
  interruption: { mode: 'immediate', warmupMs: 0 },
}

function orderFor(times: number): CallerOrder {
  return { do: 'bargeIns', times, speechMs: 300, afterMs: 800 }
}

/** From the window that makes it speech, as the detector tells it, to the clear on its way to the person; 50 calls. */
export const decisionToClear: Scenario = async function* ({ progress, isQuick }) {
  const calls = isQuick ? 5 : 50
  progress(`barge-in-50: ${calls} calls`)
  const taken: number[] = []
  const decided: { atMs: number }[] = []
  const vad = watchDecisions(quietVad(), (atMs) => decided.push({ atMs }))
  await using host = await openCallHost({
    ...options,
    vad,
    watch: (socket) =>
      watchClears(socket, (atMs) => {
        // The machine runs to its end before anything else does: the last window told is the one that decided.
        const decision = decided.pop()
        if (decision !== undefined) taken.push(atMs - decision.atMs)
        decided.length = 0
      }),
  })
  using callers = await startCallers()
  await callers.tell({ do: 'open', url: host.url, calls, kind: 'websocket' })
  const { samples, missing } = await callers.tell(orderFor(isQuick ? 2 : 8))
  check(host, missing)
  // The first one of each call warms up.
  taken.splice(0, calls)
  if (taken.length < samples.length) throw new Error(`${samples.length} clears came, of ${taken.length} decisions.`)
  yield* figures(
    'barge-in-50',
    taken,
    'From the deciding window to the clear on the socket. Target: p99 of one frame, 20 ms.',
  )
}

/** From the speech threshold to the clear at the person's end, over a socket to another process. */
export function farEnd(metric: string, kind: 'websocket' | 'twilio'): Scenario {
  return async function* ({ progress, isQuick }) {
    progress(metric)
    const calls = isQuick ? 1 : 10
    await using host = await openCallHost({ ...options, vad: quietVad() })
    using callers = await startCallers()
    await callers.tell({ do: 'open', url: host.url, calls, kind })
    const { samples, missing } = await callers.tell(orderFor(isQuick ? 2 : 20))
    check(host, missing)
    const beyond = samples.map((ms) => Math.max(0, ms - THRESHOLD_MS))
    yield* figures(
      metric,
      beyond,
      `Beyond ${THRESHOLD_MS} ms of speech, at ${calls} calls; frames of 20 ms are part of it. Target: p95 40 ms.`,
    )
  }
}

/** Notes when a window is told that begins or goes on with speech. */
function watchDecisions(vad: VoiceActivityDetector, note: (atMs: number) => void): VoiceActivityDetector {
  return {
    info: vad.info,
    create: ({ onResult, ...rest }: VadOptions) =>
      vad.create({
        ...rest,
        onResult(result) {
          if (result.probability > 0) note(performance.now())
          onResult(result)
        },
      }),
  }
}

function watchClears(socket: Socket, note: (atMs: number) => void): Socket {
  return {
    closed: socket.closed,
    frames: socket.frames,
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    ping: () => socket.ping(),
    close: (code, reason) => socket.close(code, reason),
    send(data) {
      socket.send(data)
      if (typeof data === 'string' && data.includes('"type":"clear"')) note(performance.now())
    },
  }
}

function figures(metric: string, samples: number[], note: string): Iterable<UnnamedFigure> {
  return quantileFigures({
    metric,
    unit: 'ms',
    ours: samples,
    peer: [],
    peerName: 'none',
    percents: [50, 95, 99],
    note,
  })
}
