import type { ChannelCapabilities, Content } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { transcode } from './transcode.ts'

const url = 'https://example.test/a.png'
const samples: Content[] = [
  { type: 'text', text: 'hello' },
  { type: 'text', text: '' },
  {
    type: 'rich',
    body: '**Hi** [shop](https://example.test)',
    format: 'markdown',
    buttons: [{ label: 'Yes' }, { label: 'No' }, 'Maybe'],
  },
  { type: 'rich', body: '<p>Hi &amp; bye</p>', format: 'html', plainText: 'Hi and bye', quickReplies: ['Yes'] },
  { type: 'media', url, mimeType: 'image/png', filename: 'a.png', caption: 'Look', sizeBytes: 2_000 },
  { type: 'media', url: 'data:image/png;base64,AAAA', mimeType: 'image/png' },
  { type: 'audio', url, mimeType: 'audio/wav', durationMs: 3_000 },
  { type: 'audio', url, mimeType: 'audio/wav', transcript: 'call me' },
  { type: 'video', url, mimeType: 'video/mp4', durationMs: 12_400 },
  { type: 'location', latitude: 52.5, longitude: 13.4, label: 'Office' },
  {
    type: 'composite',
    parts: [
      { type: 'text', text: 'one' },
      { type: 'media', url, mimeType: 'image/png' },
    ],
  },
  { type: 'template', templateId: 't', language: 'en', parameters: {}, text: 'Your order' },
  { type: 'template', templateId: 't', language: 'en', parameters: {} },
  { type: 'edit', targetEventId: 'evt', content: { type: 'text', text: 'better' } },
  { type: 'delete', targetEventId: 'evt', kind: 'author' },
  { type: 'reaction', targetEventId: 'evt', emoji: '👍' },
  { type: 'dtmf', digits: '12' },
  { type: 'note', text: 'secret' },
  { type: 'redacted' },
]
const textOnly: ChannelCapabilities = { content: ['text'] }
const inText = (content: Content): string | null => {
  const result = transcode(content, textOnly)
  return result?.type === 'text' ? result.text : null
}

test('LN-7 every content has a text-only form, or none', () => {
  expect(samples.map(inText)).toEqual([
    'hello',
    '',
    'Hi shop (https://example.test)\n- Yes\n- No\n- Maybe',
    'Hi and bye\n- Yes',
    `Look\n[a.png] ${url}`,
    '[image]',
    `[audio, 3 s] ${url}`,
    'call me',
    `[video, 12 s] ${url}`,
    'Office\n52.5, 13.4',
    `one\n[image] ${url}`,
    'Your order',
    null,
    'Correction: better',
    'A message was removed.',
    null,
    null,
    null,
    'A message was removed.',
  ])
})

test('LN-7 what a channel can show goes through as it is', () => {
  const all: ChannelCapabilities = {
    content: [
      'text',
      'rich',
      'media',
      'audio',
      'video',
      'location',
      'composite',
      'template',
      'edit',
      'delete',
      'reaction',
      'toolCall',
      'dtmf',
      'note',
      'system',
      'redacted',
    ],
    buttons: true,
  }
  for (const content of samples) expect(transcode(content, all)).toBe(content)
})

test('LN-7 media over the size or of another kind become a link, buttons over the limit become lines', () => {
  const [, , rich, , media] = samples
  if (rich === undefined || media === undefined) throw new Error('samples changed')
  expect(transcode(media, { content: ['text', 'media'], maxMediaBytes: 1_000 })).toEqual({
    type: 'text',
    text: `Look\n[a.png] ${url}`,
  })
  expect(transcode(media, { content: ['text', 'media'], mimeTypes: ['video/*'] })?.type).toBe('text')
  expect(transcode(media, { content: ['text', 'media'], mimeTypes: ['image/*'] })).toBe(media)
  expect(transcode(rich, { content: ['rich'], buttons: true, maxButtons: 1 })).toEqual({
    type: 'rich',
    body: '**Hi** [shop](https://example.test)\n\n- No\n\n- Maybe',
    format: 'markdown',
    buttons: [{ label: 'Yes' }],
  })
})

test('LN-7 transcoding is pure, settles at once and yields only what the channel declares', () => {
  const types = [
    'text',
    'rich',
    'media',
    'audio',
    'video',
    'location',
    'composite',
    'template',
    'edit',
    'delete',
    'reaction',
    'redacted',
  ] as const
  const capabilities = fc.record({
    content: fc.subarray([...types], { minLength: 1 }),
    buttons: fc.boolean(),
    maxButtons: fc.nat({ max: 3 }),
    mimeTypes: fc.subarray(['image/*', 'video/mp4']),
  })
  fc.assert(
    fc.property(fc.constantFrom(...samples), capabilities, (content, given) => {
      const before = JSON.stringify(content)
      const once = transcode(content, given)
      expect(JSON.stringify(content)).toBe(before)
      if (once === null) return
      expect(given.content).toContain(once.type)
      expect(transcode(once, given)).toEqual(once)
    }),
  )
})
