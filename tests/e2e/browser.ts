import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { expect } from 'vitest'

const isRoot = process.getuid?.() === 0
const flags = [
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts the machine's browser. As root, in a container, it has no sandbox to make. */
export function launchBrowser(executablePath: string, more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...flags, ...more, ...(isRoot ? ['--no-sandbox'] : [])] })
}

/** A microphone that plays a WAV file once, or beeps each second; no speaker is needed. */
export function fakeMicrophone(file?: string): string[] {
  const source = file === undefined ? [] : [`--use-file-for-fake-audio-capture=${file}%noloop`]
  return ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', ...source]
}

/** A page that is watched for what no page may do. */
export interface WatchedPage {
  page: Page
  /** Fails if the page complained, threw, was stopped by its policy, or asked another origin for anything. */
  expectNoFault(): void
}

/** What a browser itself says of requests that were refused on purpose. */
export const refusals: readonly RegExp[] = [/the server responded with a status of 4(09|22)/]

/** What a browser itself says when its server went away. */
export const losses: readonly RegExp[] = [/net::ERR_|WebSocket connection to/]

/** Opens a page in a context of its own; `allows` names complaints that belong to the test. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions & { allows?: readonly RegExp[] } = {},
): Promise<WatchedPage> {
  const { allows = [], ...contextOptions } = options
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...contextOptions })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    if (allows.some((pattern) => pattern.test(message.text()))) return
    faults.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  const { origin } = new URL(url)
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url())
    if (asked !== origin && protocol !== 'blob:' && protocol !== 'data:')
      faults.push(`foreign request: ${request.url()}`)
  })
  await page.goto(url)
  return { page, expectNoFault: () => expect(faults).toEqual([]) }
}
