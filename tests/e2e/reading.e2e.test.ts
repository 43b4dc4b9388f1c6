import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { losses, openPage } from './browser.ts'
import type { CallCenterProcess } from './call-center-process.ts'
import { callerPage } from './caller-page.ts'
import { openRoom, signIn } from './desk-page.ts'
import { useCallCenter } from './use-call-center.ts'

describeNeeding('chromium', 'Reading and writing', (executablePath) => {
  let server: CallCenterProcess
  let browser: Browser

  useCallCenter(executablePath, (used) => ({ server, browser } = used))

  test('who scrolled up stays there and is told how many came', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`, {
      viewport: { width: 1280, height: 460 },
    })
    const caller = callerPage(page)
    const roomId = await caller.begin('ada')
    await caller.hear('What can I do for you?')
    await caller.say('I was charged twice')
    await caller.hear('account number')
    await caller.say('204417')
    await caller.pin('4821')
    await caller.hear('two payments of $79.00')
    const box = page.getByRole('region', { name: 'Messages' })
    await box.hover()
    await page.mouse.wheel(0, -2_000)
    await page.locator('[data-following=false]').waitFor()
    await server.client.rooms.addMember(roomId, { participantId: 'desk-kim', displayName: 'Kim' })
    for (const text of ['One', 'Two', 'Three'])
      await server.client.rooms.send(roomId, { text, participantId: 'desk-kim', addressedTo: [] })
    await page.getByRole('button', { name: 'New messages (3)' }).waitFor()
    expect(await box.evaluate((element) => element.scrollTop)).toBe(0)
    await page.getByRole('button', { name: 'New messages (3)' }).click()
    await page.locator('[data-following=true]').waitFor()
    expect(
      await box.evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight),
    ).toBeLessThan(2)
    expectNoFault()
  })

  test('a message on its way when the page is reloaded arrives, once', async () => {
    const { page } = await openPage(browser, `${server.url}/`, { allows: losses })
    const caller = callerPage(page)
    const roomId = await caller.begin('carla')
    await caller.hear('What can I do for you?')
    await server.kill()
    await page.locator('[data-call=reconnecting]').waitFor()
    await caller.say('I want to cancel')
    await page.locator('[data-status=pending]').waitFor()
    await server.start()
    await page.reload()
    await caller.hear('account number')
    const said = (await server.log(roomId)).filter(
      ({ content }) => content.type === 'text' && content.text === 'I want to cancel',
    )
    expect(said).toHaveLength(1)
  })

  test('the desk finds its room, its name and its draft again after a reload', async () => {
    const { page } = await openPage(browser, `${server.url}/`)
    const caller = callerPage(page)
    const roomId = await caller.begin('ben')
    await caller.hear('What can I do for you?')
    const { page: desk } = await openPage(browser, `${server.url}/desk`)
    await signIn(desk, 'Dana')
    await openRoom(desk, 'live', roomId)
    await desk.getByRole('button', { name: 'Take over', exact: true }).click()
    await desk.locator('[data-holder=me]').waitFor()
    // The key does what the button does, as soon as the button may be pressed.
    await desk.getByRole('button', { name: 'canned' }).click({ trial: true })
    await desk.keyboard.press('/')
    await desk.getByRole('region', { name: 'Canned replies' }).getByRole('button', { name: 'Open ticket' }).click()
    const reply = desk.getByRole('textbox', { name: 'Reply' })
    expect(await reply.inputValue()).toBe('Your ticket is {{ticket.id}}. You can name it any time you write to us.')
    expect(await desk.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
    await desk.reload()
    await desk.locator(`[data-desk-room="${roomId}"][data-holder=me]`).waitFor()
    expect(await reply.inputValue()).toContain('Your ticket is')
    await reply.fill('Your ticket is T-1.')
    await desk.getByRole('button', { name: 'Send' }).click()
    await caller.hear('Your ticket is T-1.')
    await expect.poll(() => reply.inputValue()).toBe('')

    // A message is on its way; what is written meanwhile is the next one, and a note is nobody's reply.
    const held = Promise.withResolvers<void>()
    await desk.route('**/messages', async (route) => {
      await held.promise
      await route.continue()
    })
    await reply.fill('One moment.')
    await desk.getByRole('button', { name: 'Send' }).click()
    await reply.fill('It is resolved.')
    await desk.getByRole('tab', { name: 'Note' }).click()
    await desk.getByRole('textbox', { name: 'Note' }).fill('Ben is glad')
    held.resolve()
    await caller.hear('One moment.')
    await desk.getByRole('button', { name: 'Save note' }).click({ trial: true })
    expect(await desk.getByRole('textbox', { name: 'Note' }).inputValue()).toBe('Ben is glad')
    await desk.getByRole('tab', { name: 'Reply' }).click()
    expect(await reply.inputValue()).toBe('It is resolved.')
  })

  test('an offer is taken by a button, and an answer leads to its article', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`)
    const caller = callerPage(page)
    const roomId = await caller.begin('carla')
    await caller.hear('What can I do for you?')
    await caller.say('How long does a refund take?')
    const link = page.getByRole('link', { name: 'Refund times' })
    const article = await (await fetch(`${server.url}${await link.getAttribute('href')}`)).text()
    expect(article).toContain('<h1>Refund times</h1>')
    await caller.say('I want to cancel')
    await caller.hear('account number')
    await caller.say('577290')
    await caller.pin('6634')
    await caller.hear('why you think of leaving')
    await caller.say('it is too expensive')
    await caller.hear('$84.00 a month instead of $99.00')
    const question = page.locator('[data-request=confirm]')
    await question.waitFor()
    await page.locator('[data-agent-state=waiting-for-you]').waitFor()
    await question.getByRole('button', { name: 'Yes' }).click()
    await caller.hear('Done. The Loyalty discount is on your account')
    expect(await question.count()).toBe(0)
    expect(await server.customer(roomId)).toMatchObject({ account: { offerName: 'Loyalty discount' } })
    expectNoFault()
  })

  test('each page is light, and loads nothing from elsewhere', async () => {
    for (const [path, mostBytes] of [
      ['/', 250_000],
      ['/desk', 350_000],
    ] as const) {
      const html = await (await fetch(`${server.url}${path}`)).text()
      const files = [...html.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, file]) => file ?? '')
      expect(files.length).toBeGreaterThan(1)
      const sizes = await Promise.all(
        files.map(async (file) => {
          expect(file.startsWith('/')).toBe(true)
          return gzipSync(new Uint8Array(await (await fetch(`${server.url}${file}`)).arrayBuffer())).byteLength
        }),
      )
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(mostBytes)
    }
  })
})
