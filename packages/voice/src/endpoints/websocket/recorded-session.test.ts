import { readFileSync } from 'node:fs'
import { parseCallFrame, parseClientCallMessage, parseServerCallMessage, type Socket } from '@parley/spec'
import { expect, test } from 'vitest'
import { recorder, setUpMedia } from './__fixtures__/media-setup.ts'
import { hello, personEnd, type PersonEnd } from './__fixtures__/person-end.ts'

const file = new URL('./__fixtures__/recorded-session.txt', import.meta.url)

/** Writes down both ways of a socket: `>` from the person, `<` from the server; of sound the header and the length. */
function recorded(person: PersonEnd, lines: string[]): Socket {
  const line = (direction: string, data: string | Uint8Array): void => {
    if (typeof data === 'string') return void lines.push(`${direction} ${data}`)
    const header = Array.from(data.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
    lines.push(`${direction} audio ${header} ${data.length - 16}`)
  }
  async function* frames(): AsyncGenerator<string | Uint8Array> {
    for await (const data of person.socket.frames) {
      line('>', data)
      yield data
    }
  }
  const { socket } = person
  return {
    ...socket,
    bufferedAmount: 0,
    send(data) {
      line('<', data)
      socket.send(data)
    },
    frames: frames(),
  }
}

async function runSession(): Promise<string[]> {
  const lines: string[] = []
  const { clock, media } = setUpMedia()
  const person = personEnd()
  const connecting = media.connect(recorded(person, lines), { callId: 'call-1' })
  person.say({ ...hello, language: 'en' })
  await clock.advance(0)
  const connected = await connecting
  if (connected.outcome === 'refused') throw new Error('refused')
  const { endpoint } = connected
  await endpoint.start(recorder().handlers)
  endpoint.show({ type: 'state', agent: 'listening', user: 'speaking', agentId: 'triage', mode: 'agent' })
  person.sound()
  person.sound()
  person.say({ type: 'transcript', id: 'w1', text: 'good morning', final: true, confidence: 0.75 })
  person.say({ type: 'dtmf', digit: '7', durationMs: 100 })
  await clock.advance(40)
  endpoint.show({ type: 'caption', id: 'w1', role: 'user', text: 'Good morning', final: true })
  endpoint.show({
    type: 'caption',
    id: 'u1',
    role: 'agent',
    agentId: 'triage',
    text: 'Hello',
    final: true,
    words: [{ text: 'Hello', startMs: 0, endMs: 80 }],
  })
  const format = { encoding: 'pcm16', sampleRateHz: 24_000, channels: 1 } as const
  const segment = endpoint.output.open({ utteranceId: 'u1', segmentId: 'u1-s', format, agentId: 'triage' })
  segment.capture({ samples: new Int16Array(24 * 200).fill(9), sampleRateHz: 24_000, channels: 1, position: 0 })
  segment.flush()
  await clock.advance(60)
  person.say({ type: 'played', epoch: 0, utteranceId: 'u1', positionMs: 60, bufferedMs: 60 })
  await clock.advance(20)
  endpoint.output.clear()
  person.say({ type: 'cleared', epoch: 1, positionMs: 90 })
  endpoint.show({ type: 'heard', utteranceId: 'u1', played: 1, confirmed: 1, cut: 1 })
  endpoint.show({ type: 'handoff', from: 'triage', to: 'billing' })
  endpoint.show({ type: 'agent', id: 'billing', name: 'Billing', voice: 'slt' })
  endpoint.show({ type: 'recording', state: 'asking' })
  person.say({ type: 'consent', kind: 'recording', granted: false })
  endpoint.show({ type: 'input', mode: 'digits', sensitive: true, prompt: 'Your card number', digits: 16 })
  person.say({ type: 'ping', t: 120 })
  person.say({ type: 'stats', rttMs: 12, jitterMs: 1.5, underruns: 0, lost: 0, outputLatencyMs: 24 })
  await clock.advance(20)
  person.say({ type: 'hangup', reason: 'done' })
  await clock.advance(20)
  return lines
}

test('W-6 a recorded session is what the endpoint still says to the same words', async () => {
  await expect(`${(await runSession()).join('\n')}\n`).toMatchFileSnapshot(file.pathname)
})

test('W-6 each line of the recorded session is read by the schemas that both ends use', () => {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(30)
  for (const line of lines) {
    const [, direction = '', body = ''] = /^([<>]) (.*)$/.exec(line) ?? []
    const [, header, length] = /^audio ([0-9a-f]{32}) (\d+)$/.exec(body) ?? []
    if (header !== undefined) {
      const bytes = new Uint8Array(16 + Number(length))
      bytes.set(Array.from(header.matchAll(/../g), ([byte]) => Number.parseInt(byte, 16)))
      expect(parseCallFrame(bytes), line).toBeDefined()
    } else {
      expect((direction === '>' ? parseClientCallMessage : parseServerCallMessage)(body).ok, line).toBe(true)
    }
  }
})
