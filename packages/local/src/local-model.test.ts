import { expect, test } from 'vitest'
import { createVirtualClock } from '@parley/testing'
import type { CallOptions, ChatMessage, ChatPart, ChatRequest, Json, ToolDefinition } from '@parley/spec'
import { createLocalModel, type LocalModel, type LocalModelOptions } from './local-model.ts'

const triage = `
parley_rules: 1
agent: triage
synonyms: { charge: [charged, billed, payment, invoice], twice: [double, two times] }
slots:
  account: { type: digits, length: 6, prompt: "What is your account number?", reprompt: "Six digits, please, or use the keypad." }
  symptom: { type: choice, prompt: "Is it slow, or does it drop?", choices: { slow: [slow], drops: [drop, drops, cuts out] } }
  since: { type: text, prompt: "Since when?" }
intents:
  charged_twice: { patterns: ["<charge> * <twice>", "{amount} [was] taken <twice>"], set: { topic: charge }, examples: [billing] }
  outage: { patterns: ["(internet|line|wifi) [is] (down|dead|broken)", "line [keeps] (drops|dropping)"], examples: [my internet is down] }
  cancel: { patterns: ["cancel", "leave you"] }
  agent: { patterns: ["agent", "a human"] }
rules:
  - when: { intent: charged_twice }
    need: [account]
    do:
      - { tool: find_account, with: { number: "{{slots.account}}" }, save: found, on_error: [{ reply: "I cannot find that account." }, { ask: account }] }
      - { tool: verify_caller, with: { accountId: "{{results.found.accountId}}" }, save: check }
      - if: "results.check.verified == true"
        then: [{ handoff: billing, reason: "charged twice", summary: "{{words}}", payload: { accountId: "{{results.found.accountId}}", verified: true, topic: "{{slots.topic}}", callerWords: "{{words}}" } }]
        else: [{ reply: "I could not verify you. You have {{results.check.attemptsLeft}} tries left." }]
  - when: { intent: outage }
    do:
      - { handoff: technical, reason: outage, payload: { accountId: a1, symptom: "{{slots.symptom ?? null}}", since: "{{slots.since ?? null}}" } }
      - { reply: "That did not work." }
  - when: { intent: cancel }
    do:
      - confirm: "Do you want to leave us?"
        yes: [{ reply: "I am sorry to hear it." }]
        no: [{ reply: "Good." }]
      - { reply: "Anything else?" }
  - when: { intent: agent }
    do: [{ handoff: human, reason: "asked for a person" }]
fallback: [{ reply: "Sorry, is it about a bill, your connection, or leaving us?" }, { menu: [{ say: billing, key: "1", intent: charged_twice }, { say: cancel, key: "2", intent: cancel }] }, { handoff: human, reason: "not understood" }]
`

type Handler = (args: Record<string, Json>) => Json

/** A tool loop as small as can be: one room, one agent. */
function createLoop(model: LocalModel, handlers: Record<string, Handler>, extra: Partial<CallOptions> = {}) {
  const messages: ChatMessage[] = []
  const tools: ToolDefinition[] = Object.keys(handlers).map((name) => ({
    name,
    description: name,
    parameters: { type: 'object' },
  }))
  const calls: string[] = []
  const turn = async (): Promise<string> => {
    const said: string[] = []
    for (let step = 0; step < 12; step += 1) {
      const parts = await drain(model, { messages, tools }, extra)
      const text = parts.map((part) => (part.type === 'textDelta' ? part.text : '')).join('')
      const toolCalls = parts.flatMap((part) => (part.type === 'toolCall' ? [part.call] : []))
      if (text !== '') said.push(text)
      messages.push({ role: 'assistant', content: text, ...(toolCalls.length > 0 ? { toolCalls } : {}) })
      if (toolCalls.length === 0) return said.join(' / ')
      let isOver = false
      const results = toolCalls.map((call) => {
        calls.push(`${call.name} ${call.arguments}`)
        const value = handlers[call.name]?.(JSON.parse(call.arguments) as Record<string, Json>) ?? null
        isOver ||= JSON.stringify(value).includes('"accepted":true')
        return { callId: call.callId, name: call.name, content: JSON.stringify(value) }
      })
      messages.push({ role: 'tool', results })
      if (isOver) return said.join(' / ')
    }
    throw new Error('the turn does not end')
  }
  const hear = (text: string): Promise<string> => {
    messages.push({ role: 'user', content: text })
    return turn()
  }
  return { messages, calls, hear, turn }
}

async function drain(model: LocalModel, request: ChatRequest, extra: Partial<CallOptions> = {}): Promise<ChatPart[]> {
  const parts: ChatPart[] = []
  for await (const part of model.stream(request, { signal: new AbortController().signal, ...extra })) parts.push(part)
  return parts
}

const make = (options: Partial<LocalModelOptions> = {}): LocalModel =>
  createLocalModel({ rules: triage, clock: createVirtualClock({ now: Date.UTC(2026, 10, 21) }), ...options })

const accepted: Handler = () => ({ accepted: true, message: 'released' })

test('a caller who was charged twice reaches billing with a filled contract', async () => {
  const loop = createLoop(make(), {
    find_account: ({ number }) => (number === '204417' ? { accountId: 'acc_1' } : { error: { code: 'not_found' } }),
    verify_caller: () => ({ verified: true, attemptsLeft: 3 }),
    handoff_conversation: accepted,
  })
  expect(await loop.hear('Hi, I was charged $79 twice!')).toBe('What is your account number?')
  expect(await loop.hear('erm')).toBe('Six digits, please, or use the keypad.')
  expect(await loop.hear('two oh four, double one, seven')).toBe(
    'I cannot find that account. What is your account number?',
  )
  expect(await loop.hear('204417')).toBe('')
  expect(loop.calls).toEqual([
    'find_account {"number":"204117"}',
    'find_account {"number":"204417"}',
    'verify_caller {"accountId":"acc_1"}',
    `handoff_conversation ${JSON.stringify({
      target: 'billing',
      reason: 'charged twice',
      summary: 'Hi, I was charged $79 twice!',
      payload: { accountId: 'acc_1', verified: true, topic: 'charge', callerWords: 'Hi, I was charged $79 twice!' },
    })}`,
  ])
})

test('a slot the first sentence names is not asked for', async () => {
  const loop = createLoop(make(), {
    find_account: () => ({ accountId: 'acc_1' }),
    verify_caller: () => ({ verified: false, attemptsLeft: 2 }),
  })
  expect(await loop.hear('my account 204-417 was billed two times')).toBe(
    'I could not verify you. You have 2 tries left.',
  )
})

test('the fallback climbs, the menu leads on, understanding resets it', async () => {
  const loop = createLoop(make(), {
    find_account: () => ({ accountId: 'a' }),
    verify_caller: () => ({}),
    handoff_conversation: accepted,
  })
  const sorry = 'Sorry, is it about a bill, your connection, or leaving us?'
  expect(await loop.hear('blah')).toBe(sorry)
  expect(await loop.hear('blub')).toBe('You can say billing, or press 1; say cancel, or press 2.')
  expect(await loop.hear('two')).toBe('Do you want to leave us?')
  expect(await loop.hear('no no')).toBe('Good. Anything else?')
  expect(await loop.hear('blah')).toBe(sorry)
  expect(await loop.hear('blub')).toContain('press 1')
  expect(await loop.hear('blubber')).toBe('')
  expect(loop.calls.at(-1)).toContain('"target":"human"')
})

test('a tool or handoff that is not offered is not called', async () => {
  const loop = createLoop(make(), { find_account: () => ({ accountId: 'a' }) })
  expect(await loop.hear('agent please')).toBe('Sorry, is it about a bill, your connection, or leaving us?')
  expect(await loop.hear('agent please')).toContain('press 1')
  expect(await loop.hear('1')).toBe('What is your account number?')
  const last = createLoop(make(), {})
  await last.hear('blah')
  await last.hear('blah')
  expect(await last.hear('blah')).toBe('Sorry, I did not understand that, and I cannot pass you on from here.')
  expect(last.calls).toEqual([])
})

test('a refused contract field is asked for and the handoff tried again', async () => {
  const loop = createLoop(make(), {
    handoff_conversation: ({ payload }) => {
      const { symptom, since } = payload as Record<string, Json>
      const violations = [
        ...(symptom ? [] : [{ path: 'symptom', message: 'missing' }]),
        ...(since ? [] : [{ path: 'payload.since', message: 'missing' }]),
      ]
      return violations.length > 0
        ? { accepted: false, code: 'handoff_contract', reason: 'fields', violations }
        : { accepted: true }
    },
  })
  expect(await loop.hear('my internet is broken')).toBe('Is it slow, or does it drop?')
  expect(await loop.hear('it cuts out')).toBe('Since when?')
  expect(await loop.hear('yesterday evening')).toBe('')
  expect(loop.calls.at(-1)).toContain('"payload":{"accountId":"a1","symptom":"drops","since":"yesterday evening"}')
})

test('a question is said again, another matter is taken up', async () => {
  const loop = createLoop(make(), { find_account: () => null })
  await loop.hear('charged twice')
  expect(await loop.hear('Pardon?')).toBe('What is your account number?')
  expect(await loop.hear('I want to cancel')).toBe('Do you want to leave us?')
  expect(await loop.hear('hm')).toBe('Do you want to leave us?')
  expect(await loop.hear('yes')).toBe('I am sorry to hear it. Anything else?')
})

test('a turn that was cut short is not counted as misunderstood', async () => {
  const loop = createLoop(make(), {})
  loop.messages.push(
    { role: 'user', content: 'account 204417 was charged twice' },
    { role: 'assistant', content: 'One mom' },
  )
  expect(await loop.hear('blah')).toBe('Sorry, is it about a bill, your connection, or leaving us?')
})

test('a rule that says nothing does not leave the person in silence', async () => {
  const rules = `{ parley_rules: 1, agent: a, rules: [{ do: [{ tool: note }] }], fallback: [{ reply: "Sorry?" }] }\n`
  expect(await createLoop(make({ rules }), { note: () => null }).hear('hi')).toBe('Sorry?')
})

test('an intent of another phase is not understood when the phase is known', async () => {
  const rules = `{ parley_rules: 1, agent: a, intents: { hi: { patterns: [hi], phases: [intake] } }, rules: [{ when: { intent: hi }, do: [{ reply: "Hello" }] }], fallback: [{ reply: "Sorry?" }] }\n`
  expect(await createLoop(make({ rules }), {}, { metadata: { phase: 'intake' } }).hear('hi')).toBe('Hello')
  expect(await createLoop(make({ rules }), {}, { metadata: { phase: 'billing' } }).hear('hi')).toBe('Sorry?')
  expect(await createLoop(make({ rules }), {}).hear('hi')).toBe('Hello')
})

test('the best intent has the most fixed words, then priority, then comes first', async () => {
  const rules = `
parley_rules: 1
agent: a
intents:
  first: { patterns: [down] }
  second: { patterns: [down] }
  third: { patterns: ["line down"] }
  fourth: { patterns: [slow] }
  fifth: { patterns: [slow], priority: 1 }
rules:
  - { when: { intent: first }, do: [{ reply: first }] }
  - { when: { intent: second }, do: [{ reply: second }] }
  - { when: { intent: third }, do: [{ reply: third }] }
  - { when: { intent: fourth }, do: [{ reply: fourth }] }
  - { when: { intent: fifth }, do: [{ reply: fifth }] }
`
  const ask = (text: string) => createLoop(make({ rules }), {}).hear(text)
  expect(await Promise.all([ask('it is down'), ask('the line down here'), ask('slow')])).toEqual([
    'first',
    'third',
    'fifth',
  ])
})

test('without a fallback: a rephrased question, a menu of examples, the desk', async () => {
  const rules = `{ parley_rules: 1, agent: a, intents: { hi: { patterns: [hi], examples: [say hi] }, no: { patterns: ["x y"] } }, rules: [{ when: { intent: hi }, do: [{ reply: "Hello" }] }] }\n`
  const loop = createLoop(make({ rules }), { handoff_conversation: accepted })
  expect(await loop.hear('a')).toBe('Sorry, I did not understand. Could you say it in other words?')
  expect(await loop.hear('b')).toBe('You can say say hi, or press 1.')
  expect(await loop.hear('c')).toBe('')
  expect(loop.calls).toEqual([
    'handoff_conversation {"target":"human","reason":"not understood","summary":"not understood"}',
  ])
})

test('a target that the handoff tool does not list is not offered', async () => {
  const parameters = {
    type: 'object',
    properties: { target: { enum: ['billing'] }, reason: {}, summary: {} },
    additionalProperties: false,
  }
  const tools = [{ name: 'handoff_conversation', description: '', parameters }]
  const parts = await drain(make(), { messages: [{ role: 'user', content: 'agent' }], tools })
  expect(parts.some(({ type }) => type === 'toolCall')).toBe(false)
  parameters.properties.target.enum.push('technical')
  const outage = await drain(make(), { messages: [{ role: 'user', content: 'internet down' }], tools })
  // What the closed schema does not know is left out.
  expect(outage.find(({ type }) => type === 'toolCall')).toMatchObject({
    call: { arguments: '{"target":"technical","reason":"outage","summary":"outage"}' },
  })
  const none = await drain(make(), {
    messages: [{ role: 'user', content: 'internet down' }],
    tools,
    toolChoice: 'none',
  })
  expect(none.some(({ type }) => type === 'toolCall')).toBe(false)
})

test('names are looked up, several are asked for, and one is chosen', async () => {
  const rules = `
parley_rules: 1
agent: a
slots: { who: { type: lookup, lookup: people, prompt: "Who?" } }
intents: { hi: { patterns: [hi] } }
rules: [{ when: { intent: hi }, need: [who], do: [{ reply: "Hello {{slots.who.name}}, {{slots.who.id}}." }] }]
`
  const people = [
    { id: '1', names: ['Ada Moreno'] },
    { id: '2', names: ['Ada Lovelace'] },
  ]
  const loop = createLoop(make({ rules, lookups: { people: () => people } }), {})
  expect(await loop.hear('hi')).toBe('Who?')
  expect(await loop.hear('ada')).toBe('Which one: Ada Moreno or Ada Lovelace?')
  expect(await loop.hear('the second')).toBe('Hello Ada Lovelace, 2.')
  const named = createLoop(make({ rules, lookups: { people: async () => people } }), {})
  expect(await named.hear('hi, Ada Moreno here')).toBe('Hello Ada Moreno, 1.')
})
