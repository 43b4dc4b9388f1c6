import type { Page } from 'playwright-core'

/** What a caller does on the caller page, in the words of a caller. */
export interface CallerPage {
  readonly page: Page
  /** Picks a person and begins; gives the room. */
  begin(person: 'ada' | 'ben' | 'carla' | 'dev'): Promise<string>
  /** Picks a person and calls; gives the room. */
  call(person: 'ada' | 'ben' | 'carla' | 'dev'): Promise<string>
  hangUp(): Promise<void>
  say(text: string): Promise<void>
  /** Waits until somebody says this. */
  hear(text: string | RegExp): Promise<void>
  /** Fills the masked field. */
  pin(digits: string): Promise<void>
  /** What stands in the conversation, oldest first. */
  messages(): Promise<string[]>
  state(): Promise<string | null>
}

/** The caller page by roles, names and `data-*` states. */
export function callerPage(page: Page): CallerPage {
  return {
    page,
    async begin(person) {
      await page.locator(`[data-person=${person}]`).click()
      await page.getByRole('button', { name: 'Type instead' }).click()
      const root = page.locator('[data-room]')
      await root.waitFor()
      await page.locator('[data-call=live]').waitFor()
      return (await root.getAttribute('data-room')) ?? ''
    },
    async call(person) {
      await page.locator(`[data-person=${person}]`).click()
      await page.getByRole('button', { name: 'Call Harbor Internet' }).click()
      await page.locator('[data-call=live][data-mode=voice]').waitFor()
      return (await page.locator('[data-room]').getAttribute('data-room')) ?? ''
    },
    async hangUp() {
      await page.getByRole('button', { name: 'Hang up' }).click()
      await page.locator('[data-call=ended]').waitFor()
    },
    async say(text) {
      await page.getByRole('textbox', { name: 'Message' }).fill(text)
      await page.keyboard.press('Enter')
    },
    async hear(text) {
      await page
        .locator('[data-messages] [data-speaker=agent], [data-messages] [data-speaker=person]')
        .filter({ hasText: text })
        .last()
        .waitFor()
    },
    async pin(digits) {
      await page.locator('[data-sensitive=true] input').fill(digits)
      await page.getByRole('button', { name: 'Confirm' }).click()
    },
    messages: () => page.locator('[data-messages] [data-row=message]').allInnerTexts(),
    state: () => page.locator('[data-call]').getAttribute('data-call'),
  }
}

/** Ada up to the question whether one of the two payments shall be credited. */
export async function tellOfDoubleCharge(caller: CallerPage): Promise<void> {
  await caller.hear('What can I do for you?')
  await caller.say('I was charged twice')
  await caller.hear('account number')
  await caller.say('204417')
  await caller.pin('4821')
  await caller.hear('two payments of $79.00')
}
