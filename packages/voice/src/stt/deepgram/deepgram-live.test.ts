import { createSystemClock } from '@parley/spec'
import { createTestSpeechContext, toneText } from '@parley/testing'
import { deepgramDifferences } from '@parley/testing/doubles'
import { expect, test } from 'vitest'
import { createNodeSockets } from '../../endpoints/node-sockets.ts'
import { createDeepgramStt } from './deepgram-stt.ts'

const apiKey = process.env['DEEPGRAM_API_KEY'] ?? ''
const isLive = process.env['PARLEY_LIVE'] === '1' && apiKey !== ''

test.runIf(isLive)('WA-4 what the vendor says fits what the double believes of it', { timeout: 30_000 }, async () => {
  const clock = createSystemClock()
  const texts: string[] = []
  const stt = createDeepgramStt({
    apiKey,
    recordText: true,
    record: ({ direction, text }) => {
      if (direction === 'in' && text !== undefined) texts.push(text)
    },
  })
  const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
  const stream = await stt.open({ format }, createTestSpeechContext({ clock, sockets: createNodeSockets() }))
  const samples = toneText('it hears tones as noise, which is enough to see its messages')
  for (let at = 0; at < samples.length; at += 320) {
    stream.push({ samples: samples.subarray(at, at + 320), sampleRateHz: 16_000, channels: 1, position: at })
    await clock.sleep(20)
  }
  stream.finalize()
  await clock.sleep(1_500)
  await stream.close()
  expect(texts.length).toBeGreaterThan(0)
  expect(texts.flatMap(deepgramDifferences), 'findings about the double').toEqual([])
})
