import { createServer } from '@parley/server'
import { createSystemClock, type CloseReason, type EndpointHandlers } from '@parley/spec'
import { Kit } from '@parley/kit'
import {
  createTwilioCallDouble,
  signTwilioRequest,
  type TwilioCallDouble,
  type TwilioFault,
} from '@parley/testing/doubles'
import { createTwilioEndpoint, type TwilioMedia } from '@parley/voice/endpoints'
import { expect, onTestFinished, test } from 'vitest'

const clock = createSystemClock()
const publicUrl = 'https://calls.example.com'
const signedUrl = 'wss://calls.example.com/v1/twilio/media'
const tone = (ms: number) => ({
  samples: Int16Array.from({ length: ms * 8 }, (_, index) => 8_000 * Math.sin((2 * Math.PI * 440 * index) / 8_000)),
  sampleRateHz: 8_000 as const,
  channels: 1 as const,
})

/** A server that takes phone calls, and says back what is said. */
async function echoing(): Promise<{
  url: string
  calls: TwilioMedia[]
  closed: CloseReason[]
  digits: string[]
  use(double: TwilioCallDouble): void
}> {
  const calls: TwilioMedia[] = []
  const closed: CloseReason[] = []
  const digits: string[] = []
  let current: TwilioCallDouble | undefined
  const twilio = createTwilioEndpoint({
    authToken: 'test-key',
    publicUrl,
    clock,
    fetch: (input, init) => fetch(String(input).replace('https://api.twilio.com', current?.apiBase ?? ''), init),
  })
  const none = (): void => {}
  const server = createServer({
    kit: new Kit(),
    clock,
    sockets: [
      twilio.socketRoute({
        async onCall(media) {
          calls.push(media)
          const segment = media.output.open({
            utteranceId: 'u1',
            segmentId: 's1',
            format: { encoding: 'pcm16', sampleRateHz: 8_000, channels: 1 },
          })
          const handlers: EndpointHandlers = {
            onFrame: (frame) => void segment.capture(frame),
            onDtmf: (digit) => void digits.push(digit),
            onClose: (reason) => void closed.push(reason),
            onMuted: none,
            onTalk: none,
            onText: none,
            onTranscript: none,
            onInterrupt: none,
            onConsent: none,
            onState: none,
            onStats: none,
          }
          await media.start(handlers)
        },
      }),
    ],
    mounts: [twilio.mount()],
  })
  onTestFinished(() => server.close({ drainMs: 200 }))
  const { url } = await server.listen({ port: 0 })
  return { url, calls, closed, digits, use: (double) => void (current = double) }
}

async function until(isDone: () => boolean): Promise<void> {
  for (let waited = 0; !isDone(); waited += 5) {
    if (waited > 5_000) throw new Error('It did not come.')
    await clock.sleep(5)
  }
}

async function dialled(url: string, faults: readonly TwilioFault[] = []): Promise<TwilioCallDouble> {
  const double = await createTwilioCallDouble({
    url: `${url.replace('http', 'ws')}/v1/twilio/media`,
    signedUrl,
    clock,
    faults,
    audio: tone(300),
  })
  onTestFinished(() => double.close())
  return double
}

test('WD-7 TW-1 TW-2 TW-3 a call over real sockets: signed in, heard, answered, ended by HTTP', async () => {
  const { url, calls, closed, digits, use } = await echoing()
  const double = await dialled(url)
  use(double)
  await until(() => double.heardAudio().length >= 300 * 8)
  double.dtmf('4')
  await until(() => digits.length === 1)
  const loud = double.heardAudio().filter((sample) => Math.abs(sample) > 1_000).length
  expect(loud).toBeGreaterThan(1_500)
  expect(double.violations).toEqual([])
  await calls[0]?.close('agent')
  expect(double.restRequests).toMatchObject([{ fields: { Status: 'completed' }, status: 200 }])
  expect(double.hasEnded).toBe(true)
  expect(closed).toEqual(['agent'])
})

test('TW-1 a wrong or missing signature is 403 before any message', async () => {
  const { url, calls } = await echoing()
  await expect(dialled(url, [{ kind: 'badSignature' }])).rejects.toThrow('403')
  await expect(dialled(url, [{ kind: 'noSignature' }])).rejects.toThrow('403')
  expect(calls).toEqual([])
})

test('WD-8 TW-2 a line in fragments, with nonsense between, is understood; one that breaks is lost', async () => {
  const { url, calls, closed } = await echoing()
  const double = await dialled(url, [{ kind: 'drip' }, { kind: 'malformed' }, { kind: 'drop', atMs: 400 }])
  await until(() => closed.length === 1)
  expect(closed).toEqual(['lost'])
  expect(calls[0]?.counts.unknown).toBeGreaterThan(10)
  expect(double.violations).toEqual([])
})

test('TW-1 Twilio asks the server what to do with a call, and is told the address of the media', async () => {
  const { url } = await echoing()
  const fields = { CallSid: 'CA1', From: '+15550100' }
  const ask = async (secret: string): Promise<Response> =>
    fetch(`${url}/v1/twilio/voice`, {
      method: 'POST',
      headers: { 'x-twilio-signature': await signTwilioRequest(secret, `${publicUrl}/v1/twilio/voice`, fields) },
      body: new URLSearchParams(fields),
    })
  const answer = await ask('test-key')
  expect(answer.status).toBe(200)
  expect(await answer.text()).toContain(`<Stream url="${signedUrl}"><Parameter name="from" value="+15550100"/>`)
  expect((await ask('another')).status).toBe(403)
})
