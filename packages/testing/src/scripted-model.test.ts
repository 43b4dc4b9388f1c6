import { generate, ParleyError, type ChatRequest } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { chatModelSuite } from './conformance/chat-model.ts'
import { scriptedModel } from './scripted-model.ts'
import { createVirtualClock } from './virtual-clock.ts'

const request: ChatRequest = { messages: [{ role: 'user', content: 'Hi' }] }
const signal = new AbortController().signal
const calls = [
  { name: 'one', arguments: '{ "a": 1 }' },
  { name: 'two', arguments: 'not json' },
]

chatModelSuite('scripted', () => ({
  text: () => ({ model: scriptedModel(['Good day to you.'], { then: 'last' }), request, text: 'Good day to you.' }),
  toolCalls: () => ({ model: scriptedModel([{ toolCalls: calls }]), request, calls }),
  hang: (when) => ({
    model:
      when === 'beforeContent'
        ? scriptedModel([() => new Promise(() => {})])
        : scriptedModel(['Good day.'], { partMs: 1000, clock: createVirtualClock() }),
    request,
  }),
  failure: (code) => ({ model: scriptedModel([new ParleyError({ code, message: 'As the script says.' })]), request }),
  output: () => ({ model: scriptedModel(['{"a":1}']), request, json: { a: 1 } }),
}))

describe('scripted model', () => {
  test('takes the next entry for each request and keeps what was asked', async () => {
    const model = scriptedModel([
      'One.',
      { toolCalls: [{ name: 'find', arguments: { id: 1 } }] },
      ({ messages }) => `${messages.length} messages.`,
    ])
    expect((await generate(model, request, { signal })).text).toBe('One.')
    const second = await generate(model, request, { signal })
    expect(second.toolCalls).toMatchObject([{ name: 'find', arguments: '{"id":1}' }])
    expect(second.reason).toBe('toolCalls')
    expect((await generate(model, request, { signal })).text).toBe('1 messages.')
    expect(model.requests).toEqual([request, request, request])
    expect(model.remaining).toBe(0)
  })

  test('a script that has run out says so, or repeats when told to', async () => {
    const once = scriptedModel(['Only this.'])
    await generate(once, request, { signal })
    await expect(generate(once, request, { signal })).rejects.toThrow('has 1 entries and was asked for entry 2')
    const last = scriptedModel(['a', 'b'], { then: 'last' })
    const all = scriptedModel(['a', 'b'], { then: 'all' })
    const said = { last: '', all: '' }
    for (let call = 0; call < 4; call++) {
      said.last += (await generate(last, request, { signal })).text
      said.all += (await generate(all, request, { signal })).text
    }
    expect(said).toEqual({ last: 'abbb', all: 'abab' })
  })

  test('waits on the clock before the first part and between parts', async () => {
    const clock = createVirtualClock()
    const model = scriptedModel(['one two'], { ttftMs: 300, partMs: 50, clock })
    const at: number[] = []
    const start = clock.monotonicMs()
    const done = (async () => {
      for await (const part of model.stream(request, { signal }))
        if (part.type === 'textDelta') at.push(clock.monotonicMs() - start)
    })()
    await clock.advance(1000)
    await done
    expect(at).toEqual([300, 350])
  })

  test('chunk cuts by characters and never inside one', async () => {
    const parts: string[] = []
    for await (const part of scriptedModel(['añb👍c'], { chunk: 2 }).stream(request, { signal })) {
      if (part.type === 'textDelta') parts.push(part.text)
    }
    expect(parts).toEqual(['añ', 'b👍', 'c'])
  })
})
