import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseWav } from '@parley/audio'
import { createPocketSphinxStt } from '@parley/local'
import { createSystemClock, type RoomEvent, type RoomId } from '@parley/spec'
import { createTestSpeechContext, listen } from '@parley/testing'
import { createCallCenter, type CallCenter } from '../../apps/call-center/src/app.ts'
import { readSettings } from '../../apps/call-center/src/start/settings.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { pitchOf } from './pitch.ts'
import { callAs } from './speaking-caller.ts'
import { createCallerVoice, type CallerVoice } from './spoken-words.ts'

const clock = createSystemClock()
const lines = [
  'I was charged twice',
  'two zero four four one seven',
  'four eight two one',
  'wait, wait a moment please',
  'yes please',
]

describeNeeding('pocketsphinx', 'Ada calls because she was charged twice', () => {
  let folder: string
  let center: CallCenter
  let voice: CallerVoice

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-call-'))
    voice = createCallerVoice()
    await Promise.all(lines.map((text) => voice.say(text, 16_000)))
    // No key of this machine may reach the agents: they are to answer by their rules.
    const settings = readSettings(['--no-open', '--port', '0'], { PARLEY_DATA_DIR: join(folder, 'data') })
    center = await createCallCenter({ settings, pages: false })
  })
  afterAll(async () => {
    await center?.close()
    await voice?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const logOf = (roomId: RoomId): Promise<RoomEvent[]> => center.rooms.events(roomId, { limit: 500 })

  test(
    'E-9 by sound alone: recognized, verified, handed to another voice, cut in on, approved, recorded',
    { timeout: 240_000 },
    async () => {
      const answers: number[] = []
      const caller = await callAs('ada', { url: center.url, voice, recording: true })
      const { call, roomId } = caller
      const say = async (text: string): Promise<void> => {
        await caller.say(text)
        answers.push(await caller.answer())
      }
      await caller.hear(/This call is recorded\.\s+What can I do for you\?/)
      const [charged = '', number = '', pin = '', wait = '', yes = ''] = lines
      await say(charged)
      await caller.hear(/account number/)
      await say(number)
      await caller.hear(/four-digit PIN/)
      await say(pin)
      await caller.hearWords(/two payments of/)
      await caller.say(wait)
      await caller.hear(/I am here/)
      await say(yes)
      await caller.hear(/Shall I credit one payment/)
      await say(yes)
      await caller.hear(/decided by a colleague/)
      call.hangup()
      await call.ended

      const voices = caller.updates.flatMap((update) =>
        update.type === 'agent' ? [`${update.name}: ${update.voice}`] : [],
      )
      expect([...new Set(voices)]).toEqual(['Riley: slt', 'Morgan: rms'])
      expect(caller.updates.find(({ type }) => type === 'handoff')).toMatchObject({ from: 'triage', to: 'billing' })
      const said = call.captions.filter(({ role }) => role === 'user').map(({ text }) => text)
      expect(said).toEqual(
        expect.arrayContaining(['i was charged twice', 'two zero four four one seven', '[REDACTED]', 'yes please']),
      )

      await expect.poll(async () => (await logOf(roomId)).map(({ type }) => type)).toContain('recordingStopped')
      const log = await logOf(roomId)
      const written = JSON.stringify(log)
      expect(written).not.toMatch(/(?<![\w.])4821(?!\w)|four eight two one/)
      const cut = log.find(({ content }) => content.type === 'text' && content.interrupted === true)
      const heard = cut?.content.type === 'text' ? cut.content.text : ''
      expect(cut?.source.channelId).toBe('billing')
      expect(heard).toMatch(/^Hi Ada, Morgan from billing\..*two payments of/)
      expect(heard).not.toMatch(/Shall I credit/)
      expect(written).toContain('issue_credit')

      const stopped = log.find(({ type }) => type === 'recordingStopped')
      const { where } = (stopped?.content.type === 'system' ? stopped.content.data : {}) as { where: string }
      const wav = parseWav(await readFile(join(folder, 'data', 'recordings', where)))
      expect(wav.format).toMatchObject({ sampleRateHz: 16_000, channels: 2 })
      const agent = wav.samples.filter((_sample, at) => at % 2 === 1)
      const startedAt = Date.parse(log.find(({ type }) => type === 'callStarted')?.createdAt ?? '')
      const changedAt = Date.parse(log.find(({ type }) => type === 'handoff')?.createdAt ?? '')
      // Riley finishes her sentence after the decision, Morgan speaks for ten seconds and more.
      const at = (ms: number): number => Math.round((ms / 1_000) * 16_000)
      const riley = pitchOf(agent.subarray(0, at(changedAt - startedAt)), 16_000)
      const morgan = pitchOf(agent.subarray(at(changedAt - startedAt + 6_000)), 16_000)
      expect(riley).toBeGreaterThan(140)
      expect(morgan).toBeLessThan(130)

      const speechToText = await createPocketSphinxStt({ clock })
      const recognized = await listen(
        { samples: agent.subarray(at(changedAt - startedAt + 6_000)), sampleRateHz: 16_000, channels: 1 },
        { speechToText, context: createTestSpeechContext({ clock }) },
      )
      const again = recognized.map(({ text }) => text).join(' ')
      console.log(`first sound after the caller's last word: ${answers.join(', ')} ms`)
      expect(again).toMatch(/seventy nine dollars/)
      expect(answers.toSorted((one, other) => one - other)[Math.floor(answers.length / 2)]).toBeLessThanOrEqual(2_000)
    },
  )
})
