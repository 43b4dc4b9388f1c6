import type { TemplateActionContext } from '@parley/spec'
import { languageModelDouble, scriptedModel } from '@parley/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { claude, createClaude } from './claude-action.ts'

beforeEach(() => vi.stubEnv('ANTHROPIC_API_KEY', 'test-key'))
afterEach(() => vi.unstubAllEnvs())

const context: TemplateActionContext = {
  stepId: 'ask',
  inputs: { topic: 'tides' },
  signal: new AbortController().signal,
}

/** The provider's package by its shape, which keeps what it was given. */
function provider(): { load: () => Promise<unknown>; seen: unknown[] } {
  const seen: unknown[] = []
  const createAnthropic =
    (settings: unknown) =>
    (modelId: string): unknown => {
      seen.push({ settings, modelId })
      return languageModelDouble(scriptedModel(['Fine.']), { provider: 'anthropic.messages', modelId })
    }
  return { load: () => Promise.resolve({ createAnthropic }), seen }
}

test('15 claude asks Anthropic at its own address, with claude-sonnet-4-5 unless another is named', async () => {
  vi.stubEnv('ANTHROPIC_BASE_URL', 'http://elsewhere.test')
  const { load, seen } = provider()
  const action = createClaude(load)('About {topic}')
  expect(action.promptTemplate).toBe('About {topic}')
  expect(await action(context)).toMatchObject({
    text: 'Fine.',
    model: 'anthropic/claude-sonnet-4-5',
    metadata: { provider: 'anthropic' },
  })
  await action(context, { model: 'claude-opus-4-1' })
  const settings = { apiKey: 'test-key', baseURL: 'https://api.anthropic.com/v1' }
  expect(seen).toEqual([
    { settings, modelId: 'claude-sonnet-4-5' },
    { settings, modelId: 'claude-opus-4-1' },
  ])
})

test('15 address, fetch and key source are those that are given', async () => {
  const { load, seen } = provider()
  const fetch: typeof globalThis.fetch = () => Promise.reject(new Error('unused'))
  const credentials = (name: string): string => `vault:${name}`
  await createClaude(load)('x', { baseUrl: 'https://proxy.test/v1', fetch, credentials })(context)
  expect(seen).toMatchObject([
    { settings: { apiKey: 'vault:ANTHROPIC_API_KEY', baseURL: 'https://proxy.test/v1', fetch } },
  ])
})

test('15 without a key the first call says so, naming the variable', async () => {
  vi.stubEnv('ANTHROPIC_API_KEY', undefined)
  await expect(claude('x')(context)).rejects.toMatchObject({
    code: 'model_unauthorized',
    message: expect.stringContaining('ANTHROPIC_API_KEY'),
  })
})

test.each<[string, () => Promise<unknown>]>([
  ['cannot be loaded', () => Promise.reject(new Error('Cannot find package in /srv/app'))],
  ['has no createAnthropic', () => Promise.resolve({})],
  ['gives no provider', () => Promise.resolve({ createAnthropic: () => ({}) })],
  ['v4', () => Promise.resolve({ createAnthropic: () => () => ({ specificationVersion: 'v3' }) })],
])('15 a provider that %s is named', async (text, load) => {
  const error: unknown = await createClaude(load)('x')(context).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'invalid_options', message: expect.stringContaining(text) })
  expect(String(error)).not.toContain('/srv')
})

test.each(['apiKey', 'auth_token'])('S14 %s is refused at construction and per call', async (name) => {
  const options: object = { [name]: 's3cret' }
  expect(() => claude('x', options)).toThrow(/CredentialSource/)
  await expect(claude('x')(context, options)).rejects.toMatchObject({ code: 'invalid_options' })
})

test('S15 the address has to be https, but for this machine where that is allowed', () => {
  for (const options of [{ baseUrl: 'http://127.0.0.1:1' }, { baseUrl: 'http://example.com', allowLocalhost: true }])
    expect(() => claude('x', options)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  expect(() => claude('x', { baseUrl: 'http://127.0.0.1:1', allowLocalhost: true })).not.toThrow()
})
