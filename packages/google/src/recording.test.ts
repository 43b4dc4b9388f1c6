import { generate, type ChatPart, type ChatRequest, type WireRecord } from '@parley/spec'
import { createGeminiDouble } from '@parley/testing/doubles'
import { expect, test } from 'vitest'
import { createGeminiChatModel } from './chat-model.ts'

const signal = new AbortController().signal
const call = { callId: 'call_1', name: 'find', arguments: '{"number":"123456"}' }
const request: ChatRequest = {
  system: 'Be brief.',
  messages: [
    { role: 'user', content: 'I am Mr Smith, 123456.' },
    { role: 'assistant', content: '', toolCalls: [call] },
    { role: 'tool', results: [{ callId: 'call_1', name: 'find', content: 'Smith, line 7' }] },
  ],
  tools: [{ name: 'find', description: 'Finds an account.', parameters: { type: 'object' } }],
}
const answer = {
  text: 'One moment, Mr Smith.',
  toolCalls: [{ name: 'find', arguments: { deep: { number: '123456' } } }],
}

test('WA-2 a recording holds no credentials, and no words unless allowed, however deep they are', async () => {
  await using double = await createGeminiDouble({ script: [answer], faults: [{ kind: 'drip' }] })
  const records: WireRecord[] = []
  const over = Promise.withResolvers<void>()
  const options = {
    model: 'gemini-3.8-flash',
    apiKey: double.apiKey,
    baseURL: double.baseUrl,
    record: (record: WireRecord) => {
      records.push(record)
      if (record.type === 'end') over.resolve()
    },
  }
  expect((await generate(createGeminiChatModel(options), request, { signal })).text).toBe(answer.text)
  await over.promise
  const recorded = JSON.stringify(records)
  for (const secret of ['test-key', 'Smith', '123456', 'brief', 'moment', 'Finds', 'line 7'])
    expect(recorded).not.toContain(secret)
  expect(records.map(({ type }) => type)).toEqual(expect.arrayContaining(['request', 'response', 'event', 'end']))
  expect(records[0]).toMatchObject({ type: 'request', path: '/v1beta/models/gemini-3.8-flash:streamGenerateContent' })
  records.length = 0
  await generate(createGeminiChatModel({ ...options, recordText: true }), request, { signal })
  expect(JSON.stringify(records)).toContain('Smith')
  expect(JSON.stringify(records)).not.toContain('test-key')
})

test('WA-2 a recording served by the double gives the same parts again', async () => {
  const records: WireRecord[] = []
  const run = async (baseURL: string): Promise<ChatPart[]> => {
    const parts: ChatPart[] = []
    const model = createGeminiChatModel({
      model: 'gemini-3.8-flash',
      apiKey: 'test-key',
      baseURL,
      record: (record) => void records.push(record),
      recordText: true,
    })
    for await (const part of model.stream(request, { signal })) parts.push(part)
    return parts
  }
  await using first = await createGeminiDouble({ script: [answer] })
  const parts = await run(first.baseUrl)
  const recorded = records.flatMap((record) => (record.type === 'event' ? [{ data: record.data }] : []))
  await using second = await createGeminiDouble({ script: [{ recorded }] })
  const again = await run(second.baseUrl)
  // The vendor's ids are those of the recording, so all is equal.
  expect(again).toEqual(parts)
})
