import { GoogleGenAI, type GenerateContentResponse } from '@google/genai'
import { createSeededIds } from '../../seeded-ids.ts'
import { createVirtualClock } from '../../virtual-clock.ts'
import { afterEach, expect, test } from 'vitest'
import { createGeminiDouble, type GeminiDouble, type GeminiDoubleOptions } from './gemini-double.ts'

const doubles: GeminiDouble[] = []
afterEach(async () => {
  await Promise.all(doubles.splice(0).map((double) => double.close()))
})
async function start(options: GeminiDoubleOptions = {}): Promise<{ double: GeminiDouble; client: GoogleGenAI }> {
  const double = await createGeminiDouble(options)
  doubles.push(double)
  const { apiKey, baseUrl } = double
  // A slash too many is what clients make of an address that ends in one.
  return { double, client: new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${baseUrl}/` } }) }
}
const model = 'gemini-3.8-flash'
const path = `/v1beta/models/${model}:streamGenerateContent`
const post = (
  double: GeminiDouble,
  body: unknown,
  headers: Record<string, string> = { 'x-goog-api-key': 'test-key' },
) => fetch(`${double.url}/${path}?alt=sse`, { method: 'POST', headers, body: JSON.stringify(body) })
const user = { role: 'user', parts: [{ text: 'x' }] }
const call = { functionCall: { name: 'f', args: {} } }
const response = { functionResponse: { name: 'f', response: { output: 'y' } } }
const tools = [{ functionDeclarations: [{ name: 'find', parametersJsonSchema: { type: 'object' } }] }]

test('WD-7 the client of the vendor streams text in pieces, calls whole, and the usage at the end', async () => {
  const usage = { inputTokens: 10, outputTokens: 7, reasoningTokens: 3 }
  const { client } = await start({
    script: [{ text: 'Hi there.', toolCalls: [{ name: 'find', arguments: { a: 1 } }], usage }],
  })
  const chunks: GenerateContentResponse[] = []
  for await (const chunk of await client.models.generateContentStream({ model, contents: 'Hello', config: { tools } }))
    chunks.push(chunk)
  expect(chunks.map((chunk) => chunk.candidates?.[0]?.content?.parts)).toMatchObject([
    [{ text: 'Hi ' }],
    [{ text: 'there.' }],
    [{ functionCall: { name: 'find', args: { a: 1 } }, thoughtSignature: expect.any(String) }],
    [{ text: '' }],
  ])
  expect(chunks.at(-1)).toMatchObject({
    candidates: [{ finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 4, thoughtsTokenCount: 3, totalTokenCount: 17 },
  })
})

test('WD-7 answers without streaming are whole', async () => {
  const { client } = await start({ script: ['Hi there.'] })
  const answer = await client.models.generateContent({ model, contents: 'Hello' })
  expect([answer.text, answer.candidates?.[0]?.finishReason]).toEqual(['Hi there.', 'STOP'])
})

test('WD-5 a wrong key, a missing key and an unknown model get the status and body of the vendor', async () => {
  const { double, client } = await start({ script: ['x'], models: ['other'] })
  const wrong = await post(double, { contents: [user] }, { 'x-goog-api-key': 'wrong' })
  expect([wrong.status, await wrong.json()]).toMatchObject([
    400,
    { error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] } },
  ])
  const keyless = await post(double, { contents: [user] }, {})
  expect([keyless.status, await keyless.json()]).toMatchObject([403, { error: { status: 'PERMISSION_DENIED' } }])
  await expect(client.models.generateContent({ model, contents: 'x' })).rejects.toMatchObject({ status: 404 })
})

test('WD-1 it listens on 127.0.0.1 and tells a child process how to reach it', async () => {
  const { double } = await start()
  expect(double.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(double.env()).toEqual({ GOOGLE_API_KEY: 'test-key', GOOGLE_GEMINI_BASE_URL: double.baseUrl })
  await double.close()
  await expect(fetch(double.url)).rejects.toThrow()
})

test.each<[body: object, message: string]>([
  [{ contents: [user], frobnicate: 1 }, 'Unknown name "frobnicate"'],
  [{}, 'contents'],
  [{ contents: [{ role: 'user', parts: [] }] }, 'parts'],
  [{ contents: [{ role: 'user', parts: [{ text: 'x', functionCall: call.functionCall }] }] }, 'oneof'],
  [{ contents: [user], generationConfig: { temperature: 'hot' } }, 'generationConfig.temperature'],
  [{ contents: [user], generationConfig: { responseJsonSchema: {} } }, 'mime type'],
  [{ contents: [user], tools: [{ functionDeclarations: [{ name: 'not a name' }] }] }, 'name'],
  [{ contents: [user], toolConfig: { functionCallingConfig: { mode: 'ANY' } } }, 'function_declarations'],
  [
    { contents: [user], tools, toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['g'] } } },
    'not declared',
  ],
  [
    { contents: [user], tools, toolConfig: { functionCallingConfig: { allowedFunctionNames: ['find'] } } },
    'calling mode',
  ],
  [{ contents: [user, { role: 'model', parts: [call] }] }, 'followed by'],
  [{ contents: [{ role: 'model', parts: [call] }] }, 'immediately after'],
  [{ contents: [user, { role: 'user', parts: [response] }] }, 'number of function response parts'],
  [
    { contents: [user, { role: 'model', parts: [call] }, { role: 'user', parts: [response] }] },
    'missing a thought_signature',
  ],
  [
    {
      contents: [
        user,
        { role: 'model', parts: [{ ...call, thoughtSignature: 'odd' }] },
        { role: 'user', parts: [response] },
      ],
    },
    'not valid',
  ],
  [
    { contents: [user], generationConfig: { thinkingConfig: { thinkingBudget: 1, thinkingLevel: 'LOW' } } },
    'only set one',
  ],
])('WD-2 a body that the vendor refuses is refused and noted: %o', async (body, message) => {
  const { double } = await start({ script: ['x'] })
  const refused = await post(double, body)
  expect([refused.status, await refused.json()]).toMatchObject([
    400,
    { error: { status: 'INVALID_ARGUMENT', message: expect.stringContaining(message) } },
  ])
  expect(double.violations).toHaveLength(1)
})

test('WD-3 the same script gives the same bytes', async () => {
  const bytes = async (): Promise<string> => {
    const { double } = await start({
      script: [{ thinking: 'Hm.', text: 'Hi.' }],
      clock: createVirtualClock(),
      ids: createSeededIds(3),
    })
    return (await post(double, { contents: [user] })).text()
  }
  expect(await bytes()).toBe(await bytes())
})

test('WD-6 what was received is kept with its time and without credentials', async () => {
  const { double } = await start({ script: ['x'] })
  await (await post(double, { contents: [user] })).text()
  const [entry] = double.received({ path })
  expect(entry).toMatchObject({ path, body: { contents: [user] }, atMs: expect.any(Number) })
  expect(JSON.stringify(entry)).not.toContain('test-key')
  expect(await entry?.ended).toBe('answered')
})

test('WD-9 it says what it follows', async () => {
  const { double } = await start()
  expect(double.info).toMatchObject({ vendor: 'google', interface: expect.stringContaining('v1beta') })
})
