import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { fakeMicrophone, losses, openPage, type WatchedPage } from './browser.ts'
import type { CallCenterProcess } from './call-center-process.ts'
import { callerPage, type CallerPage } from './caller-page.ts'
import { useCallCenter } from './use-call-center.ts'

const pin = '4821'
const wide = { viewport: { width: 1280, height: 800 }, permissions: ['microphone'] }

// Speech takes the time it takes, and on a busy machine more.
vi.setConfig({ testTimeout: 180_000 })

describeNeeding('chromium', 'A call on the caller page', (executablePath) => {
  let server: CallCenterProcess
  let browser: Browser

  // A microphone that hears nothing: what is said here is typed or pressed.
  useCallCenter(executablePath, (used) => ({ server, browser } = used), fakeMicrophone())

  /** A caller page whose microphone is open and silent, so that only the test speaks. */
  async function open(options: Parameters<typeof openPage>[2] = {}): Promise<WatchedPage & { caller: CallerPage }> {
    const opened = await openPage(browser, `${server.url}/`, { ...wide, ...options })
    opened.page.setDefaultTimeout(60_000)
    await opened.page.evaluate(quietMicrophone)
    return { ...opened, caller: callerPage(opened.page) }
  }

  test('nothing is asked before the click; the greeting is heard word by word; hanging up ends it', async () => {
    const { page, caller, expectNoFault } = await open()
    await page.getByRole('button', { name: 'Call Harbor Internet' }).waitFor()
    expect(await page.evaluate(() => Reflect.get(globalThis, 'asked'))).toBe(0)
    const roomId = await caller.call('ada')
    expect(await page.evaluate(() => Reflect.get(globalThis, 'asked'))).toBe(1)
    await page.locator('[data-heard=playing]').first().waitFor()
    expect(await page.locator('[data-captions] [data-heard=queued]').count()).toBeGreaterThan(0)
    await page.locator('[data-agent-state=speaking]').waitFor()
    await heardWhole(page)
    await page.locator('[data-agent-state=listening]').waitFor()
    await expect
      .poll(async () => (await agentWords(server, roomId)).join(' '), { timeout: 20_000 })
      .toBe('Harbor Internet, this is Riley. What can I do for you?')
    // One row for what both the log and the captions tell.
    expect(await page.locator('[data-messages] [data-speaker=agent]').count()).toBe(1)
    // The reader's voice would be heard in the call: agents' words are not read out.
    expect(await page.locator('[role=log]').innerText()).not.toContain('Riley')

    await page.keyboard.press('Shift+H')
    await page.locator('[data-call=ended]').waitFor()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('The call has ended')
    const files: string[] = []
    for (const ending of ['.txt', '.vtt', '.json']) {
      const saved = page.waitForEvent('download')
      await page.getByRole('button', { name: `Download transcript as ${ending}` }).click()
      files.push(await readFile(await (await saved).path(), 'utf8'))
    }
    expect(files[0]).toContain('Riley: Harbor Internet, this is Riley.')
    expect(files[1]).toMatch(/^WEBVTT\n\n\d\d:\d\d:\d\d\.\d{3} --> [\d:.]+\n<v Riley>Harbor/)
    expect(JSON.parse(files[2] ?? '')).toMatchObject([{ speaker: 'Riley', role: 'agent' }])
    await page.getByRole('button', { name: 'Not yet' }).click()
    await page.getByText('that is noted').waitFor()
    expect((await server.client.rooms.get(roomId)).metadata).toMatchObject({ solved: false })

    await page.getByRole('button', { name: 'Call again' }).click()
    await page.locator(`[data-call=live]:not([data-room="${roomId}"])`).waitFor()
    const next = (await page.locator('[data-room]').getAttribute('data-room')) ?? ''
    expect((await server.client.rooms.get(next)).metadata).toMatchObject({ after: roomId })
    await page.getByRole('button', { name: 'Hang up' }).click()
    expectNoFault()
  })

  test('typed words cut the speech, a secret is pressed in dots, and the caller is handed over', async () => {
    const { page, caller, expectNoFault } = await open()
    const roomId = await caller.call('ada')
    await page.locator('[data-captions] [data-heard=heard]').nth(2).waitFor()
    await caller.say('I was charged twice')
    await page.locator('[data-messages] [data-heard=cut]').first().waitFor()
    await page.locator('[data-messages]').getByText('not heard').first().waitFor()
    const [greeting] = await agentWords(server, roomId)
    expect('Harbor Internet, this is Riley. What can I do for you?'.startsWith(greeting ?? '-')).toBe(true)
    await caller.hear('account number')
    // What nobody heard was not asked.
    await heardWhole(page)
    await caller.say('204417')

    const keypad = page.getByRole('region', { name: 'Keypad' })
    await page.locator('[data-secret=true]').waitFor()
    expect(await page.locator('[data-sensitive=true]').count()).toBe(0)
    await keypad.getByRole('button', { name: '4 GHI' }).click()
    await page.keyboard.press('8')
    expect(await keypad.locator('[data-pressed]').innerText()).toBe('••◦◦')
    await page.keyboard.press('2')
    await page.keyboard.press('1')
    await page.locator('[data-row=handoff]').filter({ hasText: 'handed from Riley to Morgan' }).waitFor()
    await page.locator('[data-agent=billing]').waitFor()
    await caller.hear('two payments of $79.00')
    await takeScreenshot(page)
    expect(JSON.stringify(await server.log(roomId))).not.toContain(pin)
    for (const said of ['[data-messages]', '[role=log]', '[data-captions]'])
      expect(await page.locator(said).innerText()).not.toContain(pin)
    expect((await server.client.rooms.state(roomId)).activeAgentId).toBe('billing')
    await caller.hangUp()
    expectNoFault()
  })

  test('keys and buttons mute, hide captions and open layers, outside of text fields', async () => {
    const { page, caller, expectNoFault } = await open()
    await caller.call('ben')
    await page.keyboard.press('m')
    const mute = page.getByRole('button', { name: 'Muted' })
    await mute.waitFor()
    expect(await mute.getAttribute('aria-pressed')).toBe('true')
    await page.getByRole('status').filter({ hasText: 'Muted.' }).waitFor({ state: 'attached' })
    await page.keyboard.press('c')
    expect(await page.locator('[data-captions]').count()).toBe(0)
    await page.keyboard.press('c')
    await page.locator('[data-captions]').waitFor()
    await page.keyboard.press('k')
    await page.getByRole('region', { name: 'Keypad' }).waitFor()
    await page.keyboard.press('Escape')
    expect(await page.getByRole('region', { name: 'Keypad' }).count()).toBe(0)
    await page.keyboard.press('t')
    await page.keyboard.type('mkc')
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('mkc')
    expect(await mute.count()).toBe(1)
    await page.getByRole('textbox', { name: 'Message' }).fill('')
    await page.getByRole('button', { name: 'Device' }).click()
    await page.getByRole('checkbox', { name: /Push to talk/ }).check()
    await page.getByText('Hold Space to talk.').waitFor()
    await page.getByRole('heading', { level: 1 }).focus()
    await page.keyboard.down(' ')
    await page.getByRole('button', { name: 'Mute', exact: true }).waitFor()
    await page.keyboard.up(' ')
    await mute.waitFor()
    await caller.hangUp()
    expectNoFault()
  })

  test('a recorded call says so, and its sound can be kept: caller left, agent right', async () => {
    const { page, caller, expectNoFault } = await open({ acceptDownloads: true })
    await page.getByRole('switch', { name: /Record the call/ }).check()
    const roomId = await caller.call('dev')
    await page.locator('[data-recording=on]').waitFor()
    await heardWhole(page)
    await expect
      .poll(async () => (await agentWords(server, roomId)).join(' '), { timeout: 20_000 })
      .toBe('Harbor Internet, this is Riley. This call is recorded. What can I do for you?')
    await caller.hangUp()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download recording' }).click()
    const wav = await readFile(await (await saved).path())
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF')
    expect(wav.readUInt16LE(22)).toBe(2)
    const loudest = [0, 1].map((side) => {
      let peak = 0
      for (let at = 44 + 2 * side; at + 1 < wav.length; at += 4) peak = Math.max(peak, Math.abs(wav.readInt16LE(at)))
      return peak
    })
    expect(loudest[1]).toBeGreaterThan(3_000)
    expect(loudest[0]).toBeLessThan(500)
    // The folder's file is for those who were in the call.
    const answer = await fetch(`${server.url}/demo/rooms/${roomId}/recording`)
    expect(answer.status).toBe(401)
    expectNoFault()
  })

  test('a blocked microphone leaves three ways on; who listens and types hears the agent', async () => {
    const { page, caller, expectNoFault } = await open()
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
    })
    await page.getByRole('button', { name: 'Call Harbor Internet' }).click()
    await page.locator('[data-problem=blocked]').getByText('Your browser blocked the microphone.').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('[data-problem=blocked]').waitFor()
    await page.getByRole('button', { name: 'Type only' }).waitFor()
    await page.getByRole('button', { name: 'Listen and type' }).click()
    await page.locator('[data-call=live][data-mode=voice]').waitFor()
    await heardWhole(page)
    expect(await page.getByRole('button', { name: 'Mute' }).count()).toBe(0)
    await caller.say('How long does a refund take?')
    await caller.hear('Refund times')
    await page
      .locator('[data-messages] [data-heard=heard]')
      .filter({ hasText: /refund/i })
      .first()
      .waitFor()
    await caller.hangUp()
    expectNoFault()
  })

  test('no microphone, a busy one and none in time are named', async () => {
    const { page, expectNoFault } = await open()
    const call = page.getByRole('button', { name: 'Call Harbor Internet' })
    for (const [name, kind] of [
      ['NotFoundError', 'missing'],
      ['NotReadableError', 'busy'],
    ] as const) {
      await page.evaluate((fault) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', fault))
      }, name)
      await call.click()
      await page.locator(`[data-problem=${kind}]`).waitFor()
    }
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => new Promise(() => {})
    })
    await call.click()
    await page.locator('[data-call=asking-mic]').waitFor()
    await page.locator('[data-prompt]').waitFor()
    expectNoFault()
  })

  test('a lost connection is named with its seconds, and the same call goes on', async () => {
    let cut = async (): Promise<void> => {}
    const { page, caller } = await open({ allows: losses })
    await page.routeWebSocket(/\/v1\/calls\/.*\/media/, (socket) => {
      const far = socket.connectToServer()
      cut = async () => {
        await far.close({ code: 4414 })
        await socket.close({ code: 4414 })
      }
    })
    const roomId = await caller.call('carla')
    await heardWhole(page)
    await cut()
    await page
      .locator('[data-banner=call-reconnecting]')
      .filter({ hasText: /Reconnecting your call, \d+ s/ })
      .waitFor()
    await page.locator('[data-call=live]').waitFor()
    expect(await page.locator('[data-banner=call-reconnecting]').count()).toBe(0)
    await caller.say('I want to cancel')
    await caller.hear('account number')
    const log = await server.log(roomId)
    expect(log.map(({ index }) => index)).toEqual(log.map((_event, at) => at))
    expect(log.filter(({ type }) => type === 'callStarted')).toHaveLength(1)
    await caller.hangUp()
  })

  test('a second tab reads along, and takes the call when it is asked to', async () => {
    const { page, caller } = await open()
    const roomId = await caller.call('ada')
    await heardWhole(page)
    const kept = await page.evaluate(() => Object.fromEntries(Object.entries(sessionStorage)))
    const second = await page.context().newPage()
    await second.addInitScript((items) => {
      for (const [key, value] of Object.entries(items)) sessionStorage.setItem(key, String(value))
    }, kept)
    await second.goto(`${server.url}/`)
    await second.locator(`[data-room="${roomId}"][data-mode=text]`).waitFor()
    await second.getByText('What can I do for you?').first().waitFor()
    await second.getByRole('button', { name: 'Move the call here' }).click()
    await second.locator('[data-call=live][data-mode=voice]').waitFor()
    await page.locator('[data-banner=elsewhere]').waitFor()
    await callerPage(second).say('I was charged twice')
    await callerPage(second).hear('account number')
    await second.getByRole('button', { name: 'Hang up' }).click()
    await second.locator('[data-call=ended]').waitFor()
  })

  test('at 320 pixels nothing goes sideways, and what is touched is 48 pixels high', async () => {
    const { page, caller, expectNoFault } = await open({ viewport: { width: 320, height: 640 } })
    await caller.call('ada')
    for (const name of ['Mute', 'Keypad', 'Text', 'Device', 'Hang up']) {
      const box = await page.getByRole('button', { name, exact: false }).first().boundingBox()
      expect(box?.height, name).toBeGreaterThanOrEqual(48)
      expect((box?.y ?? 999) + (box?.height ?? 0), name).toBeLessThanOrEqual(640)
    }
    await page.getByRole('button', { name: 'Keypad' }).click()
    const key = await page.getByRole('region', { name: 'Keypad' }).getByRole('button', { name: '5 JKL' }).boundingBox()
    expect(Math.min(key?.height ?? 0, key?.width ?? 0)).toBeGreaterThanOrEqual(48)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Text' }).click()
    await page.getByRole('textbox', { name: 'Message' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
    await caller.hangUp()
    expectNoFault()
  })
})

/** Every word of the last line has come to the ear, by the device's own word. */
async function heardWhole(page: Page): Promise<void> {
  await page.locator('[data-captions] [data-heard=heard][data-confirmed=true]').first().waitFor()
  await expect
    .poll(
      () =>
        page
          .locator('[data-captions] [data-heard]')
          .evaluateAll(
            (words) => words.length > 0 && words.every((word) => word.getAttribute('data-heard') === 'heard'),
          ),
      { timeout: 60_000 },
    )
    .toBe(true)
}

/** What agents said, as the log has it. */
async function agentWords(server: CallCenterProcess, roomId: string): Promise<string[]> {
  const log = await server.log(roomId)
  return log.flatMap(({ type, source, content }) =>
    type === 'message' && source.kind === 'agent' && content.type === 'text' ? [content.text] : [],
  )
}

/** In the page: counts questions for a microphone, and gives one in which nobody speaks. */
function quietMicrophone(): void {
  Object.assign(globalThis, { asked: 0 })
  navigator.mediaDevices.getUserMedia = async () => {
    Object.assign(globalThis, { asked: Number(Reflect.get(globalThis, 'asked')) + 1 })
    const context = new AudioContext()
    const noise = new ConstantSourceNode(context, { offset: 0.001 })
    const far = context.createMediaStreamDestination()
    noise.connect(far)
    noise.start()
    return far.stream
  }
}

async function takeScreenshot(page: Page): Promise<void> {
  if (process.env['PARLEY_SCREENSHOTS'] !== '1') return
  await page.screenshot({ path: 'docs/images/caller.png' })
}
