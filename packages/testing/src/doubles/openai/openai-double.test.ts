import { createSeededIds } from '../../seeded-ids.ts'
import { createVirtualClock } from '../../virtual-clock.ts'
import OpenAI from 'openai'
import { afterEach, describe, expect, test } from 'vitest'
import { createOpenAiDouble, type OpenAiDouble, type OpenAiDoubleOptions } from './openai-double.ts'

const doubles: OpenAiDouble[] = []
afterEach(async () => {
  await Promise.all(doubles.splice(0).map((double) => double.close()))
})
async function start(options: OpenAiDoubleOptions = {}): Promise<{ double: OpenAiDouble; client: OpenAI }> {
  const double = await createOpenAiDouble(options)
  doubles.push(double)
  return {
    double,
    client: new OpenAI({ apiKey: double.apiKey, baseURL: double.baseUrl, maxRetries: 0, logLevel: 'off' }),
  }
}
const post = (double: OpenAiDouble, path: string, body: unknown, key = double.apiKey): Promise<Response> =>
  fetch(`${double.baseUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  })
const tool = {
  type: 'function' as const,
  name: 'find',
  description: 'Finds.',
  parameters: { type: 'object' },
  strict: false,
}

describe('with the client of the vendor', () => {
  test('WD-7 Responses stream in the order of the vendor, numbered without gaps', async () => {
    const { client } = await start({
      script: [{ text: 'Hi there.', toolCalls: [{ name: 'find', arguments: { a: 1 } }] }],
    })
    const types: string[] = []
    const numbers: number[] = []
    for await (const event of await client.responses.create({
      model: 'gpt-5-mini',
      input: 'Hello',
      tools: [tool],
      stream: true,
    })) {
      types.push(event.type)
      numbers.push(event.sequence_number)
    }
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(numbers).toEqual(numbers.map((_, index) => index))
  })

  test('WD-7 its stream helpers assemble the same answers', async () => {
    const { client } = await start({
      script: [{ text: 'Hi there.', toolCalls: [{ callId: 'call_1', name: 'find', arguments: '{"a":1}' }] }],
    })
    const response = await client.responses.stream({ model: 'm', input: 'Hello', tools: [tool] }).finalResponse()
    expect(response.output_text).toBe('Hi there.')
    expect(response.output[1]).toMatchObject({ type: 'function_call', call_id: 'call_1', arguments: '{"a":1}' })
    const functions = [{ type: 'function' as const, function: { name: 'find', parameters: { type: 'object' } } }]
    const runner = client.chat.completions.stream({
      model: 'm',
      messages: [{ role: 'user', content: 'Hello' }],
      tools: functions,
      stream_options: { include_usage: true },
    })
    const completion = await runner.finalChatCompletion()
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'Hi there.',
        tool_calls: [{ id: 'call_1', function: { name: 'find', arguments: '{"a":1}' } }],
      },
    })
    expect(completion.usage?.total_tokens).toBeGreaterThan(0)
  })

  test('WD-7 answers without streaming are whole', async () => {
    const { client } = await start({ script: ['Hi there.'] })
    expect((await client.responses.create({ model: 'm', input: 'Hello' })).output_text).toBe('Hi there.')
    const completion = await client.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'Hello' }],
    })
    expect(completion.choices[0]?.message.content).toBe('Hi there.')
  })

  test('WD-7 a stored response can be continued, an unknown one cannot', async () => {
    const seen: number[] = []
    const { client } = await start({
      respond: ({ chat }) => {
        seen.push(chat.messages.length)
        return 'Yes.'
      },
    })
    const first = await client.responses.create({ model: 'm', input: 'Hello' })
    await client.responses.create({ model: 'm', input: 'And?', previous_response_id: first.id })
    expect(seen).toEqual([1, 3])
    await expect(
      client.responses.create({ model: 'm', input: 'x', previous_response_id: 'resp_none' }),
    ).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
    })
  })

  test('WD-5 a wrong key, a missing key and an unknown model get the status and body of the vendor', async () => {
    const { double, client } = await start({ script: ['x'], models: ['m'] })
    const wrong = await post(double, '/responses', { model: 'm', input: 'x' }, 'wrong')
    expect([wrong.status, await wrong.json()]).toMatchObject([
      401,
      { error: { code: 'invalid_api_key', type: 'invalid_request_error' } },
    ])
    const keyless = await fetch(`${double.baseUrl}/responses`, { method: 'POST', body: '{}' })
    expect([keyless.status, await keyless.json()]).toMatchObject([401, { error: { code: null } }])
    await expect(client.responses.create({ model: 'none', input: 'x' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['m'])
  })
})

test('WD-1 it listens on 127.0.0.1 and tells a child process how to reach it', async () => {
  const { double } = await start()
  expect(double.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(double.env()).toEqual({ OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: double.baseUrl })
  await double.close()
  await expect(fetch(double.url)).rejects.toThrow()
})

const user = { role: 'user', content: 'x' }
const calling = {
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
}
test.each<[path: string, body: object, expected: object]>([
  ['/responses', { model: 'm', input: 'x', frobnicate: 1 }, { code: 'unknown_parameter', param: 'frobnicate' }],
  ['/responses', { input: 'x' }, { code: 'missing_required_parameter', param: 'model' }],
  ['/responses', { model: 'm', input: 'x', temperature: 'hot' }, { code: 'invalid_type', param: 'temperature' }],
  [
    '/responses',
    { model: 'm', input: [{ type: 'function_call_output', call_id: 'c', output: 'x' }] },
    { param: 'input' },
  ],
  [
    '/responses',
    { model: 'm', input: [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }] },
    { param: 'input' },
  ],
  ['/responses', { model: 'm', input: 'x', tools: [{ ...tool, name: 'not a name' }] }, { param: 'tools[0].name' }],
  ['/responses', { model: 'm', input: 'x', tool_choice: { type: 'function', name: 'f' } }, { param: 'tool_choice' }],
  [
    '/responses',
    {
      model: 'm',
      input: 'x',
      text: { format: { type: 'json_schema', name: 'a', strict: true, schema: { type: 'object' } } },
    },
    { code: 'invalid_json_schema' },
  ],
  ['/chat/completions', { model: 'm', messages: [] }, { param: 'messages' }],
  [
    '/chat/completions',
    { model: 'm', messages: [user, { role: 'tool', tool_call_id: 'c', content: 'x' }] },
    { param: 'messages.[1].role' },
  ],
  ['/chat/completions', { model: 'm', messages: [calling, user] }, { param: 'messages' }],
  [
    '/chat/completions',
    { model: 'm', messages: [user], response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
    { code: 'missing_required_parameter' },
  ],
  ['/chat/completions', { model: 'm', messages: [user], tool_choice: 'auto' }, { param: 'tool_choice' }],
])('WD-2 a body that the vendor refuses is refused and noted: %s %o', async (path, body, expected) => {
  const { double } = await start({ script: ['x'] })
  const response = await post(double, path, body)
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error: { type: 'invalid_request_error', ...expected } },
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
    return (await post(double, '/responses', { model: 'm', input: 'x', stream: true })).text()
  }
  expect(await bytes()).toBe(await bytes())
})

test('WD-6 what was received is kept with its time and without credentials', async () => {
  const { double } = await start({ script: ['x'] })
  await (await post(double, '/responses', { model: 'm', input: 'x' })).text()
  const [entry] = double.received({ path: '/v1/responses' })
  expect(entry).toMatchObject({ path: '/v1/responses', body: { model: 'm', input: 'x' }, atMs: expect.any(Number) })
  expect(JSON.stringify(entry)).not.toContain('test-key')
  expect(await entry?.ended).toBe('answered')
})

test('WD-9 it says what it follows', async () => {
  const { double } = await start()
  expect(double.info).toMatchObject({ vendor: 'openai', interface: expect.stringContaining('Responses') })
})
