import {
  isContent,
  ParleyError,
  toParleyError,
  type CallOptions,
  type ChatModel,
  type ChatPart,
  type ChatRequest,
  type Clock,
  type Usage,
} from '@parley/spec'
import type { ModelCallPlan } from './model-call.ts'

/** What is known of a call while it runs and after it. */
export interface SeenCall {
  readonly model: ChatModel
  readonly startedAtMs: number
  /** As the vendor last gave it. */
  usage?: Usage
  writtenCharacters: number
  hasContent: boolean
  firstTokenMs?: number
  endedAtMs?: number
}

/** How a plan's calls are made. */
export function callOptions({ purpose = 'step', metadata }: ModelCallPlan, signal: AbortSignal): CallOptions {
  return { signal, purpose, ...(metadata === undefined ? {} : { metadata }) }
}

/** A call that is about to be made. */
export function openCall(model: ChatModel, clock: Clock): SeenCall {
  return { model, startedAtMs: clock.monotonicMs(), writtenCharacters: 0, hasContent: false }
}

/**
 * A model's stream that is written down as it comes. An abort ends it at once with the signal's reason, whatever the model
 * does; other failures are `ParleyError`s, and a stream without an end is one of them.
 */
export async function* watchStream(
  seen: SeenCall,
  request: ChatRequest,
  options: CallOptions,
  clock: Clock,
): AsyncGenerator<ChatPart, void, void> {
  const { signal } = options
  const { model } = seen
  signal.throwIfAborted()
  const parts = model.stream(request, options)[Symbol.asyncIterator]()
  let isOver = false
  try {
    for (;;) {
      const step = await orAborted(parts.next(), signal)
      if (step.done) {
        isOver = true
        throw brokenOff(seen)
      }
      const part = step.value
      if (part.type === 'usage' || part.type === 'end') seen.usage = part.usage
      if (isContent(part)) {
        seen.hasContent = true
        seen.firstTokenMs ??= clock.monotonicMs() - seen.startedAtMs
      }
      seen.writtenCharacters += lengthOf(part)
      if (part.type === 'end') isOver = true
      yield part
      if (isOver) return
    }
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    throw toParleyError(thrown, {
      code: 'internal_error',
      message: `The model "${model.id}" failed in a way that it should not. See the log of its adapter.`,
      details: { model: model.id },
    })
  } finally {
    seen.endedAtMs = clock.monotonicMs()
    // How a request that was left cleans up concerns nobody any more.
    if (!isOver) parts.return?.().then(nothing, nothing)
  }
}

const nothing = (): void => {}

/** Waits for work no longer than until an abort, whose reason it rejects with. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) {
      work.then(nothing, nothing)
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const settle = (then: () => void): void => {
      signal.removeEventListener('abort', onAbort)
      then()
    }
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    )
  })
}

function brokenOff({ model, hasContent }: SeenCall): ParleyError {
  return new ParleyError({
    code: 'model_stream_broken',
    message: `The answer of the model "${model.id}" stopped before its end. Ask again.`,
    details: { model: model.id },
    retryable: !hasContent,
  })
}

function lengthOf(part: ChatPart): number {
  switch (part.type) {
    case 'textDelta':
    case 'thinkingDelta':
      return part.text.length
    case 'toolCallDelta':
      return part.argumentsDelta.length
    default:
      return 0
  }
}
