import { chatModelSuite } from '@parley/testing/conformance'
import { createLocalModel } from './local-model.ts'

const rules = `
parley_rules: 1
agent: desk
slots: { who: { type: lookup, lookup: people, prompt: "Who?" } }
intents:
  hello: { patterns: [hello] }
  call: { patterns: [call] }
rules:
  - when: { intent: hello }
    do: [{ reply: "Good morning, and welcome." }]
`

const request = { messages: [{ role: 'user' as const, content: 'Hello!' }] }

chatModelSuite('local rules', () => ({
  text: () => ({
    model: createLocalModel({ rules, lookups: { people: () => [] } }),
    request,
    text: 'Good morning, and welcome.',
  }),
  hang: (when) => {
    if (when === 'afterContent') return { model: createLocalModel({ rules, lookups: { people: () => [] } }), request }
    const started = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const people = ({ signal }: { signal: AbortSignal }): Promise<never> => {
      signal.addEventListener('abort', () => left.resolve())
      started.resolve()
      return new Promise(() => {})
    }
    return {
      model: createLocalModel({ rules, lookups: { people } }),
      request,
      started: started.promise,
      left: left.promise,
    }
  },
  unsupportedPart: () => {
    let asked = 0
    const people = (): [] => {
      asked += 1
      return []
    }
    const image = { type: 'image' as const, mimeType: 'image/png', url: 'https://example.com/a.png' }
    return {
      model: createLocalModel({ rules, lookups: { people } }),
      request: { messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Hello' }, image] }] },
      path: 'messages[0].content[1]',
      sent: () => asked,
    }
  },
}))
