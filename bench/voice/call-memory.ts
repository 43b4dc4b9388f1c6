import type { CallSession } from '@parley/voice'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'
import { openCallHost, type CallHost } from './call-host.ts'
import { startCallers } from './callers.ts'
import { check } from './turn-latency.ts'
import { quietVad, QUIET_VAD_MS } from './quiet-speech.ts'

const longReply = 'Eight words which nobody but the agent says. '.repeat(16)
/** What a call may take, in bytes. */
const IDLE_BUDGET = 300 * 1024
const SPEAKING_BUDGET = 1.5 * 1024 * 1024

/** Memory of a call while nobody speaks, and while the agent does; engines apart. */
export const perCall: Scenario = async function* ({ progress, isQuick }) {
  const calls = isQuick ? 20 : 200
  progress(`call-memory: ${calls} calls`)
  await using host = await openCallHost({ vad: quietVad(), vadOptions: { hopMs: QUIET_VAD_MS }, line: longReply })
  using callers = await startCallers()
  // What the first calls load and compile stays for all others.
  await callers.tell({ do: 'open', url: host.url, calls: 5, kind: 'websocket' })
  await callers.tell({ do: 'hangUp', everyKilled: 0 })
  await settle(2_000)
  const before = usedBytes()
  await callers.tell({ do: 'open', url: host.url, calls, kind: 'websocket' })
  await settle(2_000)
  const idle = usedBytes()
  const { missing } = await callers.tell({ do: 'speakOnce', speechMs: 600 })
  await settle(500)
  const speaking = usedBytes()
  check(host, missing)
  for (const [metric, after, budget] of [
    ['call-memory-idle', idle, IDLE_BUDGET],
    ['call-memory-speaking', speaking, SPEAKING_BUDGET],
  ] as const) {
    yield toFigure({
      metric,
      unit: 'bytes/call',
      better: 'lower',
      ours: Math.max(0, after.used - before.used) / calls,
      peer: null,
      peerName: 'none',
      n: calls,
      note:
        `Heap and buffers after collection, room and log included; resident ${Math.round((after.resident - before.resident) / calls / 1024)} KiB ` +
        `per call. Budget: ${Math.round(budget / 1024)} KiB.`,
    })
  }
}

/** What is left of calls that ended, of which a third was cut in mid-speech. */
export const leak: Scenario = async function* ({ progress, isQuick }) {
  const batch = isQuick ? 10 : 100
  const batches = isQuick ? 2 : 5
  // Code is compiled until it has run often: a fifth of what follows keeps that off the account.
  await round(batch, 1, progress)
  await settle(1_000)
  const resources = countResources()
  const before = usedBytes()
  const left = await round(batch, batches, progress)
  await settle(1_000)
  const after = usedBytes()
  const growth = after.used / before.used - 1
  const handles = Math.max(0, countResources() - resources)
  const common = { better: 'lower', peer: null, peerName: 'none', n: batch * batches } as const
  yield toFigure({
    ...common,
    metric: 'call-memory-leak',
    unit: 'calls',
    ours: left,
    note: 'Calls of those that ended which something still holds while the kit lives on. Target: 0.',
  })
  yield toFigure({
    ...common,
    metric: 'call-memory-leak-handles',
    unit: 'handles',
    ours: handles,
    note: 'Timers, sockets and workers above the start. Target: 0.',
  })
  yield toFigure({
    ...common,
    metric: 'call-memory-leak-heap',
    unit: '%',
    ours: Math.max(0, growth * 100),
    note: 'Heap and buffers above the start, kit and rooms closed. Target: 2.',
  })
}

/** Opens and ends calls on one kit; gives how many of them are still reachable. */
async function round(batch: number, batches: number, progress: (text: string) => void): Promise<number> {
  await using host = await openCallHost({ vad: quietVad(), vadOptions: { hopMs: QUIET_VAD_MS }, line: longReply })
  using callers = await startCallers()
  const seen: WeakRef<CallSession>[] = []
  host.onCall = (call) => seen.push(new WeakRef(call))
  for (let index = 0; index < batches; index++) {
    progress(`call-memory-leak: calls ${index * batch + 1} to ${(index + 1) * batch}`)
    await callers.tell({ do: 'open', url: host.url, calls: batch, kind: 'websocket' })
    await callers.tell({ do: 'speakOnce', speechMs: 400 })
    await callers.tell({ do: 'hangUp', everyKilled: 3 })
    await endCut(host)
  }
  await settle(3_000)
  return seen.filter((call) => call.deref() !== undefined).length
}

/** Those whose line was cut wait for their person; here nobody comes. */
async function endCut({ channel }: CallHost): Promise<void> {
  await Promise.all(channel.calls.map((call) => call.hangup('lost')))
}

async function settle(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  for (let time = 0; time < 4; time++) {
    globalThis.gc?.()
    // What finalizers and weak references hold goes with the next turn of the loop.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function usedBytes(): { used: number; resident: number } {
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return { used: heapUsed + arrayBuffers, resident: rss }
}

function countResources(): number {
  return process.getActiveResourcesInfo().length
}
