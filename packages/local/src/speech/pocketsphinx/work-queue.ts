import { ParleyError } from '@parley/spec'

/** Lets a number of works run at a time; others wait in order. */
export interface WorkQueue {
  /** Rejects with `speech_busy` when too many wait, or with the signal's reason while it waits. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

/** Makes a queue for an engine; `engine` is its name in messages. */
export function createWorkQueue({
  engine,
  atOnce,
  queue,
}: {
  engine: string
  atOnce: number
  queue: number
}): WorkQueue {
  const waiting: (() => void)[] = []
  let running = 0

  const enter = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        const at = waiting.indexOf(start)
        if (at >= 0) waiting.splice(at, 1)
        reject(signal.reason)
      }
      const start = (): void => {
        signal.removeEventListener('abort', onAbort)
        running += 1
        resolve()
      }
      if (running < atOnce) return start()
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.push(start)
    })

  return {
    async run(work, signal) {
      signal.throwIfAborted()
      if (running >= atOnce && waiting.length >= queue) {
        throw new ParleyError({
          code: 'speech_busy',
          message: `${engine} has ${queue} pieces of work waiting and takes no more. Try again later.`,
          details: { queue },
        })
      }
      await enter(signal)
      try {
        return await work()
      } finally {
        running -= 1
        waiting.shift()?.()
      }
    },
  }
}
