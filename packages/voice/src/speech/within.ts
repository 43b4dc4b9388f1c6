import { ParleyError, type Clock, type ErrorCode } from '@parley/spec'

/** What a promise gives, if it does so in time. Who is late is told by `late`, so that what it opened can be closed. */
export function within<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  { code, message, late }: { code: ErrorCode; message: string; late?: (value: T) => void },
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false
    const stop = clock.setTimer(ms, () => {
      isOver = true
      reject(new ParleyError({ code, message }))
    })
    promise.then(
      (value) => {
        stop()
        if (isOver) late?.(value)
        else resolve(value)
      },
      (error: unknown) => {
        stop()
        reject(error)
      },
    )
  })
}
