import type { ChatMessage } from '@parley/spec'
import { expect, test } from 'vitest'
import { createLocalModel } from './local-model.ts'

const model = createLocalModel({
  rules: `
parley_rules: 1
agent: triage
slots: { symptom: { type: choice, prompt: "Slow or drops?", choices: [slow, drops] } }
intents: { outage: { patterns: [down] }, again: { patterns: [again] } }
rules:
  - when: { intent: outage }
    do:
      - { tool: verify_caller, save: check }
      - if: "results.check.verified == true"
        then: [{ ask: symptom }, { reply: "So it is {{slots.symptom}}." }]
        else: [{ reply: "Not verified." }]
  - when: { intent: again, if: "results.check.verified == true" }
    do: [{ reply: "You are verified." }]
  - when: { intent: again }
    do: [{ reply: "You are not verified." }]
fallback: [{ reply: "Sorry?" }]
`,
})
const tools = [{ name: 'verify_caller', description: '', parameters: {} }]

async function answer(messages: ChatMessage[]): Promise<string> {
  let text = ''
  for await (const part of model.stream({ messages, tools }, { signal: new AbortController().signal })) {
    if (part.type === 'textDelta') text += part.text
  }
  return text
}

const verify = (content: string): ChatMessage[] => [
  { role: 'user', content: 'it is down' },
  { role: 'assistant', content: '', toolCalls: [{ callId: 'c1', name: 'verify_caller', arguments: '{}' }] },
  { role: 'tool', results: [{ callId: 'c1', name: 'verify_caller', content }] },
]
const masked = verify('[REDACTED]')
const asked: ChatMessage = { role: 'assistant', content: 'Slow or drops?' }
const say = (content: string): ChatMessage => ({ role: 'user', content })

test('a result that the log masks later is told by what was done after it', async () => {
  expect(await answer(verify('{"verified":true}'))).toBe('Slow or drops?')
  expect(await answer([...masked, asked, say('it drops')])).toBe('So it is drops.')
  expect(
    await answer([...masked, asked, say('it drops'), { role: 'assistant', content: 'So it is drops.' }, say('again')]),
  ).toBe('You are verified.')
  expect(await answer([...masked, { role: 'assistant', content: 'Not verified.' }, say('again')])).toBe(
    'You are not verified.',
  )
})
