// The code of docs/models.md. The vendor is a double on this machine that speaks the vendor's wire; no key is needed.
import assert from 'node:assert/strict'
import { createGeminiDouble, createOpenAiDouble } from '@parley/testing/doubles'
import { languageModelDouble, scriptedModel } from '@parley/testing'

await using vendor = await createOpenAiDouble({ script: ['Your line is fine.'] })
const { apiKey, baseUrl } = vendor

//#region openai
import { createOpenAiChatModel } from '@parley/openai'

const remote = createOpenAiChatModel({ model: 'gpt-5-mini', apiKey, baseURL: baseUrl })
//#endregion openai

await using google = await createGeminiDouble({ script: ['Your line is fine, says Gemini.'] })
const { apiKey: googleKey, baseUrl: googleUrl } = google

//#region google
import { createGeminiChatModel } from '@parley/google'

const gemini = createGeminiChatModel({ model: 'gemini-3.8-flash', apiKey: googleKey, baseURL: googleUrl })
//#endregion google

//#region fallback
import { createLocalModel } from '@parley/local'
import { withFallback } from '@parley/spec'

const local = createLocalModel({
  rules: { parley_rules: 1, agent: 'sam', rules: [{ do: [{ reply: 'I can only take a message just now.' }] }] },
})
const model = withFallback([remote, local], { attemptMs: 10_000 })
//#endregion fallback

//#region room
import { Agent, Kit } from '@parley/kit'

await using kit = new Kit()
kit.register(
  new Agent('sam', {
    model,
    role: 'Technical support',
    systemPrompt: 'You are the support desk of Harbor Internet. Be brief.',
    generation: { reasoning: 'low', maxOutputTokens: 400 },
    onFailure: 'Sorry, I cannot answer just now.',
  }),
)
//#endregion room

async function ask(text: string): Promise<string> {
  const room = await kit.createRoom({ channels: ['sam'] })
  await kit.send(room.id, { from: 'ada', text }, { wait: 'settled' })
  const last = (await kit.events(room.id)).findLast(({ type }) => type === 'message')
  return last?.content.type === 'text' ? last.content.text : ''
}

assert.equal(await ask('Is my line down?'), 'Your line is fine.')
vendor.fault({ kind: 'refuse', status: 503 })
assert.equal(await ask('And now?'), 'I can only take a message just now.')

//#region prompt
import { z } from 'zod'

const clerk = new Agent('clerk', { model: scriptedModel(['{"topic":"bill","isUrgent":false}']) })
const { output, usage, stopped } = await clerk.run('I was charged twice.', {
  output: z.object({ topic: z.enum(['bill', 'line']), isUrgent: z.boolean() }),
})
console.log(output, usage.outputTokens, stopped) // { topic: 'bill', isUrgent: false } 9 output
//#endregion prompt

assert.deepEqual(output, { topic: 'bill', isUrgent: false })
assert.equal(stopped, 'output')

//#region budget
import { createBudget, createSystemClock, toNanoUsd, withBudget } from '@parley/spec'

const day = createBudget('room', 'support', { maxCostUsd: 0.5, warnAt: [0.8] }, { clock: createSystemClock() })
const priced = createOpenAiChatModel({
  model: 'gpt-5-mini',
  apiKey,
  baseURL: baseUrl,
  // Nano-USD per token: what you pay, from your vendor's price list.
  card: { price: { from: '2026-01-01T00:00:00.000Z', input: 250, output: 2_000 } },
})
const bounded = withBudget(priced, day)
//#endregion budget

const asked = await new Agent('sam', { model: bounded }).run('Is my line down?')
assert.equal(asked.output, 'Your line is fine.')
const spent = day.envelopes[0]?.settled.costNanoUsd ?? 0
assert.ok(spent > 0 && spent < toNanoUsd(0.5))

const anyProvider = languageModelDouble(scriptedModel(['Hello.']))
//#region ai-sdk
import { fromLanguageModel } from '@parley/ai-sdk'

// anyProvider is what a provider of the AI SDK gives, such as anthropic('claude-sonnet-4-5').
const other = fromLanguageModel(anyProvider, { card: { contextTokens: 200_000, maxOutputTokens: 8_192 } })
//#endregion ai-sdk

assert.equal(await new Agent('sam', { model: other }).prompt('Hi'), 'Hello.')
assert.equal(await new Agent('sam', { model: gemini }).prompt('Hi'), 'Your line is fine, says Gemini.')
