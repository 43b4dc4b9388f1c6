import { expect, test } from 'vitest'
import type { CallOptions, ChatPart, ChatRequest, ModelCard } from './chat-model.ts'
import { ParleyError } from './parley-error.ts'
import { createVendorModel, vendorFetch, type VendorModelParts } from './vendor-model.ts'

const card: ModelCard = {
  id: 'acme/one',
  provider: 'acme',
  contextTokens: 8_000,
  maxOutputTokens: 1_000,
  input: ['text'],
  tools: true,
  structuredOutput: 'tool',
  reasoning: false,
}
const request: ChatRequest = {
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
  output: { name: 'answer', schema: { type: 'object' } },
}
const call = (): CallOptions => ({ signal: new AbortController().signal })

/** A vendor whose events are parts already. */
function vendor(parts: readonly ChatPart[], more: Partial<VendorModelParts<ChatPart>> = {}) {
  const seen: ChatRequest[] = []
  const model = createVendorModel<ChatPart>({
    card,
    options: {},
    prepare(mapped) {
      seen.push(mapped)
      return {
        open: async () =>
          (async function* () {
            yield* parts
          })(),
        codec: { push: (part) => [part], finish: () => [] },
      }
    },
    toError: (cause, stage, modelId) =>
      new ParleyError({ code: 'model_unavailable', message: `${modelId} failed at ${stage}.`, cause }),
    ...more,
  })
  return { model, seen }
}

async function all(parts: AsyncIterable<ChatPart>): Promise<ChatPart[]> {
  const read: ChatPart[] = []
  for await (const part of parts) read.push(part)
  return read
}

const usage = { inputTokens: 1, outputTokens: 1 }
const called: ChatPart[] = [
  { type: 'toolCall', call: { callId: 'c1', name: 'answer', arguments: '{"a":1}' } },
  { type: 'end', reason: 'toolCalls', usage },
]

test('a schema goes as the card says, and the call of its tool comes back as the text it stands for', async () => {
  const { model, seen } = vendor(called)
  expect([model.id, model.card]).toEqual(['acme/one', card])
  expect(await all(model.stream(request, call()))).toEqual([
    { type: 'textDelta', text: '{"a":1}' },
    { type: 'end', reason: 'stop', usage },
  ])
  expect(seen[0]?.output).toBeUndefined()
  expect(seen[0]?.tools?.map(({ name }) => name)).toEqual(['answer'])
})

test('a vendor may plan a request by another card', async () => {
  const { model, seen } = vendor(called, { structuring: () => ({ ...card, structuredOutput: 'native' }) })
  expect(await all(model.stream(request, call()))).toEqual(called)
  expect(seen[0]?.output).toEqual(request.output)
})

test('a request that cannot be mapped fails before anything is sent; what the client throws is translated', async () => {
  const invalid = new ParleyError({ code: 'model_request_invalid', message: 'No such field.' })
  const unmapped = vendor([], {
    prepare() {
      throw invalid
    },
  })
  await expect(all(unmapped.model.stream(request, call()))).rejects.toBe(invalid)
  const refused = vendor([], {
    prepare: () => ({
      open: () => Promise.reject(new Error('refused')),
      codec: { push: () => [], finish: () => [] },
    }),
  })
  await expect(all(refused.model.stream(request, call()))).rejects.toMatchObject({
    code: 'model_unavailable',
    message: 'acme/one failed at open.',
  })
})

test('a fetch is passed on as it is, and recorded where asked: words masked unless wanted', async () => {
  const fetch: typeof globalThis.fetch = async () => new Response('{}')
  expect(vendorFetch({})).toBeUndefined()
  expect(vendorFetch({ fetch })).toBe(fetch)
  const body = JSON.stringify({ text: 'secret' })
  for (const [recordText, text] of [
    [undefined, 'xxxxxx'],
    [true, 'secret'],
  ] as const) {
    const records: unknown[] = []
    const recording = vendorFetch({
      fetch,
      record: (record) => void records.push(record),
      ...(recordText === undefined ? {} : { recordText }),
    })
    await recording?.('https://a.example/v1/chat', { method: 'POST', body })
    expect(records[0]).toEqual({ type: 'request', path: '/v1/chat', body: { text } })
  }
})
