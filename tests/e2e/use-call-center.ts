import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { launchBrowser } from './browser.ts'
import { startCallCenter, type CallCenterProcess } from './call-center-process.ts'

/** What the tests of one file share. */
export interface UsedCallCenter {
  server: CallCenterProcess
  browser: Browser
}

/** Starts a call center and a browser before the tests of a block, gives both to `use`, and ends them after the last test. */
export function useCallCenter(
  executablePath: string,
  use: (used: UsedCallCenter) => void,
  browserFlags?: readonly string[],
): void {
  let used: Partial<UsedCallCenter> = {}
  beforeAll(async () => {
    const [server, browser] = await Promise.all([startCallCenter(), launchBrowser(executablePath, browserFlags)])
    used = { server, browser }
    use({ server, browser })
  })
  afterAll(async () => {
    await used.browser?.close()
    await used.server?.[Symbol.asyncDispose]()
  })
}
