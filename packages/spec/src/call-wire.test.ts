import { expect, test } from 'vitest'
import {
  clientCallMessageSchema,
  parseClientCallMessage,
  parseServerCallMessage,
  serverCallMessageSchema,
  writeCallMessage,
  type ServerCallMessage,
} from './call-wire.ts'

const hello = {
  v: 1,
  type: 'hello',
  seq: 0,
  versions: [1],
  audio: { up: { codec: 'pcm16', rate: 16_000, frame_ms: 20 }, down: { codec: 'pcm16', rate: 24_000 } },
  capabilities: { played: true, pause: true, aec: true, recognition: false, opus: false },
  client: { name: 'a', version: '1' },
}

test('W-6 names are snake_case on the wire and of code inside, words of captions too', () => {
  const caption: ServerCallMessage = {
    v: 1,
    type: 'caption',
    seq: 3,
    id: 'c1',
    role: 'agent',
    agentId: 'billing',
    text: 'Good morning',
    final: true,
    words: [{ text: 'Good', startMs: 0, endMs: 210 }],
  }
  const text = writeCallMessage(caption)
  expect(JSON.parse(text)).toMatchObject({ agent_id: 'billing', words: [{ text: 'Good', start_ms: 0, end_ms: 210 }] })
  expect(parseServerCallMessage(text)).toEqual({ ok: true, message: caption })
})

test('unknown types and fields are passed over, and their number is known', () => {
  expect(parseClientCallMessage(JSON.stringify({ v: 1, type: 'sing', seq: 9, song: 1 }))).toEqual({
    ok: false,
    problem: 'unknown',
    seq: 9,
  })
  const result = parseClientCallMessage(JSON.stringify({ ...hello, colour: 'red' }))
  expect(result.ok && Object.keys(result.message)).not.toContain('colour')
})

test.each([
  ['audio.up.frame_ms', { ...hello, audio: { ...hello.audio, up: { codec: 'pcm16', rate: 16_000, frame_ms: 5 } } }],
  ['digit', { v: 1, type: 'dtmf', seq: 1, digit: 'x', duration_ms: 100 }],
  ['position_ms', { v: 1, type: 'played', seq: 1, epoch: 0, utterance_id: 'u', position_ms: -1, buffered_ms: 0 }],
  ['position_ms', { v: 1, type: 'cleared', seq: 1, epoch: 0, position_ms: 1.5 }],
  ['v', { ...hello, v: 2 }],
  ['', []],
])('a wrong field is named by its path on the wire: %s', (path, message) => {
  expect(parseClientCallMessage(JSON.stringify(message))).toMatchObject({ ok: false, problem: 'invalid', path })
})

test('text that is no JSON is a fault, not a throw', () => {
  expect(parseClientCallMessage('{')).toEqual({ ok: false, problem: 'invalid', path: '' })
})

test('the messages are those of the page', () => {
  const typesOf = (schema: { options: readonly { shape: { type: { value: string } } }[] }) =>
    schema.options.map(({ shape }) => shape.type.value)
  expect(typesOf(clientCallMessageSchema)).toEqual(
    'hello played cleared paused dtmf text transcript mute talk interrupt consent stats ack ping hangup'.split(' '),
  )
  expect(typesOf(serverCallMessageSchema)).toEqual(
    'welcome state segment clear pause continue caption heard agent handoff language hold bridge recording input notice metrics levels error ack pong bye'.split(
      ' ',
    ),
  )
})
