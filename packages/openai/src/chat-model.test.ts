import type { ChatRequest } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { chatModelSuite, type ModelFailure } from '@parley/testing/conformance'
import { createOpenAiDouble, type OpenAiFault } from '@parley/testing/doubles'
import { createOpenAiChatModel } from './chat-model.ts'

const request: ChatRequest = {
  system: 'You are the desk of Harbor Internet.\nBe brief.',
  messages: [{ role: 'user', content: 'Is my line down?' }],
}
const tools = ['find_account', 'check_line'].map((name) => ({
  name,
  description: `Does ${name}.`,
  parameters: { type: 'object', properties: {}, additionalProperties: false },
}))
const calls = [
  { name: 'find_account', arguments: '{"number": "123456"}' },
  { name: 'check_line', arguments: '{"line":1,"deep":true}' },
]
const schema = {
  type: 'object',
  properties: { topic: { type: 'string' } },
  required: ['topic'],
  additionalProperties: false,
}
const secret = 'sk-live-1234567890 at /srv/vendor/app.py'
const refusals: Partial<Record<ModelFailure, { status: number; code?: string }>> = {
  model_unauthorized: { status: 401 },
  model_quota: { status: 429, code: 'insufficient_quota' },
  model_rate_limited: { status: 429 },
  model_context_exceeded: { status: 400, code: 'context_length_exceeded' },
  model_refused: { status: 400, code: 'content_policy_violation' },
  model_request_invalid: { status: 400 },
  model_unavailable: { status: 503 },
}

for (const api of ['responses', 'chat'] as const) {
  chatModelSuite(`openai over ${api}`, async () => {
    const double = await createOpenAiDouble({ script: ['Your line is fine, honest: ¡sí!'], chunk: 4 })
    const model = createOpenAiChatModel({
      model: 'gpt-4.1-mini',
      apiKey: double.apiKey,
      baseURL: double.baseUrl,
      api,
      card: { input: ['text', 'image'], structuredOutput: 'native' },
    })
    const withFault = (fault: OpenAiFault): { model: typeof model; request: ChatRequest } => {
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
        if (when === 'afterContent') double.fault({ kind: 'stall', afterEvents: 8 })
        return { model, request, started: started.promise, left: left.promise }
      },
      failure: (code) => {
        if (code === 'model_timeout') {
          const clock = createVirtualClock()
          const slow = createOpenAiChatModel({
            model: 'gpt-4.1-mini',
            apiKey: double.apiKey,
            baseURL: double.baseUrl,
            api,
            clock,
          })
          double.setRespond(async () => {
            await clock.advance(60_000)
            return 'too late'
          })
          return { model: slow, request }
        }
        const refusal = refusals[code]
        if (!refusal) return undefined
        return {
          ...withFault({ kind: 'refuse', ...refusal, message: secret, retryAfterMs: 1500 }),
          secrets: [secret, 'sk-live', double.apiKey],
          ...(code === 'model_rate_limited' ? { retryAfterMs: 1500 } : {}),
        }
      },
      brokenOff: (when) => withFault({ kind: 'stop', afterEvents: when === 'beforeContent' ? 1 : 8 }),
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
            const sent = body as { instructions?: string; messages?: { role: string; content: string }[] }
            if (sent.instructions !== undefined) return sent.instructions
            return sent.messages?.[0]?.role === 'system' ? sent.messages[0].content : 'not first'
          }),
      }),
      output: () => {
        double.setRespond(({ chat }) => (chat.output?.strict ? '{"topic":"line"}' : 'no schema came'))
        return { model, request: { ...request, output: { name: 'topic', schema } }, json: { topic: 'line' } }
      },
      close: () => double.close(),
    }
  })
}
