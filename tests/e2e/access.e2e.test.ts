import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { fakeMicrophone, openPage } from './browser.ts'
import type { CallCenterProcess } from './call-center-process.ts'
import { callerPage } from './caller-page.ts'
import { openRoom, signIn } from './desk-page.ts'
import { useCallCenter } from './use-call-center.ts'

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

describeNeeding('chromium', 'Rules of access', (executablePath) => {
  let server: CallCenterProcess
  let browser: Browser

  useCallCenter(executablePath, (used) => ({ server, browser } = used), fakeMicrophone())

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`both pages keep them in every state, ${colorScheme}`, async () => {
      const context = { colorScheme, reducedMotion: 'reduce' } as const
      const { page } = await openPage(browser, `${server.url}/`, context)
      const caller = callerPage(page)
      await page.getByRole('button', { name: 'Call Harbor Internet' }).waitFor()
      await expectNoViolation(page, 'start')
      await page.getByRole('button', { name: 'Local rules' }).click()
      await expectNoViolation(page, 'what it understands')
      await page.keyboard.press('Escape')
      const roomId = await caller.begin('ada')
      await caller.hear('What can I do for you?')
      await caller.say('I was charged twice')
      await caller.hear('account number')
      await caller.say('204417')
      await page.locator('[data-sensitive=true]').waitFor()
      await expectNoViolation(page, 'PIN')
      await caller.pin('4821')
      await caller.hear('two payments of $79.00')
      await caller.say('yes please')
      await caller.hear('decided by a colleague')
      await page.keyboard.press('Escape')
      await expectNoViolation(page, 'conversation')

      const { page: desk } = await openPage(browser, `${server.url}/desk`, context)
      await desk.getByLabel('Your name').waitFor()
      await expectNoViolation(desk, 'sign-in')
      await signIn(desk, 'Dana')
      await expectNoViolation(desk, 'lists')
      await openRoom(desk, 'approval', roomId)
      await desk.getByRole('button', { name: 'Approve less' }).click()
      await desk.locator('[data-customer]').waitFor()
      await expectNoViolation(desk, 'approval')
      await desk.getByRole('button', { name: 'Take over', exact: true }).click()
      await desk.locator('[data-holder=me]').waitFor()
      await desk.getByRole('button', { name: '/ canned' }).click()
      await expectNoViolation(desk, 'canned replies')
      await expectNoViolation(page, 'with a colleague')
      await desk.getByRole('button', { name: 'Hand back' }).click()
      await expectNoViolation(desk, 'hand back')
      await desk.getByRole('button', { name: 'Cancel' }).click()
      await desk.getByRole('button', { name: 'End', exact: true }).click()
      await desk.getByRole('button', { name: 'End it' }).click()
      await page.locator('[data-call=ended]').waitFor()
      await expectNoViolation(page, 'ended')
      await expectNoViolation(desk, 'over')
      await Promise.all([page.context().close(), desk.context().close()])
    })

    test(`a call keeps them in every state, ${colorScheme}`, async () => {
      const context = { colorScheme, reducedMotion: 'reduce', permissions: ['microphone'] } as const
      const { page } = await openPage(browser, `${server.url}/`, { ...context, permissions: ['microphone'] })
      const caller = callerPage(page)
      await page.getByRole('button', { name: 'Test it' }).click()
      await page.getByRole('button', { name: 'Stop the test' }).waitFor()
      await expectNoViolation(page, 'level test')
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
      })
      await page.getByRole('button', { name: 'Call Harbor Internet' }).click()
      await page.locator('[data-problem=blocked]').waitFor()
      await expectNoViolation(page, 'no microphone')
      // The browser's own is behind the one that was put before it.
      await page.evaluate(() => Reflect.deleteProperty(navigator.mediaDevices, 'getUserMedia'))
      const roomId = await caller.call('ada')
      await page.locator('[data-heard=playing]').first().waitFor()
      await expectNoViolation(page, 'speaking')
      await page.getByRole('button', { name: 'Keypad' }).click()
      await expectNoViolation(page, 'keypad')
      await page.getByRole('button', { name: 'Device' }).click()
      await expectNoViolation(page, 'devices')
      await page.keyboard.press('m')
      const { page: desk } = await openPage(browser, `${server.url}/desk`, { ...context, permissions: ['microphone'] })
      await signIn(desk, 'Dana')
      await openRoom(desk, 'live', roomId)
      await desk.getByRole('group', { name: 'Talk to' }).getByRole('button', { name: 'All', exact: true }).click()
      await desk.locator('[data-desk-call=barge]').waitFor()
      await expectNoViolation(desk, 'on a call')
      await page.locator('[data-banner=joined]').waitFor()
      await expectNoViolation(page, 'joined by a colleague')
      await caller.hangUp()
      await expectNoViolation(page, 'hung up')
      await Promise.all([page.context().close(), desk.context().close()])
    })
  }
})

/** Runs axe in the page by the debugger, since the page's own policy lets no foreign script in. */
async function expectNoViolation(page: Page, state: string): Promise<void> {
  await page.evaluate(axe.source)
  const found = await page.evaluate(async (values) => {
    // `axe` is put there by the line above; the page itself does not know it.
    const { axe: runner } = globalThis as unknown as { axe: typeof axe }
    const { violations } = await runner.run(document, { runOnly: { type: 'tag', values } })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
  }, tags)
  expect(found.map((violation) => `${state}: ${violation}`)).toEqual([])
}
