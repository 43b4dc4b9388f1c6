import type { Page } from 'playwright-core'

/** Signs in at the desk under a name. */
export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Open the desk' }).click()
  await page.locator('[data-desk=open]').waitFor()
}

/** Opens a room from one of the lists. */
export async function openRoom(page: Page, kind: 'waiting' | 'approval' | 'live', roomId: string): Promise<void> {
  await page.locator(`[data-item=${kind}][data-room="${roomId}"] > button`).click()
  await page.locator(`[data-desk-room="${roomId}"][data-connection=live]`).waitFor()
}
