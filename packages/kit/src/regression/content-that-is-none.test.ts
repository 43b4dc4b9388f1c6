import { expect, test } from 'vitest'
import { line, openKit, recordingTransport } from '../__fixtures__/open-kit.ts'

const odd: [string, unknown][] = [
  ['null', null],
  ['a text', 'hello'],
  ['a number', 7],
]

test.each(odd)('ER-3 a message whose content is %s is refused by name, in a language too', async (_what, content) => {
  const { kit } = openKit({}, [recordingTransport('web')])
  const { id } = await kit.createRoom({ channels: ['web'] })
  const message = line('web', 'ada', 'x', { content: content as never, language: 'en' })
  await expect(kit.processInbound(message, { roomId: id })).rejects.toMatchObject({
    code: 'content_invalid',
    details: { path: expect.stringContaining('content') },
  })
  expect(await kit.events(id)).toEqual([])
})

test.each<[string, unknown]>([
  ...odd,
  ['a list', []],
  ['without content', {}],
  ['with null as content', { content: null }],
])('ER-3 what a channel parses into %s is refused by name, and nothing is stored', async (_what, parsed) => {
  const { kit } = openKit({}, [recordingTransport('web', { parse: () => Promise.resolve(parsed as never) })])
  const { id } = await kit.createRoom({ channels: ['web'] })
  const result: unknown = await kit
    .processInbound(line('web', 'ada', 'x', { language: 'en' }), { roomId: id })
    .catch((error: unknown) => error)
  // A parser that leaves the content open takes the message's own.
  expect(JSON.stringify(result)).toMatch(/"code":"(content_invalid|invalid_options)"|"outcome":"committed"/)
  expect(await kit.members(id)).toHaveLength(JSON.stringify(result).includes('committed') ? 1 : 0)
})
