import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVirtualClock } from '@parley/testing'
import type { ChatMessage, ChatPart, ChatRequest, ParleyError } from '@parley/spec'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLocalModel, type LocalModel } from './local-model.ts'

const greet = (text: string): string => `
parley_rules: 1
agent: a
intents: { hi: { patterns: [hi] }, go: { patterns: [go] } }
rules:
  - { when: { intent: hi }, do: [{ reply: "${text}" }] }
  - { when: { intent: go }, do: [{ reply: "Let me look." }, { tool: look, save: a }, { tool: look, save: b }, { reply: "Done." }] }
fallback: [{ reply: "Sorry?" }]
`
const tools = [{ name: 'look', description: '', parameters: {} }]
const said = (content: string): ChatMessage[] => [{ role: 'user', content }]

async function drain(
  model: LocalModel,
  request: ChatRequest,
  signal = new AbortController().signal,
): Promise<ChatPart[]> {
  const parts: ChatPart[] = []
  for await (const part of model.stream(request, { signal })) parts.push(part)
  return parts
}
const words = (parts: ChatPart[]): string[] => parts.flatMap((part) => (part.type === 'textDelta' ? [part.text] : []))
const make = (rules: string): LocalModel => createLocalModel({ rules, clock: createVirtualClock({}) })

test('text comes word by word, then a call, then usage and one end', async () => {
  const parts = await drain(make(greet('x')), { messages: said('go'), tools })
  expect(words(parts)).toEqual(['Let', ' me', ' look.'])
  expect(parts.map(({ type }) => type).slice(3)).toEqual(['toolCall', 'usage', 'end'])
  expect(parts.at(-1)).toMatchObject({ type: 'end', reason: 'toolCalls', usage: { inputTokens: expect.any(Number) } })
})

test('PO-7 ids of calls depend on the conversation alone and are never used twice in it', async () => {
  const model = make(greet('x'))
  const messages = said('go')
  const ids: string[] = []
  for (let turn = 0; turn < 20; turn += 1) {
    for (;;) {
      const [one, other] = await Promise.all([
        drain(model, { messages, tools }),
        drain(make(greet('x')), { messages, tools }),
      ])
      expect(one).toEqual(other)
      const call = one?.find((part) => part.type === 'toolCall')
      if (call?.type !== 'toolCall') break
      ids.push(call.call.callId)
      const content = words(one ?? []).join('')
      messages.push(
        { role: 'assistant', content, toolCalls: [call.call] },
        { role: 'tool', results: [{ ...call.call, content: 'null' }] },
      )
    }
    messages.push({ role: 'assistant', content: 'Done.' }, ...said('go'))
    // What memory dropped long ago keeps its id.
    if (messages.length > 12) messages.splice(0, 6)
  }
  expect(ids).toHaveLength(40)
  expect(new Set(ids).size).toBe(40)
})

test('an answer ends at a stop sequence and at the length limit', async () => {
  const model = make(greet('one two three four five six'))
  const stopped = await drain(model, { messages: said('hi'), stop: [' three'] })
  expect(words(stopped).join('')).toBe('one two')
  expect(stopped.at(-1)).toMatchObject({ reason: 'stop' })
  const short = await drain(model, { messages: said('hi'), maxOutputTokens: 2 })
  expect(words(short).join('')).toBe('one two')
  expect(short.at(-1)).toMatchObject({ reason: 'length' })
})

test('structured output is refused, naming it', async () => {
  const request = { messages: said('hi'), output: { name: 'x', schema: {} } }
  await expect(drain(make(greet('x')), request)).rejects.toMatchObject({
    code: 'model_request_invalid',
    details: { path: 'output' },
  })
})

test('a request without a word of a person is answered with silence', async () => {
  expect((await drain(make(greet('x')), { messages: [] })).map(({ type }) => type)).toEqual(['usage', 'end'])
  expect(
    words(await drain(make(greet('x')), { messages: [{ role: 'assistant', content: 'Hello, this is Riley.' }] })),
  ).toEqual([])
})

test('bad options are refused', () => {
  expect(() => createLocalModel({ rules: greet('x'), timeZone: 'Nowhere/Land' })).toThrow(/timeZone/u)
  // A key that the types do not know, as from plain JavaScript.
  expect(() => createLocalModel({ rules: greet('x'), lookup: {} } as never)).toThrow(/lookup/u)
})

test('a late and a failing lookup are told and the sentence is read without them', async () => {
  const clock = createVirtualClock({})
  const errors: ParleyError[] = []
  const rules = `
parley_rules: 1
agent: a
slots: { x: { type: lookup, lookup: late, prompt: "?" }, y: { type: lookup, lookup: broken, prompt: "?" } }
intents: { hi: { patterns: [hi] } }
rules: [{ when: { intent: hi }, do: [{ reply: Hello }] }]
`
  const lookups = {
    late: () => new Promise<never>(() => {}),
    broken: () => {
      throw new Error('secret')
    },
  }
  const model = createLocalModel({ rules, lookups, clock, onError: (error) => errors.push(error) })
  const pending = drain(model, { messages: said('hi') })
  await clock.advance(249)
  expect(errors.map(({ code }) => code)).toEqual(['tool_failed'])
  await clock.advance(1)
  expect(words(await pending)).toEqual(['Hello'])
  expect(errors.map(({ code }) => code)).toEqual(['tool_failed', 'tool_timeout'])
  expect(JSON.stringify(errors)).not.toContain('secret')
  expect(clock.pending).toBe(0)
})

test('relative days are counted from the clock, in the zone', async () => {
  const rules = `
parley_rules: 1
agent: a
slots: { day: { type: date, prompt: "?" } }
rules: [{ do: [{ reply: "{{slots.day | date}}" }] }]
`
  const clock = createVirtualClock({ now: Date.UTC(2026, 10, 21, 23, 30) })
  const day = async (timeZone: string) =>
    words(await drain(createLocalModel({ rules, clock, timeZone }), { messages: said('today') })).join('')
  expect(await day('UTC')).toBe('November 21, 2026')
  expect(await day('Europe/Berlin')).toBe('November 22, 2026')
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-rules-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a changed file is read again before the next answer, a faulty one leaves the former', async () => {
  const path = join(folder, 'a.yaml')
  const write = (text: string, second: number): void => {
    writeFileSync(path, text)
    utimesSync(path, second, second)
  }
  write(greet('one'), 1)
  const errors: ParleyError[] = []
  const model = createLocalModel({ rules: path, onError: (error) => errors.push(error) })
  const hello = async (): Promise<string> => words(await drain(model, { messages: said('hi') })).join('')
  expect(await hello()).toBe('one')
  write(greet('two'), 2)
  expect(await hello()).toBe('two')
  write('parley_rules: 3', 3)
  expect(await hello()).toBe('two')
  expect(await hello()).toBe('two')
  expect(errors.map(({ code }) => code)).toEqual(['rules_invalid'])
  write(greet('three'), 4)
  expect(await hello()).toBe('three')
  rmSync(path)
  expect(await hello()).toBe('three')
  expect(errors).toHaveLength(2)
  expect(JSON.stringify(errors)).not.toContain(folder)
})

test('a file that is missing or faulty at the start is an error', () => {
  expect(() => createLocalModel({ rules: join(folder, 'none.yaml') })).toThrow(/cannot be read/u)
})
