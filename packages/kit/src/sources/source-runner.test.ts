import type { InboundMessage, InboundResult } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createFrameworkEvents } from '../core/create-framework-events.ts'
import { createSourceRunner, type InboundSource } from './source-runner.ts'

const message: InboundMessage = { channelId: 'mail', senderId: 'ada', content: { type: 'text', text: 'hi' } }
const blocked: InboundResult = { outcome: 'blocked', reason: 'x.test' }

function setUp(process: () => Promise<InboundResult> = async () => blocked) {
  const clock = createVirtualClock()
  const emitted: string[] = []
  const framework = createFrameworkEvents(() => {})
  for (const type of ['sourceAttached', 'sourceDetached', 'sourceError', 'sourceExhausted'] as const)
    framework.on(type, () => emitted.push(type))
  const errors: unknown[] = []
  const runner = createSourceRunner({ clock, framework, reportError: (thrown) => errors.push(thrown) }, process)
  const starts: number[] = []
  const source = (life: (signal: AbortSignal) => Promise<void>): InboundSource => ({
    id: 'mail',
    run({ signal }) {
      starts.push(clock.monotonicMs())
      return life(signal)
    },
  })
  return { clock, runner, emitted, errors, starts, source }
}

test('RS-6 a source that fails is started again after 5 s, doubling to 300 s', async () => {
  const { clock, runner, starts, source, errors, emitted } = setUp()
  runner.attach(
    source(async () => {
      throw new Error('down')
    }),
  )
  await clock.advance(1_000_000)
  expect(starts.slice(0, 8)).toEqual([0, 5_000, 15_000, 35_000, 75_000, 155_000, 315_000, 615_000])
  expect(starts[8]).toBe(915_000)
  expect(errors).toHaveLength(9)
  expect(emitted.slice(0, 2)).toEqual(['sourceAttached', 'sourceError'])
  await runner.close()
  expect(clock.pending).toBe(0)
})

test('RS-6 the delay starts anew after 60 s of health', async () => {
  const { clock, runner, starts, source } = setUp()
  let life = 0
  runner.attach(
    source(async () => {
      life += 1
      if (life === 3) await clock.sleep(60_000)
      throw new Error('down')
    }),
  )
  await clock.advance(100_000)
  expect(starts).toEqual([0, 5_000, 15_000, 80_000, 90_000])
  await runner.close()
})

test('RS-6 a clean end is restarted, unless only failures are', async () => {
  const always = setUp()
  always.runner.attach(always.source(async () => {}))
  await always.clock.advance(5_000)
  expect(always.starts).toEqual([0, 5_000])
  await always.runner.close()
  const once = setUp()
  once.runner.attach(
    once.source(async () => {}),
    { restart: 'onFailure' },
  )
  await once.clock.advance(100_000)
  expect([once.starts, once.runner.health('mail').state]).toEqual([[0], 'ended'])
})

test('RS-6 after maxAttempts it is given up', async () => {
  const { clock, runner, starts, source, emitted } = setUp()
  runner.attach(
    source(async () => {
      throw new Error('down')
    }),
    { maxAttempts: 3 },
  )
  await clock.runToRest()
  expect(starts).toHaveLength(3)
  expect(emitted.at(-1)).toBe('sourceExhausted')
  expect(runner.health('mail')).toMatchObject({ state: 'exhausted', attempts: 3, lastError: 'internal_error' })
})

test('RS-6 at most ten messages of a source are on their way at a time', async () => {
  let running = 0
  let most = 0
  const { clock, runner } = setUp(async () => {
    most = Math.max(most, (running += 1))
    await clock.sleep(10)
    running -= 1
    return blocked
  })
  runner.attach(
    { id: 'mail', run: async ({ emit }) => void (await Promise.all(Array.from({ length: 35 }, () => emit(message)))) },
    { restart: 'onFailure' },
  )
  await clock.runToRest()
  expect(most).toBe(10)
  expect(runner.health('mail').emitted).toBe(35)
})

test('detaching tells the source to end and waits for it, a deaf one for 5 s', async () => {
  const { clock, runner, source, emitted } = setUp()
  let hasEnded = false
  runner.attach(
    source(
      (signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            hasEnded = true
            resolve()
          }),
        ),
    ),
  )
  await runner.detach('mail')
  expect([hasEnded, emitted.at(-1), clock.pending]).toEqual([true, 'sourceDetached', 0])
  expect(() => runner.health('mail')).toThrow(expect.objectContaining({ code: 'source_not_found' }))
  runner.attach(source(() => new Promise(() => {})))
  expect(() => runner.attach(source(async () => {}))).toThrow(
    expect.objectContaining({ code: 'source_already_attached' }),
  )
  const closing = runner.close()
  await clock.advance(5_000)
  await closing
  expect(clock.pending).toBe(0)
})
