import { generate, type ChatPart, type ChatRequest, type WireRecord } from '@parley/spec'
import { createOpenAiDouble } from '@parley/testing/doubles'
import { describe, expect, test } from 'vitest'
import { createOpenAiChatModel } from './chat-model.ts'

const signal = new AbortController().signal
const tools = [{ name: 'find', description: 'Finds an account.', parameters: { type: 'object' } }]
const request: ChatRequest = {
  system: 'Be brief.',
  messages: [{ role: 'user', content: 'I am Mr Smith, 123456.' }],
  tools,
}
const answer = { text: 'One moment, Mr Smith.', toolCalls: [{ name: 'find', arguments: { number: '123456' } }] }

describe.each(['responses', 'chat'] as const)('over %s', (api) => {
  test('WA-2 a recording holds no credentials, and no words unless allowed', async () => {
    await using double = await createOpenAiDouble({ script: [answer], faults: [{ kind: 'drip' }] })
    const records: WireRecord[] = []
    const over = Promise.withResolvers<void>()
    const options = {
      model: 'm',
      apiKey: 'test-key',
      baseURL: double.baseUrl,
      api,
      record: (record: WireRecord) => {
        records.push(record)
        if (record.type === 'end') over.resolve()
      },
    }
    expect((await generate(createOpenAiChatModel(options), request, { signal })).text).toBe(answer.text)
    await over.promise
    const recorded = JSON.stringify(records)
    for (const secret of ['test-key', 'Bearer', 'Smith', '123456', 'brief', 'moment', 'Finds'])
      expect(recorded).not.toContain(secret)
    expect(records.map(({ type }) => type)).toEqual(expect.arrayContaining(['request', 'response', 'event', 'end']))
    expect(records[0]).toMatchObject({
      type: 'request',
      path: expect.stringMatching(/^\/v1\//),
      body: { model: 'm', stream: true },
    })
    records.length = 0
    await generate(createOpenAiChatModel({ ...options, recordText: true }), request, { signal })
    expect(JSON.stringify(records)).toContain('Smith')
    expect(JSON.stringify(records)).not.toContain('test-key')
  })

  test('WA-2 a recording served by the double gives the same parts again', async () => {
    const records: WireRecord[] = []
    const run = async (baseURL: string): Promise<ChatPart[]> => {
      const parts: ChatPart[] = []
      const model = createOpenAiChatModel({
        model: 'm',
        apiKey: 'test-key',
        baseURL,
        api,
        record: (record) => void records.push(record),
        recordText: true,
      })
      for await (const part of model.stream(request, { signal })) parts.push(part)
      return parts
    }
    await using first = await createOpenAiDouble({ script: [answer] })
    const parts = await run(first.baseUrl)
    const recorded = records.flatMap((record) => (record.type === 'event' ? [record] : []))
    await using second = await createOpenAiDouble({ script: [{ recorded }] })
    expect(await run(second.baseUrl)).toEqual(parts)
  })

  test('WA-2 an error is recorded too, its words masked', async () => {
    await using double = await createOpenAiDouble({
      faults: [{ kind: 'refuse', status: 500, message: 'at /srv/app.py' }],
    })
    const records: WireRecord[] = []
    const model = createOpenAiChatModel({
      model: 'm',
      apiKey: 'test-key',
      baseURL: double.baseUrl,
      api,
      record: (record) => void records.push(record),
    })
    await expect(generate(model, request, { signal })).rejects.toMatchObject({ code: 'model_unavailable' })
    expect(records).toContainEqual({ type: 'response', status: 500 })
    expect(JSON.stringify(records)).not.toContain('srv')
  })
})
