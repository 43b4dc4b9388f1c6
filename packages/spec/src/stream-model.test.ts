import { createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import type { ChatPart } from './chat-model.ts'
import { ParleyError } from './parley-error.ts'
import { streamModel, type StreamModelOptions } from './stream-model.ts'

const usage = { inputTokens: 1, outputTokens: 1 }
const text: ChatPart = { type: 'textDelta', text: 'a' }
const end: ChatPart = { type: 'end', reason: 'stop', usage }
const never = (): Promise<never> => new Promise(() => {})

type Options = Partial<StreamModelOptions<ChatPart>>
async function* events(
  parts: readonly ChatPart[],
  then: () => Promise<unknown> = async () => {},
): AsyncGenerator<ChatPart> {
  yield* parts
  await then()
}
/** Vendor events here are parts already. */
function start(stream: () => PromiseLike<AsyncIterable<ChatPart>>, options: Options = {}): AsyncGenerator<ChatPart> {
  return streamModel<ChatPart>({
    modelId: 'a/b',
    open: stream,
    codec: { push: (event) => [event], finish: () => [] },
    signal: new AbortController().signal,
    clock: createVirtualClock(),
    toError: (cause, stage) =>
      new ParleyError({
        code: stage === 'open' ? 'model_unavailable' : 'model_stream_broken',
        message: 'Vendor failed.',
        cause,
      }),
    ...options,
  })
}
async function collect(stream: AsyncIterable<ChatPart>): Promise<{ parts: ChatPart[]; thrown?: unknown }> {
  const parts: ChatPart[] = []
  try {
    for await (const part of stream) parts.push(part)
  } catch (thrown) {
    return { parts, thrown }
  }
  return { parts }
}

describe('streamModel', () => {
  test('PO-4 nothing comes after the end, whatever the vendor still sends', async () => {
    expect(await collect(start(async () => events([text, end, text, end])))).toEqual({ parts: [text, end] })
  })

  test('PO-4 a codec may hold the end back until the stream is over', async () => {
    const codec = { push: (event: ChatPart): ChatPart[] => (event.type === 'end' ? [] : [event]), finish: () => [end] }
    expect(await collect(start(async () => events([text, end]), { codec }))).toEqual({ parts: [text, end] })
  })

  test('PO-4 a stream that stops is broken: retryable before content, not after', async () => {
    const before = await collect(start(async () => events([{ type: 'usage', usage }])))
    expect(before.thrown).toMatchObject({ code: 'model_stream_broken', retryable: true })
    const after = await collect(start(async () => events([text])))
    expect(after).toMatchObject({ parts: [text], thrown: { code: 'model_stream_broken', retryable: false } })
  })

  test('PO-5 what the vendor threw is translated by its stage and keeps its cause', async () => {
    const vendor = new Error('sk-secret')
    const opening = await collect(start(() => Promise.reject(vendor)))
    expect(opening.thrown).toMatchObject({ code: 'model_unavailable', cause: vendor })
    const reading = await collect(start(async () => events([], () => Promise.reject(vendor))))
    expect(reading.thrown).toMatchObject({ code: 'model_stream_broken', retryable: true })
    expect(JSON.stringify(reading.thrown)).not.toContain('sk-secret')
  })

  test('PO-5 silence while opening and inside the answer are timeouts with their limits', async () => {
    const clock = createVirtualClock()
    const opening = collect(start(never, { clock, openMs: 300 }))
    await clock.advance(300)
    expect((await opening).thrown).toMatchObject({ code: 'model_timeout', retryable: true, details: { limitMs: 300 } })
    const reading = collect(start(async () => events([text], never), { clock, idleMs: 200 }))
    await clock.advance(200)
    expect(await reading).toMatchObject({ parts: [text], thrown: { code: 'model_timeout', retryable: false } })
    expect(clock.pending).toBe(0)
  })

  test('PO-6 an abort ends the request at once and rejects with the reason, in either stage', async () => {
    for (const stream of [never, async () => events([], never)]) {
      const controller = new AbortController()
      const reason = new Error('enough')
      let seen: AbortSignal | undefined
      const clock = createVirtualClock()
      const running = collect(
        start(stream, {
          clock,
          signal: controller.signal,
          open: (signal) => {
            seen = signal
            return stream()
          },
        }),
      )
      await clock.advance(0)
      controller.abort(reason)
      expect((await running).thrown).toBe(reason)
      expect(seen?.aborted).toBe(true)
      expect(clock.pending).toBe(0)
    }
  })

  test('PO-6 a signal that is aborted already sends nothing', async () => {
    let isOpened = false
    const reason = new Error('enough')
    const open = async (): Promise<AsyncIterable<ChatPart>> => {
      isOpened = true
      return events([])
    }
    expect((await collect(start(open, { signal: AbortSignal.abort(reason) }))).thrown).toBe(reason)
    expect(isOpened).toBe(false)
  })

  test('PO-6 a caller that stops reading ends the request', async () => {
    let seen: AbortSignal | undefined
    const open = async (signal: AbortSignal): Promise<AsyncIterable<ChatPart>> => {
      seen = signal
      return events([text, text, end])
    }
    for await (const part of start(async () => events([]), { open })) {
      expect(part).toEqual(text)
      break
    }
    expect(seen?.aborted).toBe(true)
  })

  test('after the end the vendor may close properly, and one that does not is cut', async () => {
    const clock = createVirtualClock()
    let seen: AbortSignal | undefined
    const open = (then: () => Promise<unknown>) => async (signal: AbortSignal) => {
      seen = signal
      return events([end], then)
    }
    const closing = Promise.withResolvers<void>()
    for await (const part of start(async () => events([]), { clock, open: open(() => closing.promise) })) {
      expect(part).toEqual(end)
      break
    }
    expect(seen?.aborted).toBe(false)
    closing.resolve()
    await clock.advance(0)
    expect(clock.pending).toBe(0)
    await collect(start(async () => events([]), { clock, open: open(never) }))
    expect(seen?.aborted).toBe(false)
    await clock.advance(100)
    expect(seen?.aborted).toBe(true)
  })
})
