import type { ChatPart } from './chat-model.ts'
import { ParleyError } from './parley-error.ts'
import type { Clock } from './world.ts'

/** Turns a vendor's events into parts of an answer; made once per answer, so it may keep state. */
export interface ModelCodec<Event> {
  /** The parts that one event stands for. */
  push(event: Event): readonly ChatPart[]
  /** Called once when the vendor's stream has ended: what was held back until then. */
  finish(): readonly ChatPart[]
}

/** What `streamModel` needs to run one answer. */
export interface StreamModelOptions<Event> {
  /** The model's id, for error texts. */
  modelId: string
  /** Sends the request; `signal` ends it. */
  open: (signal: AbortSignal) => PromiseLike<AsyncIterable<Event>>
  codec: ModelCodec<Event>
  /** The caller's signal; its reason is what the stream rejects with. */
  signal: AbortSignal
  clock: Clock
  /** Translates what the vendor's client threw; a `ParleyError` is passed on without it. */
  toError: (thrown: unknown, stage: 'open' | 'read') => ParleyError
  /** Longest wait for the vendor to accept the request, in ms. @default 60000 */
  openMs?: number
  /** Longest silence between two events, in ms. @default 120000 */
  idleMs?: number
  /** How long the vendor may take to close after its last event before the connection is cut, in ms. @default 100 */
  closeMs?: number
}

/**
 * Runs one answer of a vendor as the `ChatModel` port wants it: one `end`, last; an abort ends the request at once and
 * rejects with the signal's reason; a silent vendor is `model_timeout`, a stream without an end `model_stream_broken`;
 * an error may be tried again only if nothing of the answer was given out.
 */
export async function* streamModel<Event>({
  modelId,
  open,
  codec,
  signal,
  clock,
  toError,
  openMs = 60_000,
  idleMs = 120_000,
  closeMs = 100,
}: StreamModelOptions<Event>): AsyncGenerator<ChatPart, void, void> {
  signal.throwIfAborted()
  const request = new AbortController()
  const waits = createWaits(clock)
  const onAbort = (): void => {
    request.abort(signal.reason)
    waits.interrupt(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  let stage: 'open' | 'read' = 'open'
  let hasContent = false
  let hasEnded = false
  let events: AsyncIterator<Event> | undefined
  try {
    const stream = await waits.bounded(open(request.signal), openMs, () => silent(modelId, openMs))
    stage = 'read'
    events = stream[Symbol.asyncIterator]()
    for (;;) {
      const step = await waits.bounded(events.next(), idleMs, () => silent(modelId, idleMs))
      for (const part of step.done ? codec.finish() : codec.push(step.value)) {
        signal.throwIfAborted()
        hasContent ||= isContent(part)
        hasEnded = part.type === 'end'
        yield part
        if (hasEnded) return
      }
      if (step.done) throw brokenOff(modelId)
    }
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    const error = ParleyError.isInstance(thrown) ? thrown : toError(thrown, stage)
    throw hasContent ? final(error) : error
  } finally {
    signal.removeEventListener('abort', onAbort)
    const end = (): void => {
      request.abort()
      // The outcome has been told; how a cut connection cleans up concerns nobody any more.
      events?.return?.().then(nothing, nothing)
    }
    // After its last event the vendor may close properly, so that the connection serves the next request.
    if (hasEnded && events) soon(events.next(), closeMs, clock, end)
    else end()
  }
}

/** Whether a part is something of the answer itself, after which a request must not be tried again. */
export function isContent(part: ChatPart): boolean {
  return part.type !== 'usage' && part.type !== 'end'
}

const nothing = (): void => {}

function silent(modelId: string, limitMs: number): ParleyError {
  return new ParleyError({
    code: 'model_timeout',
    message: `The model "${modelId}" said nothing for ${limitMs} ms. Try again, or raise the limit.`,
    details: { model: modelId, limitMs },
  })
}

function brokenOff(modelId: string): ParleyError {
  return new ParleyError({
    code: 'model_stream_broken',
    message: `The answer of the model "${modelId}" stopped before its end. Ask again.`,
    details: { model: modelId },
  })
}

function final(error: ParleyError): ParleyError {
  if (!error.retryable) return error
  const { code, message, details, cause } = error
  return new ParleyError({ code, message, details, cause, retryable: false })
}

interface Waits {
  bounded<T>(work: PromiseLike<T>, limitMs: number, onLimit: () => ParleyError): Promise<T>
  interrupt(reason: unknown): void
}

/** One wait at a time, each ended by its work, its limit or an interruption. */
function createWaits(clock: Clock): Waits {
  let reject: ((reason: unknown) => void) | undefined
  const bounded = <T>(work: PromiseLike<T>, limitMs: number, onLimit: () => ParleyError): Promise<T> =>
    new Promise<T>((resolvePromise, rejectPromise) => {
      const dispose = clock.setTimer(limitMs, () => rejectPromise(onLimit()))
      reject = (reason) => {
        dispose()
        rejectPromise(reason)
      }
      work.then((value) => {
        dispose()
        resolvePromise(value)
      }, reject)
    })
  return {
    bounded,
    interrupt: (reason) => reject?.(reason),
  }
}

/** Runs `then` when the work has settled, whatever came of it, or at the limit. */
function soon(work: PromiseLike<unknown>, limitMs: number, clock: Clock, then: () => void): void {
  const dispose = clock.setTimer(limitMs, then)
  const settled = (): void => {
    dispose()
    then()
  }
  work.then(settled, settled)
}
