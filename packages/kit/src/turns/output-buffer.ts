import type { TurnOutput } from '@parley/spec'

/**
 * Outputs on their way to a turn that has not begun; as many as one turn makes.
 * @param onEmpty - the reader has had all there is, and waits
 */
export function createOutputBuffer(onEmpty: () => void): {
  push(output: TurnOutput): void
  end(): void
  fail(thrown: unknown): void
  iterator: AsyncIterator<TurnOutput>
} {
  const waiting: TurnOutput[] = []
  let over: { thrown?: unknown } | undefined
  let wake = (): void => {}
  const finish = (how: { thrown?: unknown }): void => {
    over ??= how
    wake()
  }
  return {
    push(output) {
      waiting.push(output)
      wake()
    },
    end: () => finish({}),
    fail: (thrown) => finish({ thrown }),
    iterator: {
      async next() {
        for (;;) {
          const value = waiting.shift()
          if (value !== undefined) return { done: false, value }
          if (over !== undefined && 'thrown' in over) throw over.thrown
          if (over !== undefined) return { done: true, value: undefined }
          onEmpty()
          await new Promise<void>((resolve) => (wake = resolve))
        }
      },
      return: () => Promise.resolve({ done: true, value: undefined }),
    },
  }
}
