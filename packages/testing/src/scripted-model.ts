import type { CallOptions, ChatModel, ChatPart, ChatRequest, Clock, IdSource, ModelCard } from '@parley/spec'
import { createSystemClock, ParleyError } from '@parley/spec'
import { toAnswerParts, type Answer } from './answer-parts.ts'
import { createSeededIds } from './seeded-ids.ts'

/** What a scripted model does when it is asked: say a text, give an answer, or fail. */
export type ScriptedAnswer = string | Answer | Error

/** One entry of a script: an answer, or a function of the request that gives one. */
export type ScriptedTurn =
  | ScriptedAnswer
  | ((request: ChatRequest, call: number) => ScriptedAnswer | Promise<ScriptedAnswer>)

/** What a scripted model may be given. */
export interface ScriptedModelOptions {
  /** @default 'test/scripted' */
  id?: string
  /** Characters per delta. @default words */
  chunk?: number
  /** Wait before the first part, in ms of the clock. @default 0 */
  ttftMs?: number
  /** Wait between two parts, in ms of the clock. @default 0 */
  partMs?: number
  /** @default the machine's clock, used only when there is something to wait for */
  clock?: Clock
  /** Names tool calls. @default seeded */
  ids?: IdSource
  /** What follows the last entry: `fail` throws, `last` gives the last entry again, `all` begins anew. @default 'fail' */
  then?: 'fail' | 'last' | 'all'
  card?: Partial<ModelCard>
}

/** A model that says what the script says. */
export interface ScriptedModel extends ChatModel {
  /** The requests it got, oldest first. */
  readonly requests: readonly ChatRequest[]
  /** The options that came with them. */
  readonly calls: readonly CallOptions[]
  /** Entries not yet used. */
  readonly remaining: number
}

/**
 * A deterministic model for tests: each request takes the next entry of the script.
 * @example scriptedModel(['Hello.', { toolCalls: [{ name: 'find', arguments: { id: 1 } }] }, 'Found it.'])
 */
export function scriptedModel(turns: readonly ScriptedTurn[], options: ScriptedModelOptions = {}): ScriptedModel {
  const { id = 'test/scripted', chunk, ttftMs = 0, partMs = 0, ids = createSeededIds(1), then = 'fail' } = options
  const clock = options.clock ?? createSystemClock()
  const requests: ChatRequest[] = []
  const calls: CallOptions[] = []

  const next = (call: number): ScriptedTurn => {
    const index = call < turns.length ? call : then === 'all' ? call % turns.length : turns.length - 1
    const turn = turns[index]
    if (turn !== undefined && (call < turns.length || then !== 'fail')) return turn
    throw new ParleyError({
      code: 'invalid_options',
      message: `The script of "${id}" has ${turns.length} entries and was asked for entry ${call + 1}. Add one, or set then: 'last'.`,
      details: { path: 'turns', expected: `${call + 1} entries` },
    })
  }

  async function* stream(request: ChatRequest, callOptions: CallOptions): AsyncGenerator<ChatPart, void, void> {
    const { signal } = callOptions
    signal.throwIfAborted()
    const call = requests.length
    requests.push(structuredClone(request))
    calls.push(callOptions)
    const turn = next(call)
    const answer = typeof turn === 'function' ? await orAborted(turn(request, call), signal) : turn
    if (ttftMs > 0) await clock.sleep(ttftMs, { signal })
    signal.throwIfAborted()
    if (answer instanceof Error || ParleyError.isInstance(answer)) throw answer
    const whole: Answer = typeof answer === 'string' ? { text: answer } : answer
    let isFirst = true
    for (const part of toAnswerParts(whole, ids, JSON.stringify(request.messages), { chunk })) {
      if (partMs > 0 && !isFirst) await clock.sleep(partMs, { signal })
      signal.throwIfAborted()
      isFirst = false
      yield part
    }
  }

  const card: ModelCard = {
    id,
    provider: id.split('/')[0] ?? id,
    contextTokens: 128_000,
    maxOutputTokens: 16_384,
    input: ['text', 'image', 'audio', 'file'],
    tools: true,
    structuredOutput: 'native',
    reasoning: false,
    ...options.card,
  }
  return {
    id,
    card,
    stream,
    requests,
    calls,
    get remaining() {
      return Math.max(0, turns.length - requests.length)
    },
  }
}

/** A turn that never comes still ends with the request. */
function orAborted<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}
