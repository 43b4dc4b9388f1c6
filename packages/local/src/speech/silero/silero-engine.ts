import { Worker } from 'node:worker_threads'
import type { SileroRuntime } from './silero-session.ts'
import { sileroSizes } from './silero-session.ts'
import type { SileroAnswer, SileroOrder } from './silero-worker.ts'

/** One window on its way to the model. */
export interface SileroJob {
  stream: number
  /** The stream forgets its context first. */
  reset: boolean
  samples: Int16Array
  onProbability(probability: number): void
}

/** Why the model cannot be used: it or its runtime did not load, it takes over half of the real time, or it stopped. */
export type SileroTrouble = 'missing' | 'slow' | 'failed'

export interface SileroEngineOptions {
  runtime: 'auto' | SileroRuntime
  onTrouble(trouble: SileroTrouble, message: string): void
  /** Two seconds went by within the limit. */
  onCalm(): void
  /** Where the worker's file is. @default beside this file */
  worker?: URL
}

/** The worker with the model, as seen from the main thread: one batch of each rate is on its way, the rest gathers. */
export interface SileroEngine {
  submit(sampleRateHz: 8000 | 16000, job: SileroJob): void
  forget(stream: number): void
  /** What runs, once it does; rejects never. */
  readonly ready: Promise<SileroRuntime | null>
  close(): Promise<void>
}

/** Windows in one message: a batch of 128 runs for about 20 ms. */
const MAX_BATCH = 128
/** Windows of the busiest stream after which the load is judged: two seconds. */
const EPOCH_WINDOWS = 62
const WINDOW_MS = 32
/** Share of real time that inference may take. */
const MAX_LOAD = 0.5

interface Lane {
  waiting: SileroJob[]
  flying: SileroJob[]
  isScheduled: boolean
}

/** Judges inference time against the audio it was for. */
function createLoadMeter(): { add(streams: Uint32Array, busyMs: number): number | undefined } {
  let busy = 0
  let counts = new Map<number, number>()
  return {
    add(streams, busyMs) {
      busy += busyMs
      let most = 0
      for (const stream of streams) {
        const count = (counts.get(stream) ?? 0) + 1
        counts.set(stream, count)
        most = Math.max(most, count)
      }
      if (most < EPOCH_WINDOWS) return undefined
      const load = busy / (most * WINDOW_MS)
      busy = 0
      counts = new Map()
      return load
    },
  }
}

/** Starts the worker at once; it does not keep the process alive while it has nothing to do. */
export function createSileroEngine({ runtime, onTrouble, onCalm, worker: file }: SileroEngineOptions): SileroEngine {
  const lanes: Record<8000 | 16000, Lane> = {
    8000: { waiting: [], flying: [], isScheduled: false },
    16000: { waiting: [], flying: [], isScheduled: false },
  }
  const meter = createLoadMeter()
  const ready = Promise.withResolvers<SileroRuntime | null>()
  let isReady = false
  let isOver = false

  // The compiled package has the worker's file compiled as well.
  const own = new URL(import.meta.url).pathname.endsWith('.ts') ? './silero-worker.ts' : './silero-worker.js'
  const worker = new Worker(file ?? new URL(own, import.meta.url), {
    workerData: { runtime },
    execArgv: [],
    name: 'silero',
  })
  worker.unref()

  const fail = (trouble: SileroTrouble, message: string): void => {
    if (isOver) return
    isOver = true
    ready.resolve(null)
    for (const lane of Object.values(lanes)) {
      lane.waiting = []
      lane.flying = []
    }
    onTrouble(trouble, message)
    void worker.terminate()
  }

  const order = (message: SileroOrder, transfer: ArrayBuffer[] = []): void => worker.postMessage(message, transfer)

  const flush = (rate: 8000 | 16000): void => {
    const lane = lanes[rate]
    lane.isScheduled = false
    if (!isReady || isOver || lane.flying.length > 0 || lane.waiting.length === 0) return
    const jobs = lane.waiting.splice(0, MAX_BATCH)
    lane.flying = jobs
    const { window } = sileroSizes[rate]
    const streams = new Uint32Array(jobs.length)
    const resets = new Uint8Array(jobs.length)
    const samples = new Int16Array(jobs.length * window)
    jobs.forEach((job, index) => {
      streams[index] = job.stream
      resets[index] = job.reset ? 1 : 0
      samples.set(job.samples, index * window)
    })
    worker.ref()
    const windows = { sampleRateHz: rate, streams, resets, samples }
    order({ type: 'infer', id: rate, windows }, [samples.buffer])
  }

  const settle = (rate: 8000 | 16000, probabilities: Float32Array, busyMs: number): void => {
    const lane = lanes[rate]
    const jobs = lane.flying
    lane.flying = []
    if (lanes[8000].flying.length === 0 && lanes[16000].flying.length === 0) worker.unref()
    jobs.forEach((job, index) => job.onProbability(probabilities[index] ?? 0))
    const load = meter.add(
      Uint32Array.from(jobs, ({ stream }) => stream),
      busyMs,
    )
    if (load !== undefined && load <= MAX_LOAD) onCalm()
    if (load !== undefined && load > MAX_LOAD) {
      onTrouble('slow', `Speech detection takes ${Math.round(load * 100)} % of real time.`)
    }
    flush(rate)
  }

  worker.on('message', (answer: SileroAnswer) => {
    if (isOver) return
    if (answer.type === 'ready') {
      isReady = true
      ready.resolve(answer.runtime)
      flush(8000)
      flush(16000)
    } else if (answer.type === 'result') settle(answer.id === 8000 ? 8000 : 16000, answer.probabilities, answer.busyMs)
    else fail(answer.type, answer.message)
  })
  worker.on('error', (error) => fail('failed', error instanceof Error ? error.message : String(error)))
  worker.on('exit', () => fail('failed', 'The worker ended.'))

  return {
    submit(rate, job) {
      if (isOver) return
      const lane = lanes[rate]
      lane.waiting.push(job)
      if (lane.isScheduled || lane.flying.length > 0) return
      lane.isScheduled = true
      // Windows of all calls that arrive in this turn of the loop go together.
      setImmediate(() => flush(rate))
    },
    forget(stream) {
      if (!isOver) order({ type: 'forget', stream })
    },
    ready: ready.promise,
    async close() {
      isOver = true
      ready.resolve(null)
      await worker.terminate()
    },
  }
}
