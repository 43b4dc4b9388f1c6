import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDtmfDetector, dtmfTone, parseWav } from '@parley/audio'
import { createSystemClock, type RoomEvent, type RoomId } from '@parley/spec'
import { createTwilioCallDouble, signTwilioRequest } from '@parley/testing/doubles'
import { createCallCenter, type CallCenter } from '../../apps/call-center/src/app.ts'
import { readSettings } from '../../apps/call-center/src/start/settings.ts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { pitchOf } from './pitch.ts'
import { createCallerVoice, type CallerVoice } from './spoken-words.ts'

const clock = createSystemClock()
const publicUrl = 'https://calls.example.com'
const [account, pin] = ['204417', '4821']
const waitMs = 60_000

describeNeeding('pocketsphinx', 'Ada calls by phone', () => {
  let folder: string
  let center: CallCenter
  let voice: CallerVoice

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-phone-'))
    voice = createCallerVoice()
    await Promise.all(['yes', 'I was charged twice', 'yes please'].map((text) => voice.say(text, 8_000)))
    const settings = readSettings(['--no-open', '--port', '0'], { PARLEY_DATA_DIR: join(folder, 'data') })
    const env = { TWILIO_AUTH_TOKEN: 'test-key', PARLEY_PUBLIC_URL: publicUrl }
    center = await createCallCenter({ settings, env, pages: false })
  })
  afterAll(async () => {
    await center?.close()
    await voice?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test(
    'D-4 H-8 at 8 kHz: number and PIN by keypad are nowhere kept, another voice tells the amount',
    { timeout: 240_000 },
    async () => {
      const asked = { CallSid: 'CA1', From: '+15550100' }
      const answer = await fetch(`${center.url}/twilio/voice`, {
        method: 'POST',
        headers: { 'x-twilio-signature': await signTwilioRequest('test-key', `${publicUrl}/twilio/voice`, asked) },
        body: new URLSearchParams(asked),
      })
      expect(await answer.text()).toContain('<Stream url="wss://calls.example.com/v1/twilio/media">')

      const begun = Promise.withResolvers<RoomId>()
      const stop = center.rooms.observe('onCallStarted', ({ roomId }) => begun.resolve(roomId))
      const phone = await createTwilioCallDouble({
        url: `${center.url.replace('http', 'ws')}/v1/twilio/media`,
        signedUrl: 'wss://calls.example.com/v1/twilio/media',
        clock,
        // Both ends share a process that may be busy; how far ahead we send is proved in virtual time.
        playoutBufferMs: 60_000,
      })
      const roomId = await begun.promise
      stop()
      const log = (): Promise<RoomEvent[]> => center.rooms.events(roomId, { limit: 500 })
      const until = async (isDone: (events: RoomEvent[]) => boolean, what: string): Promise<void> => {
        const limitMs = clock.monotonicMs() + waitMs
        while (!isDone(await log())) {
          if (clock.monotonicMs() > limitMs)
            throw new Error(`It did not come: ${what}\n${linesOf(await log()).join('\n')}`)
          await clock.sleep(50)
        }
      }
      // What an agent has said is in the log when it has been heard.
      const hear = (text: RegExp): Promise<void> =>
        until((events) => linesOf(events).some((line) => line.startsWith('agent') && text.test(line)), String(text))
      const say = async (text: string): Promise<void> =>
        phone.say({ samples: await voice.say(text, 8_000), sampleRateHz: 8_000, channels: 1 })
      const askedFor = (count: number): Promise<void> =>
        until((events) => events.filter(({ type }) => type === 'requestOpened').length === count, `question ${count}`)
      /** A key is told, and its tone is in the line as well. */
      const press = async (digits: string): Promise<void> => {
        for (const digit of digits) {
          phone.dtmf(digit)
          await phone.say(dtmfTone(digit, { sampleRateHz: 8_000 }))
          await clock.sleep(100)
        }
      }

      await hear(/What can I do for you/)
      await say('yes')
      await until((events) => events.some(({ type }) => type === 'recordingStarted'), 'the recording')
      await say('I was charged twice')
      await askedFor(1)
      await clock.sleep(1_000)
      await press(account)
      await hear(/Thanks, Ada/)
      await askedFor(2)
      await clock.sleep(1_000)
      await press(pin)
      await hear(/two payments of \$79\.00.*Shall I credit one of them/)
      await say('yes please')
      await hear(/decided by a colleague/)
      expect((await center.rooms.state(roomId)).activeAgentId).toBe('billing')
      phone.hangup()
      await until((events) => events.some(({ type }) => type === 'recordingStopped'), 'the end of the recording')
      await phone.close()

      const events = await log()
      expect(phone.violations).toEqual([])
      expect(JSON.stringify(events)).not.toMatch(/(?<![\w.])(?:204417|4821)(?!\w)|two zero four/)
      // Nobody is there to say so by a page: hanging up ends the conversation.
      await vi.waitFor(async () => expect((await center.rooms.state(roomId)).phase).toBe('wrapup'))
      const stopped = events.find(({ type }) => type === 'recordingStopped')?.content
      const { where } = (stopped?.type === 'system' ? stopped.data : {}) as { where: string }
      const { samples, format } = parseWav(await readFile(join(folder, 'data', 'recordings', where)))
      const side = (channel: 0 | 1): Int16Array => samples.filter((_sample, at) => at % 2 === channel)
      const digits: string[] = []
      const detector = createDtmfDetector({ sampleRateHz: format.sampleRateHz, onDigit: (digit) => digits.push(digit) })
      detector.push({ samples: side(0) })
      expect(digits).toEqual([])
      const agent = side(1)
      expect(pitchOf(agent.subarray(0, format.sampleRateHz * 8), format.sampleRateHz)).toBeGreaterThan(140)
      expect(pitchOf(agent.subarray(-format.sampleRateHz * 8), format.sampleRateHz)).toBeLessThan(130)
    },
  )
})

function linesOf(events: readonly RoomEvent[]): string[] {
  return events.flatMap(({ source, content }) =>
    content.type === 'text' ? [`${source.kind} ${source.channelId}: ${content.text}`] : [],
  )
}
