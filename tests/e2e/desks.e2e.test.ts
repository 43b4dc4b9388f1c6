import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { openPage, refusals } from './browser.ts'
import type { CallCenterProcess } from './call-center-process.ts'
import { callerPage, tellOfDoubleCharge } from './caller-page.ts'
import { openRoom, signIn } from './desk-page.ts'
import { useCallCenter } from './use-call-center.ts'

describeNeeding('chromium', 'Two people at the desk', (executablePath) => {
  let server: CallCenterProcess
  let browser: Browser

  useCallCenter(executablePath, (used) => ({ server, browser } = used))

  const openDesk = async (name: string): Promise<Page> => {
    const { page } = await openPage(browser, `${server.url}/desk`, { allows: refusals })
    await signIn(page, name)
    return page
  }

  test('both press accept: one has the conversation, the other is told who', async () => {
    const { page, expectNoFault } = await openPage(browser, `${server.url}/`)
    const caller = callerPage(page)
    const roomId = await caller.begin('carla')
    await caller.hear('What can I do for you?')
    await caller.say('I want to speak to a person')
    await page.locator('[data-agent-state=waiting-for-colleague]').waitFor()

    const desks = await Promise.all([openDesk('Dana'), openDesk('Kim')])
    await Promise.all(desks.map((desk) => desk.locator(`[data-item=waiting][data-room="${roomId}"]`).waitFor()))
    await Promise.all(desks.map((desk) => desk.keyboard.press('a')))
    const outcomes = await Promise.all(
      desks.map(async (desk) => {
        const won = desk.locator(`[data-desk-room="${roomId}"][data-holder=me]`)
        const lost = desk.locator('[data-notice]')
        await won.or(lost).first().waitFor()
        return (await won.count()) > 0 ? 'won' : await lost.innerText()
      }),
    )
    const winner = outcomes[0] === 'won' ? 'Dana' : 'Kim'
    expect(outcomes.toSorted()).toEqual([`Taken by ${winner}`, 'won'].toSorted())
    await page
      .locator('[data-agent=human]')
      .filter({ hasText: `${winner} is now helping you` })
      .waitFor()
    const state = await server.client.rooms.state(roomId)
    expect(state.human?.claimedBy).toBe(`desk-${winner.toLowerCase()}`)
    expectNoFault()
    await Promise.all(desks.map((desk) => desk.context().close()))
  })

  test('both decide the same credit: it is given once, less than asked, and the second is told who decided', async () => {
    const { page } = await openPage(browser, `${server.url}/`)
    const caller = callerPage(page)
    const roomId = await caller.begin('ada')
    await tellOfDoubleCharge(caller)
    await caller.say('yes please')
    await caller.hear('decided by a colleague')
    const [dana, kim] = await Promise.all([openDesk('Dana'), openDesk('Kim')])
    await Promise.all([openRoom(dana, 'approval', roomId), openRoom(kim, 'approval', roomId)])
    // Kim's lists stand still, so that the card is still there when Dana has decided.
    await kim.route('**/v1/requests?*', (route) => route.abort())
    await dana.getByRole('button', { name: 'Approve less' }).click()
    await dana.getByLabel('Amount in dollars').fill('40')
    await dana.getByRole('button', { name: 'Approve $40.00' }).click()
    await caller.hear('$40.00')
    await kim.getByRole('button', { name: 'Reject', exact: true }).click()
    await kim.getByLabel('Why not').fill('Not now')
    await kim.getByRole('button', { name: 'Reject it' }).click()
    await kim.locator('[data-outcome]').waitFor()
    expect(await kim.locator('[data-outcome]').innerText()).toBe('Already decided by Dana')
    expect(await server.customer(roomId)).toMatchObject({ credits: [{ cents: 4_000 }] })
  })

  test('a word to the agent reaches the agent alone', async () => {
    const { page } = await openPage(browser, `${server.url}/`)
    const caller = callerPage(page)
    const roomId = await caller.begin('ben')
    await caller.hear('What can I do for you?')
    const desk = await openDesk('Dana')
    await openRoom(desk, 'live', roomId)
    await desk.getByRole('button', { name: 'Coach Riley' }).click()
    await desk.getByLabel('Riley reads it').fill('Offer a visit first')
    await desk.getByRole('button', { name: 'Whisper' }).click()
    await desk.locator('[data-messages]').getByText('Offer a visit first').waitFor()
    await caller.say('My internet drops every evening')
    await caller.hear('account number')
    expect(await page.locator('body').innerText()).not.toContain('Offer a visit first')
    const whisper = (await server.log(roomId)).find(
      ({ content }) => content.type === 'text' && content.text === 'Offer a visit first',
    )
    expect(whisper?.visibility).toBe('internal')
  })
})
