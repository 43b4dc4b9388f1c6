import { mkdir } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { openPage, refusals } from './browser.ts'
import type { CallCenterProcess } from './call-center-process.ts'
import { callerPage, tellOfDoubleCharge } from './caller-page.ts'
import { openRoom, signIn } from './desk-page.ts'
import { useCallCenter } from './use-call-center.ts'

const pin = '4821'

describeNeeding('chromium', 'Ada was charged twice', (executablePath) => {
  let server: CallCenterProcess
  let browser: Browser

  useCallCenter(executablePath, (used) => ({ server, browser } = used))

  test('she is verified, handed to billing, approved, helped by Dana and handed back', async () => {
    const opened = await openPage(browser, `${server.url}/`)
    const caller = callerPage(opened.page)
    const frames: string[] = []
    opened.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))))
    const roomId = await caller.begin('ada')
    await tellOfDoubleCharge(caller)
    // The card that says whom a visitor plays shows the PIN; the conversation must not.
    for (const said of ['[data-messages]', '[role=log]'])
      expect(await opened.page.locator(said).innerText()).not.toContain(pin)
    await opened.page.locator('[data-row=handoff]').filter({ hasText: 'handed from Riley to Morgan' }).waitFor()
    await opened.page.locator('[data-agent=billing]').waitFor()
    await caller.say('yes please')
    await caller.hear('decided by a colleague')

    const atDesk = await openPage(browser, `${server.url}/desk`, { allows: refusals })
    const desk = atDesk.page
    await signIn(desk, 'Dana')
    await desk.getByText('$79.00 credit').first().waitFor()
    expect(await desk.title()).toBe('(1) Desk')
    await openRoom(desk, 'approval', roomId)
    await desk.getByText('was paid on').waitFor()
    await takeScreenshot(desk)
    const approve = desk.getByRole('button', { name: 'Approve', exact: true })
    await approve.dblclick()
    await caller.hear('$79.00 is credited to invoice INV-2210')

    await desk.getByRole('button', { name: 'Take over', exact: true }).click()
    await opened.page.locator('[data-agent=human]').filter({ hasText: 'Dana is now helping you' }).waitFor()
    await desk.getByRole('textbox', { name: 'Reply' }).fill('Hi Ada, this is Dana. The credit is on its way.')
    await desk.getByRole('button', { name: 'Send' }).click()
    await caller.hear('The credit is on its way.')
    await caller.say('Thank you Dana')
    await desk.locator('[data-messages]').getByText('Thank you Dana').waitFor()
    await desk.getByRole('tab', { name: 'Note' }).click()
    await desk.getByRole('textbox', { name: 'Note' }).fill('Credit explained, caller is content')
    await desk.getByRole('button', { name: 'Save note' }).click()
    await desk.locator('[data-row=note]').filter({ hasText: 'caller is content' }).waitFor()

    await desk.getByRole('button', { name: 'Hand back' }).click()
    const form = desk.getByRole('form', { name: 'Hand back' })
    await form.locator('[data-field=summary] textarea').fill('')
    await form.getByRole('button', { name: 'Hand back' }).click()
    await form.locator('[data-field=summary] [aria-invalid=true]').waitFor()
    await form.locator('[data-field=summary] textarea').fill('The credit was given and explained.')
    await form.getByRole('button', { name: 'Hand back' }).click()
    await opened.page.locator('[data-agent=billing]').waitFor()
    await caller.hear(/Hi Ada, Morgan from billing\. Dana told me/)
    await caller.say('no, that is all')

    const log = await server.log(roomId)
    const written = JSON.stringify(log)
    expect(written).not.toContain(pin)
    expect(log.filter(({ type }) => type === 'handoff')).toHaveLength(3)
    expect(log.map(({ index }) => index)).toEqual(log.map((_event, at) => at))
    expect(await server.customer(roomId)).toMatchObject({ credits: [{ invoiceId: 'INV-2210', cents: 7_900 }] })
    expect(await opened.page.locator('[data-messages]').innerText()).not.toContain('caller is content')

    // Nor may the caller's browser be told what colleagues tell each other, whether it shows it or not.
    await opened.page.reload()
    await caller.hear('this is Dana')
    expect(frames.length).toBeGreaterThan(20)
    for (const secret of ['callerWords', 'caller is content', pin]) expect(frames.join('')).not.toContain(secret)

    await opened.page.getByRole('button', { name: 'End conversation' }).click()
    await opened.page.locator('[data-call=ended]').waitFor()
    const summary = opened.page.getByRole('region', { name: 'Summary' })
    // Written by a run once the conversation has ended.
    await summary.getByText('Riley, Morgan, Dana').waitFor()
    expect(await summary.innerText()).toMatch(
      /A credit of \$79\.00 was given[\s\S]*Riley, Morgan, Dana[\s\S]*This summary[\s\S]*written rules/,
    )
    opened.expectNoFault()
    atDesk.expectNoFault()
  })
})

async function takeScreenshot(desk: Page): Promise<void> {
  if (process.env['PARLEY_SCREENSHOTS'] !== '1') return
  await mkdir('docs/images', { recursive: true })
  // Motion and the card have settled.
  await desk.waitForTimeout(600)
  await desk.screenshot({ path: 'docs/images/desk.png' })
}
