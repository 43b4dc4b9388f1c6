import type { LogEvent, RunLog } from './log-event.ts'
import type { LogSink } from './log-sink.ts'

/** Gives each event, redacted already, to a function; at the end the whole log to a second one. */
export class CallbackSink implements LogSink {
  readonly #onEvent: (event: LogEvent) => void | Promise<void>
  readonly #onEnd: ((log: RunLog) => void | Promise<void>) | undefined

  constructor(onEvent: (event: LogEvent) => void | Promise<void>, onEnd?: (log: RunLog) => void | Promise<void>) {
    this.#onEvent = onEvent
    this.#onEnd = onEnd
  }

  async write(event: LogEvent): Promise<void> {
    await this.#onEvent(event)
  }

  async close(log: RunLog): Promise<void> {
    await this.#onEnd?.(log)
  }
}
