import type { Browser } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { openPage, refusals } from './browser.ts'
import type { CallCenterProcess } from './call-center-process.ts'
import { callerPage } from './caller-page.ts'
import { useCallCenter } from './use-call-center.ts'

const tooLong = 'long '.repeat(14_000).trim()

describeNeeding('chromium', 'What a caller may get wrong', (executablePath) => {
  let server: CallCenterProcess
  let browser: Browser

  useCallCenter(executablePath, (used) => ({ server, browser } = used))

  test('a message the server refuses stays, is named, and can be sent shorter', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`)
    const caller = callerPage(page)
    const roomId = await caller.begin('ada')
    await caller.hear('What can I do for you?')
    await caller.say(tooLong)
    const failed = page.locator('[data-row=message][data-status=failed]')
    await failed.filter({ hasText: /Not sent\..*larger than \d+ bytes/ }).waitFor()
    await failed.getByRole('button', { name: 'Retry' }).click()
    await failed.filter({ hasText: 'Not sent.' }).waitFor()
    expect(await failed.count()).toBe(1)
    await failed.getByRole('button', { name: 'Edit' }).click()
    const field = page.getByRole('textbox', { name: 'Message' })
    expect(await field.inputValue()).toBe(tooLong)
    expect(await failed.count()).toBe(0)
    await caller.say('I was charged twice')
    await caller.hear('account number')
    expect(JSON.stringify(await server.log(roomId))).not.toContain('long long')
    expect(await caller.state()).toBe('live')
    expectNoFault()
  })

  test('a message that cannot travel at all is named before it is sent', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`)
    const caller = callerPage(page)
    await caller.begin('ada')
    await page.getByRole('textbox', { name: 'Message' }).fill('x'.repeat(200_001))
    await page.getByText('too long to be sent').waitFor()
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
    expectNoFault()
  })

  test('a wrong PIN is asked for again, markup and secrets are shown as text or not at all', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`, { allows: refusals })
    const caller = callerPage(page)
    const roomId = await caller.begin('ada')
    await caller.hear('What can I do for you?')
    await caller.say('<img src=x onerror="document.title=1"> I was charged twice')
    await caller.hear('account number')
    expect(await page.locator('[data-messages] img').count()).toBe(0)
    await caller.say('204417')
    await caller.pin('0000')
    await page.locator('[data-sensitive=true]').filter({ hasText: 'That PIN was not right' }).waitFor()
    expect(await page.locator('[data-sensitive=true] input').inputValue()).toBe('')
    await caller.pin('4821')
    await caller.hear('two payments of $79.00')
    const written = JSON.stringify(await server.log(roomId))
    // Alone: times and ids hold the same digits now and then.
    expect(written).not.toMatch(/(?<![\w.])(?:0000|4821)(?!\w)/)
    expectNoFault()
  })

  test('a whole story by keyboard alone, at 320 pixels, without motion', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`, {
      viewport: { width: 320, height: 640 },
      reducedMotion: 'reduce',
    })
    const caller = callerPage(page)
    await page.getByRole('radio').first().waitFor()
    await page.getByRole('radio').first().focus()
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowDown')
    for (const way of ['Call Harbor Internet', 'Type instead']) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(way)
    }
    await page.keyboard.press('Enter')
    await caller.hear('What can I do for you?')
    const type = async (text: string): Promise<void> => {
      await page.keyboard.press('t')
      await page.keyboard.type(text)
      await page.keyboard.press('Enter')
      await page.evaluate(() =>
        document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined,
      )
    }
    await type('My internet is down since this morning')
    await caller.hear('account number')
    await type('640138')
    await page.locator('[data-sensitive=true] input:focus').waitFor()
    await page.keyboard.type('3055')
    await page.keyboard.press('Enter')
    await caller.hear('There is a known outage')
    await type('yes')
    await caller.hear('Your ticket is')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
    const log = await page.getByRole('log').locator('p').allTextContents()
    expect(new Set(log).size).toBe(log.length)
    await page.keyboard.press('?')
    await page.getByRole('region', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    expect(await page.getByRole('region', { name: 'Keyboard shortcuts' }).count()).toBe(0)
    expectNoFault()
  })
})
