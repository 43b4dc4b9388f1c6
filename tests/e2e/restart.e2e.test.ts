import type { Browser } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { fakeMicrophone, losses, openPage } from './browser.ts'
import type { CallCenterProcess } from './call-center-process.ts'
import { callerPage, tellOfDoubleCharge } from './caller-page.ts'
import { openRoom, signIn } from './desk-page.ts'
import { useCallCenter } from './use-call-center.ts'

describeNeeding('chromium', 'The server is killed in the middle of a conversation', (executablePath) => {
  let server: CallCenterProcess
  let browser: Browser

  useCallCenter(executablePath, (used) => ({ server, browser } = used), fakeMicrophone())

  test('both pages come back by themselves, nothing is missing or there twice, and the story goes on', async () => {
    const opened = await openPage(browser, `${server.url}/`, { allows: losses })
    const caller = callerPage(opened.page)
    const roomId = await caller.begin('ada')
    await tellOfDoubleCharge(caller)
    const atDesk = await openPage(browser, `${server.url}/desk`, { allows: losses })
    await signIn(atDesk.page, 'Dana')
    await openRoom(atDesk.page, 'live', roomId)
    const before = await caller.messages()

    await server.kill()
    await opened.page.locator('[data-call=reconnecting]').waitFor()
    await opened.page
      .locator('[data-banner=reconnecting]')
      .filter({ hasText: /Reconnecting, \d+ s/ })
      .waitFor()
    await atDesk.page.locator('[data-banner=reconnecting]').waitFor()
    await caller.say('yes please')
    await opened.page.locator('[data-status=pending]').filter({ hasText: 'yes please' }).waitFor()
    expect(await caller.messages()).toHaveLength(before.length + 1)

    await server.start()
    await opened.page.locator('[data-call=live]').waitFor()
    await caller.hear('decided by a colleague')
    expect(await opened.page.locator('[data-agent=billing]').count()).toBe(1)
    await atDesk.page.locator(`[data-desk-room="${roomId}"][data-connection=live]`).waitFor()
    await atDesk.page.locator('[data-messages]').getByText('decided by a colleague').waitFor()

    const log = await server.log(roomId)
    expect(log.map(({ index }) => index)).toEqual(log.map((_event, at) => at))
    const said = log.flatMap(({ type, content }) =>
      type === 'message' && content.type === 'text' ? [content.text] : [],
    )
    expect(said.filter((text) => text === 'yes please')).toHaveLength(1)
    for (const page of [opened.page, atDesk.page]) {
      const texts = await page.locator('[data-messages] [data-row=message] p').allTextContents()
      expect(texts).toEqual(said)
    }
    opened.expectNoFault()
    atDesk.expectNoFault()
  })

  test('a reload finds the conversation where it was, with what was being written', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`)
    const caller = callerPage(page)
    const roomId = await caller.begin('dev')
    await caller.hear('What can I do for you?')
    await page.getByRole('textbox', { name: 'Message' }).fill('My internet is')
    await page.reload()
    await page.locator(`[data-call=live][data-room="${roomId}"]`).waitFor()
    await caller.hear('What can I do for you?')
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('My internet is')
    expectNoFault()
  })

  test('told to stop, it lets the caller hear so and exits with 0; the room has it after the next start', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`, {
      allows: losses,
      permissions: ['microphone'],
    })
    const caller = callerPage(page)
    const roomId = await caller.call('ben')
    await page.locator('[data-agent-state=listening]').waitFor()
    const stopped = server.stop()
    await page.locator('[data-captions] [data-heard=heard]').filter({ hasText: 'closes' }).waitFor()
    expect(await stopped).toBe(0)
    await page.locator('[data-call=reconnecting]').waitFor()
    await server.start()
    const log = await server.log(roomId)
    const last = log.findLast(({ type }) => type === 'message')?.content
    // Heard to its end.
    expect(last).toMatchObject({
      type: 'text',
      text: 'Sorry, this line closes now. Please call again.',
    })
    expect(last).not.toMatchObject({ interrupted: true })
    expect(log.filter(({ type }) => type === 'callEnded')).toHaveLength(1)
    expectNoFault()
  })
})
