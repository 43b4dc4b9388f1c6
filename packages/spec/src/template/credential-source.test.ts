import { afterEach, expect, test, vi } from 'vitest'
import { ParleyError } from '../parley-error.ts'
import { requireCredential, type CredentialSource } from './credential-source.ts'

const { signal } = new AbortController()
const read = (source?: CredentialSource): Promise<string> =>
  requireCredential('openai', 'PARLEY_TEST_KEY', { ...(source === undefined ? {} : { source }), signal })

afterEach(() => vi.unstubAllEnvs())

test('S14 the environment is read at each call', async () => {
  await expect(read()).rejects.toMatchObject({ code: 'model_unauthorized' })
  vi.stubEnv('PARLEY_TEST_KEY', 'one')
  expect(await read()).toBe('one')
  vi.stubEnv('PARLEY_TEST_KEY', 'two')
  expect(await read()).toBe('two')
})

test('S14 a source takes the place of the environment and is told the name', async () => {
  vi.stubEnv('PARLEY_TEST_KEY', 'of the environment')
  expect(await read((name) => Promise.resolve(`vault:${name}`))).toBe('vault:PARLEY_TEST_KEY')
  await expect(read(() => undefined)).rejects.toMatchObject({ code: 'model_unauthorized' })
})

test.each(['', '  '])('15 a missing key (%j) is model_unauthorized, naming the variable', async (value) => {
  vi.stubEnv('PARLEY_TEST_KEY', value)
  await expect(read()).rejects.toMatchObject({
    code: 'model_unauthorized',
    message: expect.stringContaining('PARLEY_TEST_KEY'),
    details: { variable: 'PARLEY_TEST_KEY' },
  })
})

test('S15 what a failing source says goes nowhere', async () => {
  const error: unknown = await read(() => Promise.reject(new Error('the key is s3cret'))).catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ code: 'model_unauthorized' })
  expect(ParleyError.isInstance(error) && error.cause).toBeUndefined()
  expect(String(error)).not.toContain('s3cret')
})
