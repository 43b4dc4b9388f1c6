import { fromAiSdk } from '@parley/ai-sdk'
import { gemini } from '@parley/google'
import { openai } from '@parley/openai'
import { languageModelDouble, scriptedModel } from '@parley/testing'
import { createGeminiDouble, createOpenAiDouble, type GeminiDouble, type OpenAiDouble } from '@parley/testing/doubles'
import { Schema, Step, t, Workflow } from '@parley/workflow'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

let double: OpenAiDouble
let google: GeminiDouble
beforeEach(async () => {
  double = await createOpenAiDouble({
    respond: ({ chat }) => {
      const prompt = promptOf(chat.messages[0])
      return chat.output === undefined ? `<${prompt.split('\n')[0]}>` : '{"score":9}'
    },
  })
  google = await createGeminiDouble({ respond: ({ chat }) => `[${promptOf(chat.messages[0])}]` })
  vi.stubEnv('OPENAI_API_KEY', double.apiKey)
  vi.stubEnv('GOOGLE_API_KEY', google.apiKey)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all([double.close(), google.close()])
})

const promptOf = (message: unknown): string =>
  typeof message === 'object' && message !== null && 'content' in message ? String(message.content) : ''
/** Those of requests that the double took. */
const prompts = (): string[] =>
  double
    .received()
    .flatMap(({ body }) => (body === null ? [] : promptOf((body as { messages: unknown[] }).messages[0])))
const here = (): { baseUrl: string; allowLocalhost: true } => ({ baseUrl: double.baseUrl, allowLocalhost: true })

test('15 a workflow of adapter actions: edges by name, outputs by field, items, structured output', async () => {
  const workflow = new Workflow({
    name: 'report',
    steps: [
      new Step('facts', openai('Facts about {topic}', here())),
      new Step('rate', openai('Rate {facts.text}', { ...here(), output: new Schema({ score: t.int }) })),
      new Step('each', gemini('Check {item}', { baseUrl: google.baseUrl, allowLocalhost: true }), {
        dependsOn: ['rate'],
        foreach: 'claims',
      }),
      new Step(
        'report',
        fromAiSdk(languageModelDouble(scriptedModel([({ messages }) => `! ${promptOf(messages[0])}`])))(
          '{rate.data.score} {each.1.text}',
        ),
      ),
    ],
  })
  expect(workflow.validate()).toEqual([])
  expect(workflow.definition.root.steps.map(({ dependsOn }) => dependsOn)).toEqual([
    [],
    ['facts'],
    ['rate'],
    ['rate', 'each'],
  ])
  const result = await workflow.run({ topic: 'tides', claims: ['one', 'two'] })
  expect(result).toMatchObject({ status: 'completed', output: { text: '! 9 [Check two]' } })
  expect(prompts()).toEqual(['Facts about tides', 'Rate <Facts about tides>'])
  expect(google.received()).toHaveLength(2)
  expect([...double.violations, ...google.violations]).toEqual([])
})

test('6.1 a failed attempt is tried again with one note, and its error holds nothing of the provider', async () => {
  for (let count = 0; count < 2; count += 1) double.fault({ kind: 'refuse', status: 503, message: 's3cret' })
  const step = new Step('facts', openai('Facts about {topic}', here()), { retries: 2 })
  const result = await new Workflow({ name: 'facts', steps: [step] }).run({ topic: 'tides' })
  expect(result.status).toBe('completed')
  expect(result.steps['facts']?.attempts).toHaveLength(3)
  expect(JSON.stringify(result)).not.toContain('s3cret')
  expect(prompts().at(-1)).toMatch(/^Facts about tides\n\n\[Attempt 3\. [^[\]]+\]$/)
})

test('F-6 calls of adapters count', async () => {
  const steps = ['a', 'b', 'c'].map(
    (name, index) => new Step(name, openai('x', here()), { dependsOn: ['a', 'b'].slice(0, index) }),
  )
  const result = await new Workflow({ name: 'w', steps, maxLlmCalls: 2 }).run()
  expect(result).toMatchObject({ status: 'budget_exceeded', error: { exceeded: 'max_calls' } })
  expect(double.received()).toHaveLength(2)
})

test('15 a missing key fails the step and names the variable; it is not tried again', async () => {
  vi.stubEnv('OPENAI_API_KEY', undefined)
  const result = await new Workflow({ name: 'w', steps: [new Step('a', openai('x', here()))] }).run()
  expect(result).toMatchObject({ status: 'failed', error: { code: 'model_unauthorized' } })
  expect(result.error?.message).toContain('OPENAI_API_KEY')
  expect(result.steps['a']?.attempts).toHaveLength(1)
})

test('W-6 a template that cannot be read is a problem of the workflow', () => {
  const steps = [new Step('a', openai('Facts about {topic', here()))]
  expect(new Workflow({ name: 'w', steps }).validate()).toMatchObject([{ code: 'template_invalid' }])
})
