import type { ChatModel, ChatPart, ChatRequest, ErrorCode } from '@parley/spec'
import { createSystemClock, isContent, ParleyError } from '@parley/spec'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** A model and a request that provokes something. */
export interface ChatModelScenario {
  model: ChatModel
  request: ChatRequest
}

/** Failures of a vendor that a model must tell apart. */
export type ModelFailure = Extract<ErrorCode, `model_${string}`>

/**
 * How the suite provokes a model. `text` is all that is needed; what is left out is skipped and shown as skipped.
 */
export interface ChatModelSubject {
  /** Answered with text; `text` is the whole answer when it is known. */
  text(): Provoked<{ text?: string }>
  /** Answered with these calls, at least two, in this order. */
  toolCalls?(): Provoked<{ calls: { name: string; arguments: string }[] }>
  /** Answered with calls whose vendor ids are missing or all alike. */
  badCallIds?(how: 'missing' | 'repeated'): Provoked<object>
  /** Never answered, or not answered to the end after some content; `started` settles when the vendor has the request, `left` when it saw the request end. */
  hang?(when: 'beforeContent' | 'afterContent'): Provoked<{ started?: Promise<unknown>; left?: Promise<unknown> }>
  /** Fails like this before any content; `secrets` are texts that must not be shown. Nothing: the model cannot fail so. */
  failure?(code: ModelFailure): Provoked<{ secrets?: string[]; retryAfterMs?: number }> | undefined
  /** Stops without an end. */
  brokenOff?(when: 'beforeContent' | 'afterContent'): Provoked<object>
  /** Holds a part the model cannot take; `path` names it, `sent` counts requests that went out. */
  unsupportedPart?(): Provoked<{ path: string; sent: () => number }>
  /** What the vendor received as system text, byte for byte, for each request so far. */
  system?(): Provoked<{ received: () => string[] }>
  /** Asked for structured output; `json` is the value the answer must be. */
  output?(): Provoked<{ json: unknown }>
  close?(): Promise<void> | void
}

/** A scenario with what the suite must know about it. */
export type Provoked<More> = (ChatModelScenario & More) | Promise<ChatModelScenario & More>

const failures: readonly ModelFailure[] = [
  'model_unauthorized',
  'model_quota',
  'model_rate_limited',
  'model_context_exceeded',
  'model_refused',
  'model_request_invalid',
  'model_unavailable',
  'model_timeout',
]
const retryable: readonly ModelFailure[] = [
  'model_rate_limited',
  'model_unavailable',
  'model_timeout',
  'model_stream_broken',
]
/** Longest time from an abort to the rejection, in ms. */
const abortLimitMs = 100

/**
 * The conformance suite of the `ChatModel` port: PO-4 to PO-9 of `spec/ports.md`.
 * @example chatModelSuite('my model', () => ({ text: () => ({ model, request }) }))
 */
export function chatModelSuite(name: string, open: () => ChatModelSubject | Promise<ChatModelSubject>): void {
  describe(`chat model: ${name}`, () => {
    let subject: ChatModelSubject
    beforeEach(async () => {
      subject = await open()
    })
    afterEach(async () => {
      await subject.close?.()
    })

    test('PO-4 a text answer is deltas and exactly one end, last, with usage', async () => {
      const { model, request, text } = await subject.text()
      const parts = await drain(model, request)
      expect(parts.filter(({ type }) => type === 'end')).toHaveLength(1)
      const end = parts.at(-1)
      expect(end).toMatchObject({ type: 'end', reason: 'stop' })
      expect(textOf(parts)).not.toBe('')
      if (text !== undefined) expect(textOf(parts)).toBe(text)
      if (end?.type !== 'end') return
      expect(Number.isInteger(end.usage.inputTokens) && end.usage.inputTokens >= 0).toBe(true)
      expect(Number.isInteger(end.usage.outputTokens) && end.usage.outputTokens >= 0).toBe(true)
    })

    test('PO-4 the model names itself and its card alike', async () => {
      const { model } = await subject.text()
      expect(model.id).toMatch(/^[^/]+\/.+/)
      expect(model.card.id).toBe(model.id)
    })

    test('PO-4 one object answers two requests at the same time', async () => {
      const { model, request } = await subject.text()
      const [one, other] = await Promise.all([drain(model, request), drain(model, request)])
      expect(one?.at(-1)?.type).toBe('end')
      expect(other?.at(-1)?.type).toBe('end')
    })

    for (const when of ['beforeContent', 'afterContent'] as const) {
      test(`PO-4 PO-5 a stream that stops ${when} without an end is broken`, async ({ skip }) => {
        const scenario = await subject.brokenOff?.(when)
        if (!scenario) return skip('this model cannot break off')
        const { parts, thrown } = await attempt(scenario)
        expect(parts.some(({ type }) => type === 'end')).toBe(false)
        expect(parts.some(isContent)).toBe(when === 'afterContent')
        const error = asParleyError(thrown)
        expect(error.code).toBe('model_stream_broken')
        expect(error.retryable).toBe(when === 'beforeContent')
      })
    }

    for (const code of failures) {
      test(`PO-5 ${code} is told apart, and says nothing of the vendor's text`, async ({ skip }) => {
        const scenario = await subject.failure?.(code)
        if (!scenario) return skip('this model cannot fail so')
        const { parts, thrown } = await attempt(scenario)
        expect(parts.some(({ type }) => type === 'end')).toBe(false)
        const error = asParleyError(thrown)
        expect(error.code).toBe(code)
        expect(error.retryable).toBe(retryable.includes(code))
        const shown = JSON.stringify(error.toJSON())
        for (const secret of scenario.secrets ?? []) expect(shown).not.toContain(secret)
        if (scenario.retryAfterMs !== undefined) expect(error.details['retryAfterMs']).toBe(scenario.retryAfterMs)
      })
    }

    test('PO-6 a signal that is aborted already rejects with its reason, and nothing is sent', async () => {
      const { model, request } = await subject.text()
      const reason = new Error('not wanted')
      const { parts, thrown } = await attempt({ model, request }, AbortSignal.abort(reason))
      expect(parts).toEqual([])
      expect(thrown).toBe(reason)
    })

    for (const when of ['beforeContent', 'afterContent'] as const) {
      test(`PO-6 an abort ${when} rejects with the reason within 100 ms and ends the vendor's request`, async ({
        skip,
      }) => {
        const scenario = await subject.hang?.(when)
        if (!scenario) return skip('this model cannot hang')
        const clock = createSystemClock()
        const controller = new AbortController()
        const reason = new Error('enough')
        const parts: ChatPart[] = []
        const stream = scenario.model.stream(scenario.request, { signal: controller.signal })[Symbol.asyncIterator]()
        if (when === 'afterContent') {
          for (let step = await stream.next(); !step.done; step = await stream.next()) {
            parts.push(step.value)
            if (isContent(step.value)) break
          }
        }
        const pending = stream.next().then(
          (step) => ({ step }),
          (thrown: unknown) => ({ thrown }),
        )
        // The request must be under way, else the abort would prove nothing.
        await scenario.started
        const abortedAt = clock.monotonicMs()
        controller.abort(reason)
        expect(await settleAll(pending, stream)).toBe(reason)
        expect(clock.monotonicMs() - abortedAt).toBeLessThan(abortLimitMs)
        expect(await stream.next()).toEqual({ done: true, value: undefined })
        if (scenario.left) {
          await scenario.left
          expect(clock.monotonicMs() - abortedAt).toBeLessThan(abortLimitMs)
        }
      })
    }

    test('PO-6 nothing is yielded after an abort, even of what has arrived', async () => {
      const { model, request } = await subject.text()
      const controller = new AbortController()
      const reason = new Error('enough')
      const stream = model.stream(request, { signal: controller.signal })[Symbol.asyncIterator]()
      const first = await stream.next()
      expect(first.done).toBe(false)
      controller.abort(reason)
      await expect(stream.next()).rejects.toBe(reason)
    })

    test('PO-7 calls keep their order, their arguments as written, and ids of their own', async ({ skip }) => {
      const scenario = await subject.toolCalls?.()
      if (!scenario) return skip('this model makes no calls')
      const parts = await drain(scenario.model, scenario.request)
      const calls = callsOf(parts)
      expect(calls.map(({ name, arguments: text }) => ({ name, arguments: text }))).toEqual(scenario.calls)
      expect(new Set(calls.map(({ callId }) => callId)).size).toBe(calls.length)
      expect(parts.at(-1)).toMatchObject({ type: 'end', reason: 'toolCalls' })
      for (const { callId, arguments: text } of calls) {
        const deltas = parts.flatMap((part) => (part.type === 'toolCallDelta' && part.callId === callId ? [part] : []))
        // Deltas are optional, but those of a call add up to it.
        if (deltas.length > 0) expect(deltas.map(({ argumentsDelta }) => argumentsDelta).join('')).toBe(text)
      }
    })

    for (const how of ['missing', 'repeated'] as const) {
      test(`PO-7 call ids that are ${how} are replaced by ids of their own`, async ({ skip }) => {
        const scenario = await subject.badCallIds?.(how)
        if (!scenario) return skip('the vendor names its calls')
        const calls = callsOf(await drain(scenario.model, scenario.request))
        expect(calls.length).toBeGreaterThan(1)
        expect(new Set(calls.map(({ callId }) => callId)).size).toBe(calls.length)
        for (const { callId } of calls) expect(callId).not.toBe('')
      })
    }

    test('PO-8 a part the model cannot take is refused by its path before anything is sent', async ({ skip }) => {
      const scenario = await subject.unsupportedPart?.()
      if (!scenario) return skip('the model takes all parts')
      const { thrown } = await attempt(scenario)
      const error = asParleyError(thrown)
      expect(error.code).toBe('model_request_invalid')
      expect(error.message).toContain(scenario.path)
      expect(error.details['path']).toBe(scenario.path)
      expect(scenario.sent()).toBe(0)
    })

    test('PO-8 system text reaches the vendor first and byte-identical over the steps of a turn', async ({ skip }) => {
      const scenario = await subject.system?.()
      if (!scenario) return skip('there is no vendor to look at')
      const { model, request, received } = scenario
      await drain(model, request)
      await drain(model, {
        ...request,
        messages: [
          ...request.messages,
          { role: 'assistant', content: 'One moment.' },
          { role: 'user', content: 'And now?' },
        ],
      })
      expect(received()).toEqual([request.system, request.system])
    })

    test('PO-9 structured output arrives as text that is the value', async ({ skip }) => {
      const scenario = await subject.output?.()
      if (!scenario) return skip('the model gives no structured output')
      const parts = await drain(scenario.model, scenario.request)
      expect(JSON.parse(textOf(parts))).toEqual(scenario.json)
      expect(callsOf(parts)).toEqual([])
      expect(parts.at(-1)).toMatchObject({ type: 'end', reason: 'stop' })
    })
  })
}

async function drain(model: ChatModel, request: ChatRequest): Promise<ChatPart[]> {
  const parts: ChatPart[] = []
  for await (const part of model.stream(request, { signal: new AbortController().signal })) parts.push(part)
  return parts
}

async function attempt(
  { model, request }: ChatModelScenario,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ parts: ChatPart[]; thrown: unknown }> {
  const parts: ChatPart[] = []
  try {
    for await (const part of model.stream(request, { signal })) parts.push(part)
  } catch (thrown) {
    return { parts, thrown }
  }
  throw new Error('The model was expected to fail and did not.')
}

/** Parts that were under way may still come before the abort is seen, but the end of it is the reason. */
async function settleAll(
  pending: Promise<{ step: IteratorResult<ChatPart> } | { thrown: unknown }>,
  stream: AsyncIterator<ChatPart>,
): Promise<unknown> {
  const first = await pending
  if ('thrown' in first) return first.thrown
  try {
    await stream.next()
  } catch (thrown) {
    return thrown
  }
  return undefined
}

function textOf(parts: readonly ChatPart[]): string {
  return parts.map((part) => (part.type === 'textDelta' ? part.text : '')).join('')
}

function callsOf(parts: readonly ChatPart[]): { callId: string; name: string; arguments: string }[] {
  return parts.flatMap((part) => (part.type === 'toolCall' ? [part.call] : []))
}

function asParleyError(thrown: unknown): ParleyError {
  expect(ParleyError.isInstance(thrown)).toBe(true)
  // Checked in the line above.
  return thrown as ParleyError
}
