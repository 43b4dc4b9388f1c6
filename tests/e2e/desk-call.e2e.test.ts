import { parseCallFrame } from '@parley/spec'
import type { Browser, Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { fakeMicrophone, openPage, refusals } from './browser.ts'
import type { CallCenterProcess } from './call-center-process.ts'
import { callerPage } from './caller-page.ts'
import { openRoom, signIn } from './desk-page.ts'
import { useCallCenter } from './use-call-center.ts'

const allowed = { permissions: ['microphone'] }

// Speech takes the time it takes, and on a busy machine more.
vi.setConfig({ testTimeout: 180_000 })

describeNeeding('chromium', 'The desk on a live call', (executablePath) => {
  let server: CallCenterProcess
  let browser: Browser

  useCallCenter(executablePath, (used) => ({ server, browser } = used), fakeMicrophone())

  test('a colleague listens in unheard, speaks by typing, takes the call over and gives it back', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`, allowed)
    await useMicrophone(page, 0)
    const toCaller = loudness(page)
    const caller = callerPage(page)
    const roomId = await caller.call('ada')

    const atDesk = await openPage(browser, `${server.url}/desk`, { ...allowed, allows: refusals })
    const desk = atDesk.page
    await useMicrophone(desk, 0.4)
    const toDesk = loudness(desk)
    await signIn(desk, 'Dana')
    await openRoom(desk, 'live', roomId)
    await desk.locator('[data-desk-call=off]').waitFor()

    await desk.getByRole('group', { name: 'Hear' }).getByRole('button', { name: 'Monitor' }).click()
    await desk.locator('[data-desk-call=monitor]').waitFor()
    expect(await desk.evaluate(() => Reflect.get(globalThis, 'asked'))).toBe(0)
    await caller.say('How long does a refund take?')
    await expect.poll(toDesk.peak, { timeout: 60_000 }).toBeGreaterThan(2_000)
    const strips = desk.getByRole('group', { name: 'Sound of the call' })
    await strips.locator('[data-strip=agent][data-sounding=yes]').filter({ hasText: 'speaking' }).waitFor()
    await strips.locator('[data-strip=caller][data-sounding=no]').filter({ hasText: 'quiet' }).waitFor()
    expect(await page.locator('[data-banner=joined]').count()).toBe(0)
    await page.locator('[data-agent-state=listening]').waitFor()

    await desk.getByRole('button', { name: 'Take over by voice' }).click()
    await desk.locator('[data-desk-call=takeover]').waitFor()
    await desk.locator(`[data-desk-room="${roomId}"][data-holder=me]`).waitFor()
    await page.locator('[data-agent=human]').filter({ hasText: 'Dana is now helping you' }).waitFor()
    toCaller.forget()
    await expect.poll(toCaller.peak, { timeout: 30_000 }).toBeGreaterThan(2_000)
    await desk.getByRole('button', { name: 'Mute', exact: true }).click()
    await desk.getByRole('button', { name: 'Muted' }).waitFor()

    await desk.getByRole('textbox', { name: 'Reply' }).fill('Your credit is on its way.')
    await desk.getByRole('button', { name: 'Say it' }).click()
    await page.locator('[data-captions] [data-heard=heard]').filter({ hasText: 'credit' }).waitFor()

    await desk.getByRole('button', { name: 'Hand back' }).click()
    const form = desk.getByRole('form', { name: 'Hand back' })
    await form.getByLabel('Hand back to').selectOption('triage')
    await form.getByRole('button', { name: 'Hand back' }).click()
    await page.locator('[data-agent=triage]').waitFor()
    await desk.locator('[data-desk-call=off]').waitFor()
    await caller.hangUp()
    await expect.poll(() => desk.locator('[data-desk-call]').count(), { timeout: 10_000 }).toBe(0)
    expectNoFault()
    atDesk.expectNoFault()
  })

  test('a supervisor whispers to the colleague who has the call, the caller hears none of it, and the strips say who speaks', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`, allowed)
    await useMicrophone(page, 0)
    const toCaller = loudness(page)
    const caller = callerPage(page)
    const roomId = await caller.call('dev')
    const danas = await openPage(browser, `${server.url}/desk`, allowed)
    const kims = await openPage(browser, `${server.url}/desk`, { ...allowed, reducedMotion: 'reduce' })
    const [dana, kim] = [danas.page, kims.page]
    await useMicrophone(dana, 0)
    await useMicrophone(kim, 0.4)
    const toDana = loudness(dana)
    for (const [desk, name] of [
      [dana, 'Dana'],
      [kim, 'Kim'],
    ] as const) {
      await signIn(desk, name)
      await openRoom(desk, 'live', roomId)
      await desk.locator('[data-desk-call=off]').waitFor()
    }
    const talkTo = kim.getByRole('group', { name: 'Talk to' })
    expect(await talkTo.getByRole('button', { name: /nobody of the desk/ }).isDisabled()).toBe(true)
    await dana.getByRole('button', { name: 'Take over by voice' }).click()
    await dana.locator('[data-desk-call=takeover]').waitFor()
    await talkTo.getByRole('button', { name: 'Dana' }).click()
    await kim.locator('[data-desk-call=whisperHuman]').waitFor()
    await kim.getByText('Only your colleague hears you.').waitFor()
    toDana.forget()
    toCaller.forget()
    await expect.poll(toDana.peak, { timeout: 30_000 }).toBeGreaterThan(2_000)
    expect(toCaller.peak()).toBeLessThan(2_000)
    // What only a colleague hears is no side of the call; without motion there are the words alone.
    const strips = kim.getByRole('group', { name: 'Sound of the call' })
    await strips.locator('[data-strip=desk][data-sounding=no]').filter({ hasText: 'Dana' }).waitFor()
    expect(await strips.locator('svg').first().isVisible()).toBe(false)
    await caller.hangUp()
    expectNoFault()
    danas.expectNoFault()
    kims.expectNoFault()
  })

  test('who speaks to all is announced to the caller; keys ask before everybody hears it', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`, allowed)
    await useMicrophone(page, 0)
    const caller = callerPage(page)
    const roomId = await caller.call('ben')
    const { page: desk } = await openPage(browser, `${server.url}/desk`, allowed)
    await useMicrophone(desk, 0.4)
    await signIn(desk, 'Kim')
    await openRoom(desk, 'live', roomId)
    await desk.locator('[data-desk-call=off]').waitFor()
    await desk.getByRole('heading', { level: 2 }).first().click()
    await desk.keyboard.press('b')
    await desk.getByText('Speak so that everybody hears you?').waitFor()
    await desk.getByRole('button', { name: 'Yes, speak' }).click()
    await desk.locator('[data-desk-call=barge]').waitFor()
    await page.locator('[data-banner=joined]').filter({ hasText: 'Kim joined the call.' }).waitFor()
    await desk.getByRole('group', { name: 'Hear' }).getByRole('button', { name: 'Off' }).click()
    await desk.locator('[data-desk-call=off]').waitFor()
    await expect.poll(() => page.locator('[data-banner=joined]').count(), { timeout: 10_000 }).toBe(0)
    await caller.hangUp()
    await desk.locator(`[data-item=ended][data-room="${roomId}"]`).filter({ hasText: 'call ended' }).waitFor()
    await desk.locator('[data-holder-name]').filter({ hasText: 'ended' }).waitFor()
    expectNoFault()
  })

  test('a caller whose tab was closed is said to be lost until the call ends, and then why it did', async () => {
    const { page } = await openPage(browser, `${server.url}/`, allowed)
    await useMicrophone(page, 0)
    const roomId = await callerPage(page).call('carla')
    const { page: desk } = await openPage(browser, `${server.url}/desk`, allowed)
    await signIn(desk, 'Kim')
    await openRoom(desk, 'live', roomId)
    await page.close()
    const note = desk.locator('[data-call-note]').filter({ hasText: /connection lost, call ends in \d+ s/ })
    await note.nth(1).waitFor()
    expect(await note.count()).toBe(2) // in the list and over the open room
    await desk
      .locator(`[data-item=ended][data-room="${roomId}"]`)
      .filter({ hasText: "call ended: caller's connection lost" })
      .waitFor({ timeout: 60_000 })
  })
})

/** In the page: a microphone with a tone of a loudness, or silence; counts how often it was asked for. */
async function useMicrophone(page: Page, gain: number): Promise<void> {
  await page.evaluate((loud) => {
    Object.assign(globalThis, { asked: 0 })
    navigator.mediaDevices.getUserMedia = async () => {
      Object.assign(globalThis, { asked: Number(Reflect.get(globalThis, 'asked')) + 1 })
      const context = new AudioContext()
      const tone = new OscillatorNode(context, { frequency: 300 })
      const far = context.createMediaStreamDestination()
      tone.connect(new GainNode(context, { gain: Math.max(loud, 0.0005) })).connect(far)
      tone.start()
      return far.stream
    }
  }, gain)
}

/** The loudest sample that a page's call was sent. */
function loudness(page: Page): { peak(): number; forget(): void } {
  let peak = 0
  page.on('websocket', (socket) => {
    if (!/\/calls\/.*\/media/.test(socket.url())) return
    socket.on('framereceived', ({ payload }) => {
      const frame = typeof payload === 'string' ? undefined : parseCallFrame(payload)
      if (frame === undefined) return
      const view = new DataView(frame.payload.buffer, frame.payload.byteOffset, frame.payload.byteLength)
      for (let at = 0; at + 1 < view.byteLength; at += 2) peak = Math.max(peak, Math.abs(view.getInt16(at, true)))
    })
  })
  return {
    peak: () => peak,
    forget() {
      peak = 0
    },
  }
}
