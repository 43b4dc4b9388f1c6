import { Kit } from '@parley/kit'
import type { Content, PendingRequest } from '@parley/spec'
import { expect, test } from 'vitest'
import { hideTypedPin } from './hide-typed-pin.ts'

// The hook looks at this field alone.
const open = [{ sensitive: true }] as PendingRequest[]

async function stored(content: Content, requests: PendingRequest[]): Promise<Content | undefined> {
  await using kit = new Kit()
  kit.hook(
    'beforeBroadcast',
    hideTypedPin(() => Promise.resolve(requests)),
    { redacts: true },
  )
  const { id } = await kit.createRoom()
  await kit.send(id, { from: 'ada', content })
  return (await kit.events(id))[0]?.content
}

test.each<[string, Content, PendingRequest[], string]>([
  ['four digits while the field is open', { type: 'text', text: '4821' }, open, '[PIN hidden]'],
  ['with spaces', { type: 'text', text: 'it is 4 8 2 1 I think' }, open, 'it is [PIN hidden] I think'],
  ['beside the word, before anybody asked', { type: 'text', text: 'my PIN is 4821' }, [], 'my PIN is [PIN hidden]'],
  ['in rich text', { type: 'rich', format: 'html', body: '<b>4821</b>' }, open, '<b>[PIN hidden]</b>'],
  [
    'in a part of several',
    {
      type: 'composite',
      parts: [
        { type: 'text', text: 'pin' },
        { type: 'text', text: '4821' },
      ],
    },
    [],
    '[PIN hidden]',
  ],
])('a PIN typed as %s is taken out', async (_how, content, requests, expected) => {
  const kept = JSON.stringify(await stored(content, requests))
  expect(kept).toContain(expected)
  expect(kept.replaceAll(/[ -]/g, '')).not.toContain('4821')
})

test('other numbers stay', async () => {
  expect(await stored({ type: 'text', text: 'account 204417, since 2024' }, [])).toMatchObject({
    text: 'account 204417, since 2024',
  })
  expect(await stored({ type: 'text', text: 'account 204417' }, open)).toMatchObject({ text: 'account 204417' })
})
