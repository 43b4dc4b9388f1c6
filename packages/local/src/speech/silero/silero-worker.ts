import { parentPort, workerData } from 'node:worker_threads'
import { createSileroSession, sileroSizes, type SileroRuntime, type SileroWindows } from './silero-session.ts'

/** What the worker is told. */
export type SileroOrder = { type: 'infer'; id: number; windows: SileroWindows } | { type: 'forget'; stream: number }

/** What the worker answers; `busyMs` is the time inference took. */
export type SileroAnswer =
  | { type: 'ready'; runtime: SileroRuntime }
  | { type: 'missing'; message: string }
  | { type: 'result'; id: number; probabilities: Float32Array; busyMs: number }
  | { type: 'failed'; message: string }

/** Runs of silence at the start: the first runs are several times slower and would look like a slow machine. */
const WARM_UP_RUNS = 5
/** No stream of a detector has this number. */
const WARM_UP_STREAM = 0xffff_ffff

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function serve(port: NonNullable<typeof parentPort>): Promise<void> {
  const answer = (message: SileroAnswer): void => port.postMessage(message)
  // The parent gives this worker exactly these data.
  const { runtime } = workerData as { runtime: 'auto' | SileroRuntime }
  const session = await createSileroSession({ runtime }).catch((error: unknown) => {
    answer({ type: 'missing', message: messageOf(error) })
  })
  if (!session) return
  await session.infer({
    sampleRateHz: 16000,
    streams: new Uint32Array(WARM_UP_RUNS).fill(WARM_UP_STREAM),
    resets: new Uint8Array(WARM_UP_RUNS),
    samples: new Int16Array(WARM_UP_RUNS * sileroSizes[16000].window),
  })
  session.forget(WARM_UP_STREAM)
  const infer = async (id: number, windows: SileroWindows): Promise<void> => {
    // The parent's clock cannot be asked from here, and its own timing would count the parent's pauses as ours.
    const startedAt = process.hrtime.bigint()
    const probabilities = await session.infer(windows)
    answer({ type: 'result', id, probabilities, busyMs: Number(process.hrtime.bigint() - startedAt) / 1e6 })
  }
  let lane = Promise.resolve()
  port.on('message', (order: SileroOrder) => {
    lane = lane
      .then(() => (order.type === 'forget' ? session.forget(order.stream) : infer(order.id, order.windows)))
      .catch((error: unknown) => answer({ type: 'failed', message: messageOf(error) }))
  })
  answer({ type: 'ready', runtime: session.runtime })
}

if (parentPort) await serve(parentPort)
