import type { DurableBackend, RunRecord } from '@parley/spec'
import { terminalRunEvents, terminalRunStatuses } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import type { VirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memoryBackend } from '../backend/memory-backend.ts'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { dyingBackend } from './__fixtures__/dying-backend.ts'
import type { StepContext } from '../step/step-context.ts'
import { pricedModel, storedEvents } from './__fixtures__/engine-setup.ts'
import { createEngine } from './create-engine.ts'
import type { OpenedWait } from './engine-parts.ts'

/** What the world outside of the process has seen. */
interface World {
  /** Begun attempts by key. */
  begun: Map<string, number>
  /** Effects by key. */
  effects: Map<string, number>
  /** Step keys that were stored as ended when an attempt of them began. */
  repeated: string[]
  /** What is stored as ended, as seen at the last restart. */
  ended: Set<string>
}

function openWorld(): World {
  return { begun: new Map(), effects: new Map(), repeated: [], ended: new Set() }
}

function seen(world: World, { idempotencyKey }: { idempotencyKey: string }): void {
  const stepKey = idempotencyKey.slice(idempotencyKey.indexOf(':') + 1, idempotencyKey.lastIndexOf(':'))
  if (world.ended.has(stepKey)) world.repeated.push(stepKey)
  world.begun.set(idempotencyKey, (world.begun.get(idempotencyKey) ?? 0) + 1)
}

/** Fan-out, foreach, retries, a wait, a call of a model and a step with an effect. */
function everything(world: World, clock: VirtualClock): Workflow {
  return new Workflow({
    name: 'everything',
    parallel: true,
    steps: [
      new Step({ name: 'list', action: (ctx) => (seen(world, ctx), ['x', 'y', 'z']) }),
      new Step({
        name: 'each',
        foreach: 'list',
        foreachConcurrency: 2,
        action: async (ctx) => {
          seen(world, ctx)
          await clock.sleep(5)
          return `${ctx.item}!`
        },
      }),
      new Step({
        name: 'flaky',
        dependsOn: ['list'],
        retry: { maxAttempts: 3, delay: 1, jitter: false },
        action: (ctx) => {
          seen(world, ctx)
          if (ctx.attempt < 3) throw new Error('not yet')
          return ctx.attempt
        },
      }),
      new Step({ name: 'ask', dependsOn: ['list'], prompt: 'Say something' }),
      new Step({ name: 'review', dependsOn: ['flaky'], action: wait.approval() }),
      new Step({
        name: 'pay',
        dependsOn: ['review'],
        effect: 'effectful',
        onFailure: 'skip',
        action: async (ctx) => {
          seen(world, ctx)
          world.effects.set(ctx.idempotencyKey, (world.effects.get(ctx.idempotencyKey) ?? 0) + 1)
          await clock.sleep(1)
          return 'paid'
        },
      }),
      new Step({
        name: 'end',
        dependsOn: ['each', 'ask', 'pay'],
        action: (ctx) => (seen(world, ctx), [ctx.inputs['each'], ctx.inputs['ask']]),
      }),
    ],
  })
}

/** A region that comes through in its third attempt, with a wait inside, and one for each item of a list. */
function regions(world: World, clock: VirtualClock): Workflow {
  const inRegion = (name: string, more: object = {}): Step =>
    new Step({ name, retries: 0, action: (ctx) => (seen(world, ctx), name), ...more })
  return new Workflow({
    name: 'regions',
    parallel: true,
    steps: [
      new Step({
        name: 'group',
        retry: { maxAttempts: 3, delay: 1, jitter: false },
        steps: [
          inRegion('first'),
          new Step({ name: 'review', action: wait.approval(), dependsOn: ['first'] }),
          inRegion('last', {
            dependsOn: ['review'],
            action: async (ctx: StepContext) => {
              seen(world, ctx)
              await clock.sleep(2)
              if (!ctx.idempotencyKey.includes('group@1.3/')) throw new Error('not yet')
              return 'last'
            },
          }),
        ],
      }),
      new Step({ name: 'list', action: () => ['x', 'y'] }),
      new Step({
        name: 'each',
        foreach: 'list',
        foreachConcurrency: 2,
        retries: 1,
        steps: [
          inRegion('inner', {
            action: (ctx: StepContext) => {
              seen(world, ctx)
              if (ctx.item === 'y' && !ctx.idempotencyKey.includes('.2/')) throw new Error('not yet')
              return ctx.item
            },
          }),
        ],
      }),
      new Step({
        name: 'end',
        dependsOn: ['group', 'each'],
        action: (ctx) => [ctx.inputs['group'], ctx.inputs['each']],
      }),
    ],
  })
}

interface Life {
  run: RunRecord | undefined
  store: DurableBackend
  world: World
  clock: VirtualClock
  deaths: number
  commits: number
}

/** Lives a run to its end, through processes that die at the commits that are given. */
async function live(deaths: readonly { at: number; isAfter: boolean }[], make = everything): Promise<Life> {
  const clock = createVirtualClock({ onError: () => {} })
  const store = memoryBackend({ clock, ids: createSeededIds(1) })
  const world = openWorld()
  const work = make(world, clock)
  let died = 0
  let commits = 0
  for (let process = 0; process <= deaths.length + 1; process++) {
    const death = deaths[process]
    const dying = dyingBackend(store, death?.at, death?.isAfter)
    const waits: OpenedWait[] = []
    const engine = createEngine({
      backend: dying.backend,
      clock,
      ids: createSeededIds(10 + process),
      workflows: [work],
      models: [pricedModel(['text'], { ttftMs: 3, clock })],
      executorId: `process_${process}`,
      onWait: (wait) => void waits.push(wait),
      onError: () => {},
    })
    const stored = (await store.list({})).runs[0]
    if (stored !== undefined) {
      const journal = await store.read(stored.id)
      world.ended = new Set(
        journal.stepRuns.flatMap(({ stepKey, status }) =>
          status === 'completed' || status === 'skipped' || status === 'failed' ? [stepKey] : [],
        ),
      )
    }
    if (process === 0) await engine.start(work, {}, { runId: 'run_1', budget: { maxCalls: 40 } }).catch(() => {})
    else await engine.recover()
    for (let turn = 0; turn < 40 && !dying.isDead; turn++) {
      await clock.advance(500)
      const { waits: open } = await store.read('run_1')
      for (const { id, status } of open)
        if (status === 'open') await engine.resolveWait({ waitId: id }, { data: 'yes' }).catch(() => {})
      const run = await store.get('run_1')
      if (run !== undefined && terminalRunStatuses.includes(run.status)) break
    }
    commits = dying.commits
    if (dying.isDead) {
      died += 1
      // Whatever the dead process still has under way comes to nothing; its lease runs out.
      await clock.advance(31_000)
    }
    const run = await store.get('run_1')
    if (run !== undefined && terminalRunStatuses.includes(run.status)) break
  }
  return { run: await store.get('run_1'), store, world, clock, deaths: died, commits }
}

async function checkLife({ run, store, world }: Life): Promise<void> {
  expect(world.repeated).toEqual([])
  expect([...world.effects.values()].filter((count) => count > 1)).toEqual([])
  const events = await storedEvents(store, 'run_1')
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
  const terminal = events.filter(({ type }) => terminalRunEvents.includes(type))
  expect(terminal).toEqual([events.at(-1)])
  const { ledger, stepRuns, waits } = await store.read('run_1')
  const ended = ledger.filter(({ kind }) => kind !== 'reserve').map(({ key }) => key)
  expect(
    ledger
      .filter(({ kind }) => kind === 'reserve')
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(ended.toSorted())
  const receipts = await store.receipts({ runId: 'run_1' })
  const settled = ledger.filter(({ kind }) => kind === 'settle').map(({ costNanoUsd }) => costNanoUsd ?? 0)
  const told = receipts.map(({ execution }) => execution.actualCostNanoUsd ?? 0)
  const sum = (costs: readonly number[]): number => costs.reduce((total, cost) => total + cost, 0)
  expect(sum(told)).toBe(sum(settled))
  expect(receipts.filter(({ execution }) => execution.status === 'dispatched')).toEqual([])
  expect(stepRuns.filter(({ status }) => !['completed', 'skipped', 'failed', 'cancelled'].includes(status))).toEqual([])
  expect(waits.filter(({ status }) => status === 'open')).toEqual([])
  expect(terminalRunStatuses).toContain(run?.status)
}

describe('13.3 recovery', () => {
  test('13.3 at every commit in turn, written or not: what has ended never runs again, effects happen once per key, the ledger balances', async () => {
    const whole = await live([])
    expect(whole.run).toMatchObject({ status: 'completed', output: [['x!', 'y!', 'z!'], 'text'] })
    expect(whole.commits).toBeGreaterThan(15)
    for (let at = 1; at <= whole.commits; at++) {
      for (const isAfter of [false, true]) {
        const life = await live([{ at, isAfter }])
        await checkLife(life)
        expect(life.deaths).toBe(1)
        const { stepRuns } = await life.store.read('run_1')
        const pay = stepRuns.find(({ stepKey }) => stepKey === 'pay@1')
        const isUnknown = pay?.skip?.kind === 'policy'
        expect(life.run?.status, `commit ${at} ${isAfter}`).toBe(isUnknown ? 'partial' : 'completed')
        expect(life.run?.output).toEqual([['x!', 'y!', 'z!'], 'text'])
      }
    }
  })

  test('13.3 6 regions that are tried again: at every commit in turn, written or not', async () => {
    const whole = await live([], regions)
    expect(whole.run).toMatchObject({ status: 'completed', output: ['last', ['x', 'y']] })
    expect(whole.commits).toBeGreaterThan(10)
    for (let at = 1; at <= whole.commits; at++) {
      for (const isAfter of [false, true]) {
        const life = await live([{ at, isAfter }], regions)
        await checkLife(life)
        expect(life.run, `commit ${at} ${isAfter}`).toMatchObject({ status: 'completed', output: ['last', ['x', 'y']] })
        const { attempts } = await life.store.read('run_1')
        expect(
          attempts.filter(({ stepKey }) => stepKey === 'group@1').map(({ attempt, status }) => [attempt, status]),
        ).toEqual([
          [1, 'failure'],
          [2, 'failure'],
          [3, 'success'],
        ])
      }
    }
  })

  test('13.3 a step with an effect that was interrupted is not run again: outcome_unknown, routed by its policy', async () => {
    let unknown = 0
    const { commits } = await live([])
    for (let at = 1; at <= commits; at++) {
      const { store, world } = await live([{ at, isAfter: true }])
      const { attempts, stepRuns } = await store.read('run_1')
      const attempt = attempts.find(({ stepKey }) => stepKey === 'pay@1')
      if (attempt?.status !== 'unknown') continue
      unknown += 1
      expect(attempt.error?.code).toBe('outcome_unknown')
      expect(stepRuns.find(({ stepKey }) => stepKey === 'pay@1')?.skip).toEqual({ kind: 'policy' })
      expect(world.begun.get('run_1:pay@1:1') ?? 0).toBeLessThanOrEqual(1)
    }
    expect(unknown).toBeGreaterThan(0)
  })

  test('13.3 property: however often and wherever it dies', { timeout: 60_000 }, async () => {
    const death = fc.record({ at: fc.integer({ min: 1, max: 12 }), isAfter: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(death, { maxLength: 6 }), async (deaths) => {
        await checkLife(await live(deaths))
      }),
      { numRuns: 60 },
    )
  })

  test('13.3 property: random graphs', { timeout: 60_000 }, async () => {
    const shape = fc.array(
      fc.record({
        dependencies: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }),
        delayMs: fc.integer({ min: 0, max: 20 }),
        failures: fc.nat({ max: 2 }),
        effect: fc.constantFrom('idempotent' as const, 'effectful' as const),
      }),
      { minLength: 2, maxLength: 10 },
    )
    const death = fc.record({ at: fc.integer({ min: 1, max: 10 }), isAfter: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(shape, fc.array(death, { minLength: 1, maxLength: 4 }), async (steps, deaths) => {
        const make = (world: World, clock: VirtualClock): Workflow =>
          new Workflow({
            name: 'graph',
            parallel: true,
            steps: steps.map(
              ({ dependencies, delayMs, failures, effect }, index) =>
                new Step({
                  name: `s${index}`,
                  dependsOn: [...new Set(dependencies.filter((on) => on < index).map((on) => `s${on}`))],
                  effect,
                  retry: { maxAttempts: 2, delay: 0.01, jitter: false },
                  action: async (ctx) => {
                    seen(world, ctx)
                    if (effect === 'effectful')
                      world.effects.set(ctx.idempotencyKey, (world.effects.get(ctx.idempotencyKey) ?? 0) + 1)
                    if (delayMs > 0) await clock.sleep(delayMs)
                    if (ctx.attempt <= failures) throw new Error('no')
                    return index
                  },
                }),
            ),
          })
        await checkLife(await live(deaths, make))
      }),
      { numRuns: 60 },
    )
  })

  test('13.3 a paused run that was resumed is taken up again, though its process died before it did anything', async () => {
    const clock = createVirtualClock()
    const store = memoryBackend({ clock, ids: createSeededIds(1) })
    const work = new Workflow({
      name: 'slow',
      steps: [new Step({ name: 'a', action: () => clock.sleep(60_000).then(() => 'a') })],
    })
    const engineOf = (executorId: string): ReturnType<typeof createEngine> =>
      createEngine({ backend: store, clock, ids: createSeededIds(2), executorId, workflows: [work] })
    const first = engineOf('one')
    const run = await first.start(work)
    await first.pause(run.id)
    await first.resume(run.id)
    await clock.advance(1)
    expect((await store.get(run.id))?.status).toBe('running')
    // Nothing more is heard of the first one; its lease runs out.
    await clock.advance(30_000)
    const second = engineOf('two')
    expect(await second.recover()).toEqual([run.id])
    await clock.advance(60_000)
    expect((await second.result(run.id)).output).toBe('a')
  })

  test('9 13.3 steps that ask side by side: at every commit in turn, receipts and ledger tell the same cost', async () => {
    const make = (_world: World, clock: VirtualClock): Workflow =>
      new Workflow({
        name: 'asking',
        parallel: true,
        steps: [
          ...['a', 'b', 'c', 'd'].map((name) => new Step({ name, prompt: `Say ${name}` })),
          // Its commits fall between those of the others.
          ...[1, 2, 3].map((ms) => new Step({ name: `e${ms}`, action: () => clock.sleep(ms).then(() => ms) })),
        ],
      })
    const { commits } = await live([], make)
    for (let at = 1; at <= commits; at++)
      for (const isAfter of [false, true]) await checkLife(await live([{ at, isAfter }], make))
  })

  test('13.3 backoff goes on from its stored instant', async () => {
    const clock = createVirtualClock({ onError: () => {} })
    const store = memoryBackend({ clock, ids: createSeededIds(1) })
    const begun: number[] = []
    const work = new Workflow({
      name: 'backoff',
      steps: [
        new Step({
          name: 'a',
          retry: { maxAttempts: 2, delay: 50, jitter: false },
          action: (ctx) => {
            begun.push(clock.now())
            if (ctx.attempt === 1) throw new Error('no')
            return ctx.attempt
          },
        }),
      ],
    })
    const first = createEngine({ backend: store, clock, ids: createSeededIds(2), executorId: 'one', onError: () => {} })
    const run = await first.start(work)
    await clock.advance(10_000)
    const closing = first.close({ drainMs: 1_000 })
    await clock.advance(1_000)
    await closing
    await clock.advance(30_000)
    const next = createEngine({ backend: store, clock, ids: createSeededIds(3), executorId: 'two', workflows: [work] })
    await next.recover()
    await clock.advance(20_000)
    expect((await next.result(run.id)).output).toBe(2)
    expect((begun[1] ?? 0) - (begun[0] ?? 0)).toBe(50_000)
  })
})
