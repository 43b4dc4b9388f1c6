import { createVirtualClock, scriptedModel } from '@parley/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ParleyError } from '../parley-error.ts'
import type { TemplateActionContext } from './template-action.ts'
import { createVendorAction, type VendorActionOptions, type VendorCall } from './vendor-action.ts'

beforeEach(() => vi.stubEnv('ASK_KEY', 'test-key'))
afterEach(() => vi.unstubAllEnvs())

const context: TemplateActionContext = { stepId: 'ask', inputs: {}, signal: new AbortController().signal }

/** An action whose model is opened by a double, and what it was opened with. */
function ask(
  options: VendorActionOptions,
  answer: string | Error = 'Fine.',
): { action: ReturnType<typeof createVendorAction>; calls: VendorCall[] } {
  const calls: VendorCall[] = []
  const action = createVendorAction({
    what: 'ask',
    template: 'x',
    options,
    keyVariable: 'ASK_KEY',
    defaultModel: 'small',
    open(call) {
      calls.push(call)
      return scriptedModel([answer], { then: 'last' })
    },
  })
  return { action, calls }
}

test('15 a call opens its model with the default model, the key of the environment and the timeout of 120 s', async () => {
  const { action, calls } = ask({})
  await action(context)
  await action(context, { model: 'large', timeout: 2.5 })
  const common = { apiKey: 'test-key', baseUrl: undefined, fetch: undefined }
  expect(calls).toEqual([
    { ...common, model: 'small', limits: { openMs: 120_000, idleMs: 120_000 } },
    { ...common, model: 'large', limits: { openMs: 2_500, idleMs: 2_500 } },
  ])
})

test('15 address, fetch, clock and key source are those that are given', async () => {
  const clock = createVirtualClock()
  const fetch: typeof globalThis.fetch = () => Promise.reject(new Error('unused'))
  const { action, calls } = ask({
    clock,
    fetch,
    baseUrl: 'https://proxy.test/v1',
    credentials: (name) => `vault:${name}`,
  })
  await action(context)
  expect(calls).toMatchObject([{ apiKey: 'vault:ASK_KEY', baseUrl: 'https://proxy.test/v1', fetch, limits: { clock } }])
})

test('15 without a key the call names the variable, and no model is opened', async () => {
  vi.stubEnv('ASK_KEY', undefined)
  const { action, calls } = ask({})
  await expect(action(context)).rejects.toMatchObject({ code: 'model_unauthorized', details: { variable: 'ASK_KEY' } })
  expect(calls).toEqual([])
})

test('15 its calls are counted', async () => {
  let count = 0
  await ask({}).action({ ...context, incrementLlmCalls: () => void (count += 1) })
  expect(count).toBe(1)
})

test('S15 the address has to be https, but for this machine where that is allowed', () => {
  for (const refused of [{ baseUrl: 'http://127.0.0.1:1' }, { baseUrl: 'http://example.com', allowLocalhost: true }])
    expect(() => ask(refused)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  expect(() => ask({ baseUrl: 'http://127.0.0.1:1', allowLocalhost: true })).not.toThrow()
})

test('S15 what the client of the vendor threw stays inside', async () => {
  const error: unknown = await ask({}, new Error('s3cret at /srv/app.js'))
    .action(context)
    .catch((caught: unknown) => caught)
  expect(ParleyError.isInstance(error) && error.cause).toBeUndefined()
  expect(String(error)).not.toContain('/srv')
})
