/** Lets concurrent work speak through one generator: what is pushed comes out in order, until the end. */
export interface EventQueue<T> extends AsyncIterable<T> {
  push(event: T): void
  end(): void
}

/** Makes a queue with one reader. Its writers are the calls of one step, so it is as bounded as they are. */
export function createEventQueue<T>(): EventQueue<T> {
  const waiting: T[] = []
  let isEnded = false
  let wake: (() => void) | undefined
  return {
    push(event) {
      waiting.push(event)
      wake?.()
    },
    end() {
      isEnded = true
      wake?.()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (waiting.length > 0) {
          const event = waiting.shift()
          if (event !== undefined) yield event
        }
        if (isEnded) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
