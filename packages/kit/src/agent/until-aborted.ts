/** Waits for work, but rejects with the signal's reason as soon as it is aborted; what the work does then concerns nobody. */
export function untilAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    const settled = (): void => signal.removeEventListener('abort', onAbort)
    work.then(
      (value) => {
        settled()
        resolve(value)
      },
      (error) => {
        settled()
        reject(error)
      },
    )
  })
}

/** Reads a stream part by part and leaves it at once when the signal is aborted, even if the stream hangs. */
export async function* readUntilAborted<T>(
  stream: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, void> {
  const parts = stream[Symbol.asyncIterator]()
  let isDone = false
  // One listener for the whole stream: adding one to a signal costs more than reading a part.
  let fail: (reason: unknown) => void = nothing
  const onAbort = (): void => fail(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const next = (): Promise<IteratorResult<T, unknown>> =>
    new Promise((resolve, reject) => {
      fail = reject
      if (signal.aborted) onAbort()
      parts.next().then(resolve, reject)
    })
  try {
    for (;;) {
      const step = await next()
      if (step.done === true) {
        isDone = true
        return
      }
      yield step.value
    }
  } catch (thrown) {
    isDone = !signal.aborted
    throw thrown
  } finally {
    signal.removeEventListener('abort', onAbort)
    // A hung stream may never answer its return; nobody waits for it.
    if (!isDone) parts.return?.().then(nothing, nothing)
  }
}

const nothing = (): void => {}
