import { expect, test } from 'vitest'
import { ParleyError } from '../parley-error.ts'
import { refuseCredentials } from './refuse-credentials.ts'

const words = [
  'api_key',
  'apikey',
  'api_secret',
  'secret_key',
  'token',
  'password',
  'auth_token',
  'access_token',
  'bearer_token',
  'auth',
]
const camel = (name: string): string => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
const pascal = (name: string): string => camel(`_${name}`)
const styles: ((name: string) => string)[] = [
  (name) => name,
  camel,
  pascal,
  (name) => name.toUpperCase(),
  (name) => name.replaceAll('_', '-'),
]
const names = [...new Set(words.flatMap((word) => styles.map((style) => style(word))))]
const secret = 'sk-live-1234567890'

function refusal(options: object): ParleyError {
  try {
    refuseCredentials('openai', options)
  } catch (error) {
    if (ParleyError.isInstance(error)) return error
  }
  throw new Error('It was not refused.')
}

test.each(names)('S14 %s is refused, also inside modelOptions, and its value is not told', (name) => {
  for (const [options, path] of [
    [{ [name]: secret }, name],
    [{ [name]: undefined }, name],
    [{ modelOptions: { [name]: secret } }, `modelOptions.${name}`],
    [{ model_options: { openai: [{ [name]: secret }] } }, `model_options.openai.0.${name}`],
  ] as const) {
    const error = refusal(options)
    expect(error).toMatchObject({ code: 'invalid_options', details: { path } })
    expect(error.message).toContain(path)
    expect(JSON.stringify(error)).not.toContain(secret)
  }
})

test.each(['maxOutputTokens', 'tokens', 'author', 'credentials', 'max_tokens', 'model'])(
  'S14 %s is no credential',
  (name) => {
    expect(() => refuseCredentials('openai', { [name]: 1, modelOptions: { [name]: 1 } })).not.toThrow()
  },
)

test('S14 a schema with a field of that name is no option, and a circle ends', () => {
  const circle: { [key: string]: unknown } = { a: 1 }
  circle['self'] = circle
  expect(() => refuseCredentials('openai', { output: { shape: { password: 1 } }, modelOptions: circle })).not.toThrow()
})
