import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeWav } from '@parley/audio'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { fakeMicrophone, launchBrowser, openPage } from './browser.ts'
import { startCallCenter, type CallCenterProcess } from './call-center-process.ts'
import { callerPage } from './caller-page.ts'
import { createCallerVoice, join as joinSounds } from './spoken-words.ts'

const rate = 48_000

/** What Ada says, and when: seconds after her microphone was opened, with room for what she is told meanwhile. */
const lines: readonly (readonly [number, string])[] = [
  [11, 'I was charged twice'],
  [20, 'two zero four four one seven'],
  [35, 'four eight two one'],
  [49.5, 'wait, wait a moment please'],
]

describeNeeding('pocketsphinx', 'Ada calls from the page, with a microphone', () => {
  describeNeeding('chromium', 'of the browser', (executablePath) => {
    let server: CallCenterProcess
    let browser: Browser
    let folder: string

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'parley-page-'))
      const file = join(folder, 'ada.wav')
      await writeFile(file, await speakLines())
      ;[server, browser] = await Promise.all([startCallCenter(), launchBrowser(executablePath, fakeMicrophone(file))])
    })
    afterAll(async () => {
      await browser?.close()
      await server?.[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    })

    test('E-3 three turns, a handoff, a cut: heard, shown and spoken', { timeout: 120_000 }, async () => {
      const { page, expectNoFault } = await openPage(browser, `${server.url}/`, { permissions: ['microphone'] })
      await page.evaluate(listenToThePage)
      const caller = callerPage(page)
      const roomId = await caller.call('ada')
      const told = page.locator('[data-messages]')
      const limits = { timeout: 30_000 }
      await told.getByText('i was charged twice').waitFor(limits)
      await caller.hear('account number')
      expect(await page.evaluate(loudness)).toBeGreaterThan(0.05)
      await page.locator('[data-secret=true]').waitFor(limits)
      await page.locator('[data-row=handoff]').filter({ hasText: 'handed from Riley to Morgan' }).waitFor(limits)
      await page.locator('[data-agent=billing]').waitFor()
      await told.locator('[data-heard=cut]').first().waitFor(limits)
      await told.getByText('not heard').first().waitFor()
      await expect.poll(() => told.locator('[data-speaker=person]').count(), limits).toBe(4)
      expect(await told.innerText()).not.toMatch(/(?<![\w.])4821(?!\w)|four eight two one/)
      await caller.hangUp()

      const log = await server.log(roomId)
      expect(JSON.stringify(log)).not.toMatch(/(?<![\w.])4821(?!\w)|four eight two one/)
      const cut = log.find(({ content }) => content.type === 'text' && content.interrupted === true)
      expect(cut?.source).toMatchObject({ kind: 'agent', channelId: 'billing' })
      expect(cut?.content.type === 'text' ? cut.content.text : '').toMatch(/^Hi Ada, Morgan from billing\./)
      const spoken = log.flatMap(({ source, content }) =>
        source.kind === 'person' && content.type === 'text' ? [content.text] : [],
      )
      expect(spoken[0]).toBe('i was charged twice')
      expect(spoken).toHaveLength(4)
      expectNoFault()
    })
  })
})

/** The file of the microphone: the lines at their times. */
async function speakLines(): Promise<Uint8Array> {
  await using voice = createCallerVoice()
  const parts: Int16Array[] = []
  let length = 0
  for (const [seconds, text] of lines) {
    const silence = new Int16Array(Math.max(0, seconds * rate - length))
    const speech = await voice.say(text, rate)
    parts.push(silence, speech)
    length += silence.length + speech.length
  }
  return encodeWav({ encoding: 'pcm16', sampleRateHz: rate, channels: 1 }, [
    joinSounds([...parts, new Int16Array(rate)]),
  ])
}

/** In the page: whatever goes to the loudspeaker is also measured. */
function listenToThePage(): void {
  let loudest = 0
  const connect = AudioNode.prototype.connect
  const patched = function (this: AudioNode, ...args: [AudioNode]): AudioNode {
    const [target] = args
    if (target instanceof AudioDestinationNode) {
      const meter = new AnalyserNode(this.context)
      Reflect.apply(connect, this, [meter])
      const samples = new Float32Array(meter.fftSize)
      setInterval(() => {
        meter.getFloatTimeDomainData(samples)
        loudest = Math.max(loudest, ...samples)
        Object.assign(globalThis, { loudest })
      }, 50)
    }
    return Reflect.apply(connect, this, args)
  }
  Object.assign(AudioNode.prototype, { connect: patched })
}

const loudness = (): number => Number(Reflect.get(globalThis, 'loudest'))
