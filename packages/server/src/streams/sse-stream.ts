import type { Clock, Disposer } from '@parley/spec'

const commentIntervalMs = 15_000

/** One message of a stream of server-sent events. */
export interface SseMessage {
  event: string
  /** JSON text, on one line. */
  data: string
  id?: string
}

/** The writing end of a stream. */
export interface SseSink {
  /** Whether the reader takes more at the moment; what passes by may be left out when not. */
  readonly hasRoom: boolean
  send(message: SseMessage): void
  /** Resolves when the reader takes more. */
  drained(): Promise<void>
  /** Ends the stream; a reader comes back after `retryMs`. */
  end(retryMs?: number): void
  /** Aborted when the reader is gone or the stream has ended. */
  readonly signal: AbortSignal
}

/** Makes a response that streams, and hands its writing end to `start`. */
export function sseResponse(clock: Clock, start: (sink: SseSink) => void, signal: AbortSignal): Response {
  const encoder = new TextEncoder()
  const gone = new AbortController()
  let wake: (() => void) | undefined
  let stopComments: Disposer = () => {}
  const finish = (): void => {
    stopComments()
    gone.abort()
    wake?.()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string): void => {
          if (!gone.signal.aborted) controller.enqueue(encoder.encode(text))
        }
        const comment = (): void => {
          write(': \n\n')
          stopComments = clock.setTimer(commentIntervalMs, comment)
        }
        stopComments = clock.setTimer(commentIntervalMs, comment)
        const sink: SseSink = {
          signal: gone.signal,
          get hasRoom() {
            return (controller.desiredSize ?? 0) > 0
          },
          send: ({ event, data, id }) =>
            write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`),
          async drained() {
            while (!gone.signal.aborted && (controller.desiredSize ?? 0) <= 0) {
              await new Promise<void>((resolve) => (wake = resolve))
            }
          },
          end(retryMs) {
            if (gone.signal.aborted) return
            if (retryMs !== undefined) write(`retry: ${retryMs}\n\n`)
            finish()
            controller.close()
          },
        }
        signal.addEventListener('abort', finish, { once: true })
        // Something is written at once, so that the reader knows the stream is open.
        write(': open\n\n')
        start(sink)
      },
      pull() {
        wake?.()
      },
      cancel: finish,
    },
    { highWaterMark: 65_536, size: (chunk) => chunk?.byteLength ?? 0 },
  )
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  })
}
