import { noLogger, type Channel, type Logger } from '@parley/spec'
import { expect, test } from 'vitest'
import { line, openKit, recordingTransport, says, scriptedAgent } from '../__fixtures__/open-kit.ts'

const SECRET = 'sk-live-51H8 at /srv/app/secret.ts:7:1'

/** Everything of the host that can fail, failing. */
function failingHost() {
  const fail = (): Promise<never> => Promise.reject(new Error(SECRET))
  const thrown = (): never => {
    throw new Error(SECRET)
  }
  const channels: Channel[] = [
    recordingTransport('deliver', { deliver: fail }),
    recordingTransport('deliver-now', { deliver: thrown }),
    recordingTransport('parse', { parse: fail }),
    recordingTransport('attach', { onAttached: fail }),
    recordingTransport('detach', { onDetached: fail }),
    recordingTransport('changed', { onBindingChanged: thrown }),
    recordingTransport('webhook', { verifyWebhook: () => Promise.resolve(true), parseWebhook: fail }),
    scriptedAgent('turn', async function* () {
      yield { type: 'textDelta', text: 'I will ' }
      throw new Error(SECRET)
    }),
    scriptedAgent('fine', says('fine')),
  ]
  const logged: unknown[] = []
  const log = (...given: unknown[]): void => void logged.push(given)
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger }
  const bench = openKit({ logger, identity: { resolve: fail }, limits: { deliveryTimeoutMs: 1_000 } }, channels)
  const { kit } = bench
  kit.hook('beforeBroadcast', fail)
  kit.hook('beforeDeliver', thrown)
  kit.observe('afterBroadcast', fail)
  kit.observe('afterDeliver', thrown)
  kit.on('eventProcessed', thrown)
  kit.attachSource({ id: 'feed', run: fail }, { maxAttempts: 2 })
  return { ...bench, logged }
}

async function runEverything({
  kit,
  clock,
}: ReturnType<typeof failingHost>): Promise<{ id: string; thrown: unknown[] }> {
  const thrown: unknown[] = []
  const keep = (error: unknown): void => void thrown.push(error)
  const { id } = await kit.createRoom({ channels: ['deliver', 'deliver-now', 'detach', 'changed', 'turn', 'fine'] })
  kit.subscribe(id, () => Promise.reject(new Error(SECRET)))
  kit.publish(id, { type: 'typingStarted', from: 'ada' })
  await kit.processInbound(line('deliver', 'ada', 'hello'), { roomId: id }).catch(keep)
  await kit.processInbound(line('parse', 'ada', 'hello'), { roomId: id }).catch(keep)
  await kit.processWebhook('webhook', { body: new Uint8Array(), headers: {}, url: '' }).catch(keep)
  await kit.attach(id, 'attach').catch(keep)
  await kit.mute(id, 'changed').catch(keep)
  await kit.detach(id, 'detach').catch(keep)
  await kit.send(id, { from: 'ada', text: 'again' }).catch(keep)
  await clock.advance(1_000_000)
  return { id, thrown }
}

test('ER-1 what a host’s code throws is only ever a cause: no message, receipt, event, stream or log tells its text', async () => {
  const host = failingHost()
  const { kit, errors, heard, logged } = host
  const streamed: unknown[] = []
  const { id, thrown } = await runEverything(host)
  kit.subscribe(id, (event) => void streamed.push(event))
  const told = {
    thrown: thrown.map((error) => JSON.stringify(error) + String(error)),
    errors: errors.map(({ error, stage }) => [stage, error.code, error.message, error.details, JSON.stringify(error)]),
    heard,
    logged,
    streamed,
    events: await kit.events(id, { raw: true }),
    receipts: await kit.receipts(id, { limit: 1_000 }),
  }
  expect(thrown.length).toBeGreaterThanOrEqual(3)
  expect(errors.length).toBeGreaterThan(5)
  expect(logged.length).toBeGreaterThan(5)
  const text = JSON.stringify(told)
  expect(text).not.toContain('sk-live')
  expect(text).not.toContain('secret.ts')
  // The host finds it where it belongs.
  expect(errors.some(({ error }) => error.cause instanceof Error && error.cause.message === SECRET)).toBe(true)
})

test('ER-2 no promise is rejected unheard: background failures come to the one onError, with their stage', async () => {
  const unheard: unknown[] = []
  const listen = (reason: unknown): void => void unheard.push(reason)
  process.on('unhandledRejection', listen)
  const host = failingHost()
  await runEverything(host)
  const closed = host.kit.close()
  await host.clock.advance(60_000)
  await closed
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', listen)
  expect(unheard).toEqual([])
  const stages = new Set(host.errors.map(({ stage }) => stage))
  for (const stage of ['turn', 'detach', 'onBindingChanged', 'listener', 'hook', 'source', 'ephemeral'])
    expect(stages, stage).toContain(stage)
})

test('ER-2 a failing onError hook is the end of it', async () => {
  const { kit, clock } = openKit({ logger: noLogger }, [
    scriptedAgent('turn', async function* () {
      throw new Error('broken')
    }),
  ])
  let calls = 0
  kit.observe('onError', () => {
    calls += 1
    return Promise.reject(new Error('broken too'))
  })
  const { id } = await kit.createRoom({ channels: ['turn'] })
  await kit.send(id, { from: 'ada', text: 'hello' }, { wait: 'settled' })
  await clock.advance(1_000)
  expect(calls).toBe(1)
})
