import type { ChatModel } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import { CallGate } from './call-gate.ts'
import type { EngineOptions } from './engine-options.ts'
import { pricedModel, setupEngine, type EngineSetup } from './__fixtures__/engine-setup.ts'

/** As many steps at once, each with a call. */
const wide = (name: string, count: number, more: object = {}): Workflow =>
  new Workflow({
    name,
    parallel: true,
    steps: Array.from({ length: count }, (_, index) => new Step({ name: `s${index}`, prompt: 'Say it', ...more })),
  })

interface Watched extends EngineSetup {
  /** Calls at once at the most, by provider. */
  most: { [provider: string]: number }
  models: ChatModel[]
}

/** Two models of two providers that take 10 ms for an answer. */
function setup(limits: NonNullable<EngineOptions['limits']>): Watched {
  const base = setupEngine()
  const running: { [provider: string]: number } = {}
  const most: { [provider: string]: number } = {}
  const models = ['one/a', 'two/b'].map((id): ChatModel => {
    const model = pricedModel(['ok'], { id, ttftMs: 10, clock: base.clock })
    const [provider = ''] = id.split('/')
    return {
      ...model,
      id: model.id,
      card: model.card,
      async *stream(request, options) {
        running[provider] = (running[provider] ?? 0) + 1
        most[provider] = Math.max(most[provider] ?? 0, running[provider])
        for await (const part of model.stream(request, options)) {
          if (part.type === 'end') running[provider] -= 1
          yield part
        }
      },
    }
  })
  return { ...base, engine: base.restart({ models, limits }), most, models }
}

describe('4.1.3 calls of models at once', () => {
  test('4.1.3 per provider, over steps and runs', async () => {
    const { engine, most, clock } = setup({ modelCallsPerProvider: 2 })
    const runs = [wide('x', 5, { model: 'one/a' }), wide('y', 3, { model: 'two/b' }), wide('z', 2, { model: 'one/a' })]
    const results = runs.map(async (workflow) => engine.run(workflow))
    await clock.runToRest()
    for (const result of await Promise.all(results)) expect(result.status).toBe('completed')
    expect(most).toEqual({ one: 2, two: 2 })
    // Seven calls of 10 ms, two at once.
    expect(clock.monotonicMs()).toBe(40)
  })

  test('4.1.3 per tenant, over providers; other tenants are no matter', async () => {
    const { engine, most, clock } = setup({ modelCallsPerTenant: 1 })
    const results = [
      engine.run(wide('x', 2, { model: 'one/a' }), {}, { tenantId: 'a' }),
      engine.run(wide('y', 2, { model: 'two/b' }), {}, { tenantId: 'a' }),
      engine.run(wide('x', 2, { model: 'one/a' }), {}, { tenantId: 'b' }),
    ]
    await clock.runToRest()
    for (const result of await Promise.all(results)) expect(result.status).toBe('completed')
    expect(clock.monotonicMs()).toBe(40)
    expect(most['one']).toBe(2)
  })

  test('4.1.3 without a limit nothing waits', async () => {
    const { engine, most, clock } = setup({})
    const result = engine.run(wide('x', 20, { model: 'one/a' }))
    await clock.runToRest()
    expect((await result).status).toBe('completed')
    expect(most['one']).toBe(20)
  })

  test('4.1.3 the time in line is not the time of the model', async () => {
    const { engine, clock } = setup({ modelCallsPerProvider: 1 })
    const running = engine.run(wide('x', 3, { model: 'one/a' }))
    await clock.runToRest()
    const { receipts } = await running
    expect(receipts.map(({ execution }) => execution.hops[0]?.latencyMs)).toEqual([10, 10, 10])
    expect(receipts.map(({ execution }) => execution.firstTokenMs)).toEqual([10, 10, 10])
  })

  test('4.1.3 models that race, and drafts with their verifiers, stand in line too', async () => {
    for (const strategy of ['race', 'speculative'] as const) {
      const { engine, clock, most } = setup({ modelCallsPerTenant: 1 })
      const running = engine.run(wide('x', 2, { strategy }))
      await clock.runToRest()
      const result = await running
      expect(result.status).toBe('completed')
      expect(Math.max(...Object.values(most))).toBe(1)
    }
  })

  test('12.3 a run that is cancelled leaves the line, and holds nothing', async () => {
    const { engine, clock, backend } = setup({ modelCallsPerProvider: 1 })
    const run = await engine.start(wide('x', 3, { model: 'one/a' }))
    await clock.advance(5)
    const cancelling = engine.cancel(run.id)
    await clock.advance(2_000)
    expect((await cancelling).status).toBe('cancelled')
    const { ledger } = await backend.read(run.id)
    const open = ledger.filter(
      ({ kind, key }) => kind === 'reserve' && !ledger.some((end) => end.kind !== 'reserve' && end.key === key),
    )
    expect(open).toEqual([])
    const next = engine.run(wide('y', 1, { model: 'one/a' }))
    await clock.runToRest()
    expect((await next).status).toBe('completed')
  })

  test('4.1.3 a place is given back once', async () => {
    const gate = new CallGate({ perProvider: 1, perTenant: 1 })
    const { signal } = new AbortController()
    const place = { provider: 'x', tenantId: 'a' }
    const leave = await gate.enter(place, signal)
    const begun: number[] = []
    const second = gate.enter(place, signal).then((end) => (begun.push(2), end))
    const third = gate.enter(place, signal).then(() => begun.push(3))
    leave()
    leave()
    await second
    expect(begun).toEqual([2])
    ;(await second)()
    await third
    expect(begun).toEqual([2, 3])
  })
})
