import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kit } from '@parley/kit'
import { createServer, staticApp } from '@parley/server'
import { createSystemClock, createSystemIds, type EndpointHandlers, type OutputEvent } from '@parley/spec'
import { callMediaRoute, createWebSocketMedia, type WebSocketMediaEndpoint } from '@parley/voice/endpoints'
import { chromium, type Browser } from 'playwright-core'
import { build, defaultClientConditions } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeNeeding } from '../requirement.ts'
import { openPage } from './browser.ts'

const inside = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

describeNeeding('chromium', 'Sound of a page', (executablePath) => {
  let browser: Browser
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-call-page-'))
    await build({
      root: inside('call-page'),
      configFile: false,
      logLevel: 'error',
      resolve: { conditions: ['@parley/source', ...defaultClientConditions] },
      build: { outDir: folder, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    })
    const isRoot = process.getuid?.() === 0
    browser = await chromium.launch({
      executablePath,
      // The browser's own microphone of tests beeps once a second.
      args: [
        '--headless',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        ...(isRoot ? ['--no-sandbox'] : []),
      ],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function call() {
    const clock = createSystemClock()
    const kit = new Kit()
    const media = createWebSocketMedia({
      clock,
      ids: createSystemIds(),
      authorize: async ({ token }) =>
        token === 'good' ? { identity: 'ada', roomId: 'r', participantId: 'ada' } : 'unauthorized',
    })
    const heard = { samples: 0, peak: 0, states: [] as string[], rttMs: 0 }
    const ignore = (): void => {}
    const handlers: EndpointHandlers = {
      onFrame({ samples }) {
        heard.samples += samples.length
        for (const sample of samples) heard.peak = Math.max(heard.peak, sample)
      },
      onState: (state) => void heard.states.push(state),
      onStats: ({ rttMs = 0 }) => (heard.rttMs = rttMs),
      onDtmf: ignore,
      onMuted: ignore,
      onTalk: ignore,
      onText: ignore,
      onTranscript: ignore,
      onInterrupt: ignore,
      onConsent: ignore,
      onClose: ignore,
    }
    const begun = Promise.withResolvers<WebSocketMediaEndpoint>()
    const server = createServer({
      kit,
      mounts: [staticApp(folder)],
      sockets: [
        callMediaRoute({
          media,
          async onCall(endpoint) {
            await endpoint.start(handlers)
            begun.resolve(endpoint)
          },
        }),
      ],
    })
    const { url } = await server.listen({ port: 0 })
    const { page, expectNoFault } = await openPage(browser, url, { permissions: ['microphone'] })
    await page.getByRole('button', { name: 'Call' }).click()
    await expect.poll(() => page.locator('output').textContent(), { timeout: 15_000 }).toMatch(/live|failed/)
    return {
      heard,
      page,
      expectNoFault,
      endpoint: await begun.promise,
      async [Symbol.asyncDispose]() {
        await page.context().close()
        await media.close()
        await server.close({ drainMs: 100 })
        await kit.close({ graceMs: 100 })
      },
    }
  }

  function speak(endpoint: WebSocketMediaEndpoint, lengthMs: number) {
    const format = { encoding: 'pcm16', sampleRateHz: 24_000, channels: 1 } as const
    const samples = Int16Array.from({ length: 24 * lengthMs }, (_, index) => Math.round(6_000 * Math.sin(index / 9)))
    const segment = endpoint.output.open({ utteranceId: 'u1', segmentId: 's1', format })
    segment.capture({ samples, sampleRateHz: 24_000, channels: 1, position: 0 })
    segment.flush()
  }

  test('the microphone is heard and speech is played, under a strict policy', async () => {
    await using started = await call()
    const { endpoint, heard, expectNoFault } = started
    await expect.poll(() => heard.samples, { timeout: 10_000 }).toBeGreaterThan(16_000 * 1.5)
    expect(heard.peak).toBeGreaterThan(1_000)
    const events: OutputEvent[] = []
    endpoint.output.on('*', (event) => void events.push(event))
    const atMs = performance.now()
    speak(endpoint, 1_000)
    await expect.poll(() => events.at(-1)?.type, { timeout: 10_000 }).toBe('finished')
    expect(events.at(-1)).toMatchObject({ interrupted: false, confidence: 'confirmed', positionMs: 1_000 })
    expect(performance.now() - atMs).toBeGreaterThan(900)
    expect(events.filter(({ type }) => type === 'progress').length).toBeGreaterThan(5)
    expectNoFault()
  })

  test('a clear ends the sound within its second and says where', async () => {
    await using started = await call()
    const { endpoint, expectNoFault } = started
    const events: OutputEvent[] = []
    endpoint.output.on('*', (event) => void events.push(event))
    speak(endpoint, 5_000)
    await expect
      .poll(() => events.filter(({ type }) => type === 'progress').length, { timeout: 10_000 })
      .toBeGreaterThan(3)
    const { heardMs } = endpoint.output.clear()
    await expect.poll(() => events.filter(({ type }) => type === 'cleared').length, { timeout: 2_000 }).toBe(2)
    const [, answered] = events.filter(({ type }) => type === 'cleared')
    expect(answered?.confidence).toBe('confirmed')
    expect(Math.abs((answered?.positionMs ?? 0) - heardMs)).toBeLessThan(400)
    expectNoFault()
  })
})
