import type { ChatRequest } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { chatModelSuite, type ModelFailure } from '@parley/testing/conformance'
import { createGeminiDouble, type GeminiFault } from '@parley/testing/doubles'
import { expect, test } from 'vitest'
import { createGeminiChatModel } from './chat-model.ts'

const request: ChatRequest = {
  system: 'You are the desk of Harbor Internet.\nBe brief.',
  messages: [{ role: 'user', content: 'Is my line down?' }],
}
const tools = ['find_account', 'check_line'].map((name) => ({
  name,
  description: `Does ${name}.`,
  parameters: { type: 'object', properties: {}, additionalProperties: false },
}))
// The vendor gives arguments as values, so their text is ours.
const calls = [
  { name: 'find_account', arguments: '{"number":"123456"}' },
  { name: 'check_line', arguments: '{"line":1,"deep":true}' },
]
const schema = {
  type: 'object',
  properties: { topic: { type: 'string' } },
  required: ['topic'],
  additionalProperties: false,
}
const secret = 'AIzaSyD-1234567890 at /srv/vendor/app.py'
const tooLong = 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'
const refusals: Partial<Record<ModelFailure, { status: number; code?: string; message?: string }>> = {
  model_unauthorized: { status: 400, code: 'API_KEY_INVALID' },
  model_quota: { status: 429, code: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' },
  model_rate_limited: { status: 429, code: 'GenerateRequestsPerMinutePerProjectPerModel' },
  model_context_exceeded: { status: 400, message: `${tooLong} ${secret}` },
  model_request_invalid: { status: 400 },
  model_unavailable: { status: 503 },
}

for (const name of ['gemini-3.8-flash', 'gemini-2.5-flash']) {
  chatModelSuite(`gemini, ${name}`, async () => {
    const double = await createGeminiDouble({ script: ['Your line is fine, honest: ¡sí!'], chunk: 4 })
    const common = { model: name, apiKey: double.apiKey, baseURL: double.baseUrl }
    const model = createGeminiChatModel({ ...common, card: { input: ['text', 'image'] } })
    const withFault = (fault: GeminiFault): { model: typeof model; request: ChatRequest } => {
      double.fault(fault)
      return { model, request }
    }
    return {
      text: () => ({ model, request, text: 'Your line is fine, honest: ¡sí!' }),
      toolCalls: () => {
        double.setRespond(() => ({ toolCalls: calls }))
        return { model, request: { ...request, tools }, calls }
      },
      badCallIds: (how) => {
        double.setRespond(() => ({ toolCalls: calls }))
        double.fault(how === 'missing' ? { kind: 'omit', what: 'ids' } : { kind: 'repeatIds' })
        return { model, request: { ...request, tools } }
      },
      hang: (when) => {
        const started = Promise.withResolvers<void>()
        const left = Promise.withResolvers<void>()
        double.setRespond(({ signal }) => {
          signal.addEventListener('abort', () => left.resolve(), { once: true })
          started.resolve()
          return when === 'afterContent' ? 'Your line is fine.' : new Promise(() => {})
        })
        if (when === 'afterContent') double.fault({ kind: 'stall', afterEvents: 2 })
        return { model, request, started: started.promise, left: left.promise }
      },
      failure: (code) => {
        if (code === 'model_timeout') {
          const clock = createVirtualClock()
          double.setRespond(async () => {
            await clock.advance(60_000)
            return 'too late'
          })
          return { model: createGeminiChatModel({ ...common, clock }), request }
        }
        if (code === 'model_refused') {
          double.setRespond(() => ({ refusal: secret }))
          return { model, request, secrets: [secret] }
        }
        const refusal = refusals[code]
        if (!refusal) return undefined
        return {
          ...withFault({ kind: 'refuse', message: secret, retryAfterMs: 1500, ...refusal }),
          secrets: [secret, 'AIza', double.apiKey],
          ...(code === 'model_rate_limited' ? { retryAfterMs: 1500 } : {}),
        }
      },
      brokenOff: (when) => withFault({ kind: 'stop', afterEvents: when === 'beforeContent' ? 0 : 3 }),
      unsupportedPart: () => ({
        model,
        request: {
          ...request,
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'Listen:' },
                { type: 'audio', mimeType: 'audio/wav', data: new Uint8Array(4) },
              ],
            },
          ],
        },
        path: 'messages[0].content[1]',
        sent: () => double.received().length,
      }),
      system: () => ({
        model,
        request,
        received: () =>
          double.received().map(({ body }) => {
            const sent = body as { systemInstruction?: { parts: { text: string }[] } }
            return sent.systemInstruction?.parts[0]?.text ?? 'none'
          }),
      }),
      output: () => {
        double.setRespond(({ chat }) => (chat.output === undefined ? 'no schema came' : '{"topic":"line"}'))
        return { model, request: { ...request, output: { name: 'topic', schema } }, json: { topic: 'line' } }
      },
      close: async () => {
        await double.close()
        // A body that the vendor would not have taken fails its test.
        if (double.violations.length > 0) throw new Error(double.violations.join('\n'))
      },
    }
  })
}

test.each<[object, string]>([
  [{ model: '' }, 'model'],
  [{ model: '../files' }, 'model'],
  [{ apiKey: '' }, 'key'],
  [{ apiKey: undefined }, 'key'],
  [{ baseURL: 'nowhere' }, 'baseURL'],
  [{ basUrl: 'x' }, 'Did you mean "baseURL"?'],
])('1 options that cannot be meant are refused: %j', (options, text) => {
  const make = (): unknown => createGeminiChatModel({ model: 'm', apiKey: 'k', ...options })
  expect(make).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  expect(make).toThrow(text)
})

test('1 the address is that of the vendor unless one is given, and nothing comes from the environment', async () => {
  const asked: { url: string; key: string | null }[] = []
  const fetch: typeof globalThis.fetch = (input, init) => {
    asked.push({ url: String(input), key: new Headers(init?.headers).get('x-goog-api-key') })
    return Promise.reject(new TypeError('fetch failed'))
  }
  const signal = new AbortController().signal
  const ask = (more: object): Promise<unknown> => {
    const stream = createGeminiChatModel({ model: 'm', apiKey: () => 'k', fetch, ...more }).stream(request, { signal })
    return stream[Symbol.asyncIterator]().next()
  }
  await expect(ask({})).rejects.toMatchObject({ code: 'model_unavailable', retryable: true })
  await expect(ask({ baseURL: 'https://proxy.test', apiVersion: 'v1' })).rejects.toMatchObject({
    code: 'model_unavailable',
  })
  expect(asked).toEqual([
    { url: 'https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent?alt=sse', key: 'k' },
    { url: 'https://proxy.test/v1/models/m:streamGenerateContent?alt=sse', key: 'k' },
  ])
})
