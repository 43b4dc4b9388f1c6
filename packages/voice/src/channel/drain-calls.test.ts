import { createTestEndpoint } from '@parley/testing'
import { expect, test } from 'vitest'
import { openCall, sayingAgent } from './__fixtures__/open-call.ts'
import { defaultCallLines } from './voice-channel-options.ts'

const long = 'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.'

test('W-1 drain: who is on the line hears in the place of the answer that it closes, and the room has it', async () => {
  await using bench = await openCall({
    agents: [sayingAgent('riley', long)],
    channel: { interruption: { warmupMs: 0 }, lines: { closing: 'please call again' } },
  })
  const { clock, endpoint, voice } = bench
  void endpoint.caller.sayText('tell me all')
  await clock.advance(3_000)
  expect(endpoint.output.isPlaying).toBe(true)
  let isDone = false
  const draining = voice.drain().then(() => (isDone = true))
  // Nobody talks it away.
  void endpoint.caller.sayText('wait please')
  await clock.advance(500)
  expect(isDone).toBe(false)
  await clock.advance(4_000)
  await draining
  expect(bench.heard().join(' ')).toMatch(/please call again$/)
  expect((await bench.lines()).slice(1, 3)).toEqual([
    expect.stringMatching(/^riley: One two .*\|$/),
    'riley: please call again',
  ])
  expect(bench.call.state.isEnded).toBe(false)
  expect(bench.errors).toEqual([])
})

test('W-1 drain: no new call is taken from then on, and asking twice says it once', async () => {
  await using bench = await openCall({ channel: { lines: { closing: 'please call again' } } })
  const { clock, voice, roomId } = bench
  const first = voice.drain()
  expect(voice.drain()).toBe(first)
  const endpoint = createTestEndpoint({ clock, id: 'late' })
  await expect(voice.connect(endpoint, { roomId, participantId: 'ben' })).rejects.toMatchObject({
    code: 'kit_closed',
    retryable: true,
  })
  await clock.advance(5_000)
  await first
  expect(bench.heard()).toEqual(['please call again'])
})

test('W-1 drain: a line that nobody hears holds nothing up for longer than the bound, 5 s by default', async () => {
  await using bench = await openCall({ channel: { lines: { closing: long } } })
  const { clock, endpoint, voice } = bench
  endpoint.caller.lose()
  const startedMs = clock.monotonicMs()
  let tookMs = 0
  const draining = voice.drain().then(() => (tookMs = clock.monotonicMs() - startedMs))
  await clock.advance(30_000)
  await draining
  expect(tookMs).toBe(5_000)
})

test('W-1 drain: the line of a call center that says nothing else', () => {
  expect(defaultCallLines.closing).toBe('Sorry, this line closes now. Please call again.')
})
