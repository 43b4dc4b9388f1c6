import { createSocketPair, createVirtualClock } from '@parley/testing'
import { audioOutputSuite, mediaEndpointSuite } from '@parley/testing/conformance'
import { createTwilioCallDouble } from '@parley/testing/doubles'
import { tone } from './__fixtures__/phone-call.ts'
import { createTwilioEndpoint } from './twilio-endpoint.ts'

/** A call whose endpoint nobody has started yet. */
async function call() {
  const clock = createVirtualClock()
  const [ours, theirs] = createSocketPair()
  const double = await createTwilioCallDouble({ socket: theirs, clock })
  const twilio = createTwilioEndpoint({
    authToken: 'test-key',
    publicUrl: 'https://calls.example.com',
    clock,
    fetch: double.fetch,
  })
  const endpoint = await twilio.connect(ours)
  if (endpoint === null) throw new Error('The call did not start.')
  return { clock, double, endpoint }
}

mediaEndpointSuite('twilio', async () => {
  const { clock, double, endpoint } = await call()
  return {
    endpoint,
    nowMs: () => clock.monotonicMs(),
    pass: (ms) => clock.advance(ms),
    async speak(ms) {
      const said = double.say(tone(ms))
      await clock.advance(ms + 20)
      await said
    },
    hangup: () => double.hangup(),
    heardMs: () => double.heard().reduce((sum, { samples }) => sum + samples.length / 8, 0),
    async press(digit) {
      double.dtmf(digit)
      await clock.advance(0)
    },
    leftovers: () => clock.pending,
    close: () => double.close(),
  }
})

audioOutputSuite('twilio', async () => {
  const { clock, double, endpoint } = await call()
  return {
    output: endpoint.output,
    clock,
    format: { encoding: 'pcm16', sampleRateHz: 8_000, channels: 1 },
    pause: 'rewind',
    toleranceMs: 60,
    latencyMs: 220,
    async close() {
      await endpoint.close('agent')
      await double.close()
    },
  }
})
