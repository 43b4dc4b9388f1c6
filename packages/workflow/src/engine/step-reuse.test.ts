import type { AgentRunner, StepCache, StepCacheEntry } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { Step } from '../builder/step.ts'
import type { StepOptions } from '../builder/step-options.ts'
import { Workflow } from '../builder/workflow.ts'
import type { WorkflowOptions } from '../builder/workflow-options.ts'
import { v } from '../contracts/validators.ts'
import { Schema } from '../contracts/schema.ts'
import { t } from '../contracts/field-type.ts'
import { loadDocument } from '../documents/load-document.ts'
import type { StepAction } from '../step/step-context.ts'
import { dyingBackend } from './__fixtures__/dying-backend.ts'
import { pricedModel, setupEngine } from './__fixtures__/engine-setup.ts'

const HOUR_MS = 3_600_000

/** A step whose output may be reused for an hour. */
const kept = (name: string, action: StepAction, options: Partial<StepOptions> = {}): Step =>
  new Step({ name, action, effect: 'pure', cache: { ttlMs: HOUR_MS }, ...options })
const flowOf = (steps: readonly Step[], options: Partial<WorkflowOptions> = {}): Workflow =>
  new Workflow({ name: 'test', steps, ...options })

/** An action that counts how often it was asked, and gives what it was given. */
function counted(value: (number: number) => unknown = (number) => number): {
  action: StepAction
  readonly calls: number
} {
  const count = { calls: 0 }
  return {
    action: () => value((count.calls += 1)),
    get calls() {
      return count.calls
    },
  }
}

/** A cache that shows what is in it. */
function openCache(): { cache: StepCache; entries: Map<string, StepCacheEntry> } {
  const entries = new Map<string, StepCacheEntry>()
  return {
    entries,
    cache: { get: (key) => structuredClone(entries.get(key)), set: (key, entry) => void entries.set(key, entry) },
  }
}

describe('2.1 cache of a step', () => {
  test('W-9 a step that is given the same does not act again until its time is over', async () => {
    const { engine, clock } = setupEngine()
    const work = counted()
    const workflow = flowOf([kept('a', work.action)])
    expect((await engine.run(workflow, { q: 1 })).output).toBe(1)
    await clock.advance(HOUR_MS - 1)
    expect((await engine.run(workflow, { q: 1 })).output).toBe(1)
    expect((await engine.run(workflow, { q: 2 })).output).toBe(2)
    await clock.advance(1)
    expect((await engine.run(workflow, { q: 1 })).output).toBe(3)
    expect((await engine.run(workflow, { q: 1 })).output).toBe(3)
    expect(work.calls).toBe(3)
  })

  test('W-9 a hit has a receipt that says so, costs nothing and sends nothing', async () => {
    const model = pricedModel(['Paris', 'never'])
    const { engine, eventsOf, backend } = setupEngine({ models: [model] })
    const workflow = flowOf([new Step({ name: 'a', prompt: 'Capital of {{country}}?', cache: { ttlMs: HOUR_MS } })])
    const first = await engine.run(workflow, { country: 'France' })
    // No budget has room for a call.
    const again = await engine.run(
      workflow,
      { country: 'France', other: 1 },
      { budget: { maxCalls: 0, maxCostUsd: 0 } },
    )
    expect([first.output, again.output, again.status]).toEqual(['Paris', 'Paris', 'completed'])
    expect(model.calls).toHaveLength(1)
    expect(first.totalCostNanoUsd).toBeGreaterThan(0)
    expect(again.totalCostNanoUsd).toBe(0)
    expect(again.receipts).toMatchObject([
      {
        runId: again.runId,
        stepKey: 'a@1',
        decision: { modelId: model.id },
        execution: { status: 'success', cached: true, actualCostNanoUsd: 0, actualLatencyMs: 0, hops: [] },
      },
    ])
    expect(again.receipts[0]?.receiptId).not.toBe(first.receipts[0]?.receiptId)
    expect(again.steps['a']).toMatchObject({
      costUsd: 0,
      modelId: model.id,
      receiptIds: [again.receipts[0]?.receiptId],
    })
    expect((await engine.receipts({ runId: again.runId })).map(({ execution }) => execution.cached)).toEqual([true])
    expect((await backend.read(again.runId)).ledger).toEqual([])
    const [ended] = (await eventsOf(again.runId)).filter(({ type }) => type === 'step_completed')
    expect(ended?.data).toMatchObject({ cached: true, cost_usd: 0, output: 'Paris' })
    expect((await eventsOf(first.runId)).some(({ data }) => 'cached' in data)).toBe(false)
    const { task } = await engine.tasks.get(again.taskId)
    expect(task.callCount).toBe(0)
  })

  test('W-9 a tenant is never given what belongs to another', async () => {
    const { engine } = setupEngine()
    const work = counted()
    const workflow = flowOf([kept('a', work.action)])
    const outputs = []
    for (const tenantId of ['a', 'b', 'a', 'b'])
      outputs.push((await engine.run(workflow, { q: 1 }, { tenantId })).output)
    expect(outputs).toEqual([1, 2, 1, 2])
  })

  test('W-9 a change of another step leaves it, a change of what the step does makes it anew', async () => {
    const model = pricedModel(['one', 'two', 'three'])
    const { engine } = setupEngine({ models: [model] })
    const ask = (prompt: string, options: Partial<StepOptions> = {}): Step =>
      new Step({ name: 'a', prompt, cache: { ttlMs: HOUR_MS }, ...options })
    const run = async (steps: readonly Step[]): Promise<unknown> => (await engine.run(flowOf(steps))).outputs['a']
    expect(await run([ask('Say.')])).toBe('one')
    expect(await run([ask('Say.'), new Step({ name: 'b', action: () => 1 })])).toBe('one')
    expect(await run([ask('Say it.')])).toBe('two')
    expect(await run([ask('Say.', { modelOptions: { temperature: 1 } })])).toBe('three')
    expect(await run([ask('Say.', { retry: { maxAttempts: 5 }, timeout: 9 })])).toBe('one')
  })

  test('W-9 all that a function may read tells outputs apart; readKeys says that it reads less', async () => {
    const { engine } = setupEngine()
    const work = counted()
    const options = { dependsOn: ['load'], writeKeys: [] }
    const load = new Step({ name: 'load', action: (ctx) => ctx.input['doc'] })
    const wide = flowOf([load, kept('a', work.action, options)])
    const narrow = flowOf([load, kept('b', work.action, { ...options, readKeys: ['load'] })])
    const run = async (workflow: Workflow, doc: string, request: number): Promise<unknown> =>
      (await engine.run(workflow, { doc, request })).output
    expect([await run(wide, 'x', 1), await run(wide, 'x', 1), await run(wide, 'x', 2)]).toEqual([1, 1, 2])
    expect([await run(narrow, 'x', 1), await run(narrow, 'x', 2), await run(narrow, 'y', 2)]).toEqual([3, 3, 4])
  })

  test('W-9 key tells outputs apart besides', async () => {
    const { engine } = setupEngine()
    const work = counted()
    const run = async (key?: string): Promise<unknown> => {
      const cache = key === undefined ? { ttlMs: HOUR_MS } : { ttlMs: HOUR_MS, key }
      return (await engine.run(flowOf([kept('a', work.action, { cache })]))).output
    }
    expect([await run(), await run('v1'), await run('v2'), await run('v1'), await run()]).toEqual([1, 2, 3, 2, 1])
  })

  test('W-9 C-1 only what passed the contract is kept, and the contract is applied again where it is used', async () => {
    const { cache, entries } = openCache()
    const { engine } = setupEngine({ stepCache: cache })
    const work = counted((number) => ({ score: number === 1 ? 2 : number / 10 }))
    const bounded = (max: number): Schema =>
      new Schema({ score: t.float }, { validators: { score: [v.range({ min: 0, max })] } })
    const workflow = (max: number): Workflow =>
      flowOf([kept('a', work.action, { outputContract: bounded(max), retry: { maxAttempts: 1 } })])
    expect((await engine.run(workflow(1))).status).toBe('failed')
    expect(entries.size).toBe(0)
    expect((await engine.run(workflow(1))).output).toEqual({ score: 0.2 })
    expect((await engine.run(workflow(1))).output).toEqual({ score: 0.2 })
    expect(work.calls).toBe(2)
    // What is in the cache is not good enough any more, whoever put it there.
    for (const [key, entry] of entries) entries.set(key, { ...entry, output: { score: 7 } })
    const result = await engine.run(workflow(1))
    expect(result.output).toEqual({ score: 0.3 })
    expect(result.receipts).toEqual([])
    expect((await engine.run(workflow(1))).output).toEqual({ score: 0.3 })
  })

  test('C-1 W-9 what a contract makes of an output is the same on a hit', async () => {
    const model = pricedModel(['{"n": 1}'])
    const { engine } = setupEngine({ models: [model] })
    const outputContract = z.object({ n: z.number() }).transform(({ n }) => ({ next: n + 1 }))
    const count = counted(() => ({ n: 1 }))
    const workflow = flowOf([
      kept('a', count.action, { outputContract }),
      new Step({ name: 'b', prompt: 'Give n.', outputContract, cache: { ttlMs: HOUR_MS } }),
    ])
    for (let run = 0; run < 2; run++)
      expect((await engine.run(workflow)).outputs).toEqual({ a: { next: 2 }, b: { next: 2 } })
    expect([count.calls, model.calls.length]).toEqual([1, 1])
  })

  test('W-9 what a step wrote to the state is written again on a hit', async () => {
    const { engine } = setupEngine()
    const workflow = flowOf([
      kept('a', (ctx) => {
        ctx.state.set('seen', 7)
        return 1
      }),
    ])
    await engine.run(workflow)
    const { state, receipts } = await engine.run(workflow)
    expect(receipts).toHaveLength(1)
    expect(state).toEqual({ a: 1, seen: 7 })
  })

  test('W-9 a failure and a skip are not kept', async () => {
    const { cache, entries } = openCache()
    const { engine } = setupEngine({ stepCache: cache })
    const failing = kept('a', () => Promise.reject(new Error('no')), { retry: { maxAttempts: 1 }, onFailure: 'skip' })
    const skipping = kept('b', () => import('../step/step-context.ts').then(({ SKIP }) => SKIP))
    await engine.run(flowOf([failing, skipping]))
    expect(entries.size).toBe(0)
  })

  test('W-9 what a later attempt gave is kept for the first', async () => {
    const model = pricedModel(['bad', '{"n": 1}'])
    const { engine } = setupEngine({ models: [model] })
    const workflow = flowOf([
      new Step({
        name: 'a',
        prompt: 'Give n.',
        outputContract: z.object({ n: z.number() }),
        cache: { ttlMs: HOUR_MS },
      }),
    ])
    expect((await engine.run(workflow)).output).toEqual({ n: 1 })
    expect((await engine.run(workflow)).output).toEqual({ n: 1 })
    expect(model.calls).toHaveLength(2)
  })

  test('W-9 an output is not kept when what it may have read changed meanwhile', async () => {
    const { cache, entries } = openCache()
    const { engine } = setupEngine({ stepCache: cache })
    const order: string[] = []
    let write = (): void => {}
    const written = new Promise<void>((resolve) => (write = resolve))
    const reader = kept(
      'reader',
      async (ctx) => {
        await written
        return ctx.state.get('other', null)
      },
      { parallel: true },
    )
    const other = new Step({ name: 'other', parallel: true, action: () => void order.push('other') })
    const after = new Step({ name: 'after', parallel: true, dependsOn: ['other'], action: () => write() })
    await engine.run(flowOf([reader, other, after]))
    expect(entries.size).toBe(0)
  })

  test('4.2 W-9 items are reused one by one', async () => {
    const { engine } = setupEngine()
    const seen: unknown[] = []
    const action: StepAction = (ctx) => {
      seen.push(ctx.item)
      return `${String(ctx.item)}!`
    }
    const workflow = flowOf([kept('a', action, { foreach: 'list', readKeys: ['list'] })])
    const narrow = flowOf([kept('a', action, { foreach: 'list', readKeys: [] })])
    await engine.run(workflow, { list: ['x', 'y'] })
    const { output, receipts } = await engine.run(workflow, { list: ['x', 'y'] })
    expect(output).toEqual(['x!', 'y!'])
    expect(receipts.map(({ stepKey }) => stepKey)).toEqual(['a@1#0', 'a@1#1'])
    expect(seen).toEqual(['x', 'y'])
    expect(narrow.validate()).not.toEqual([])
  })

  test('W-9 an agent is asked again in another session', async () => {
    const requests: unknown[] = []
    const agent: AgentRunner = {
      id: 'desk',
      kind: 'agent',
      async run({ sessionId }) {
        requests.push(sessionId)
        const usage = { inputTokens: 0, outputTokens: 0 }
        return { status: 'completed', output: requests.length, usage, costNanoUsd: 5, receiptIds: ['of the agent'] }
      },
    }
    const { engine } = setupEngine({ agents: [agent] })
    const workflow = flowOf([
      new Step({ name: 'a', agent: 'desk', prompt: 'Look.', effect: 'pure', cache: { ttlMs: HOUR_MS } }),
    ])
    const outputs = []
    for (const sessionId of ['s', 's', 't']) outputs.push((await engine.run(workflow, {}, { sessionId })).output)
    expect(outputs).toEqual([1, 1, 2])
  })

  test('W-9 what is less than was asked for is not kept', async () => {
    const fails = new Step({
      name: 'b',
      action: () => Promise.reject(new Error('no')),
      retry: { maxAttempts: 1 },
      onFailure: 'skip',
    })
    const child = new Workflow({ name: 'child', steps: [fails] })
    const { cache, entries } = openCache()
    const { engine } = setupEngine({ stepCache: cache, workflows: [child] })
    const call = new Step({ name: 'a', workflow: 'child', effect: 'pure', cache: { ttlMs: HOUR_MS } })
    expect((await engine.run(flowOf([call]))).status).toBe('partial')
    expect(entries.size).toBe(0)
  })

  test('W-9 without an engine of its own a workflow keeps nothing from run to run', async () => {
    const work = counted()
    const workflow = flowOf([kept('a', work.action)])
    expect([(await workflow.run()).output, (await workflow.run()).output]).toEqual([1, 2])
  })

  test('W-9 a cache that fails, gives nonsense or does not answer is told of, and no step fails by it', async () => {
    for (const cache of [
      { get: () => Promise.reject(new Error('down')), set: () => Promise.reject(new Error('down')) },
      { get: () => ({ output: undefined }) as never, set: () => {} },
    ]) {
      const { engine, errors } = setupEngine({ stepCache: cache })
      expect((await engine.run(flowOf([kept('a', () => 1)]))).output).toBe(1)
      expect(errors[0]).toMatchObject({ message: expect.stringMatching(/cache/) })
    }
    const { engine, errors, clock } = setupEngine({ stepCache: { get: () => new Promise(() => {}), set: () => {} } })
    const running = engine.run(flowOf([kept('a', () => 1)]))
    await clock.advance(999)
    expect(errors).toEqual([])
    await clock.advance(1)
    expect((await running).output).toBe(1)
    expect(errors).toMatchObject([{ code: 'store_unavailable', message: expect.stringContaining('over 1000 ms') }])
  })

  test('W-9 a step of less patience does not take what is older', async () => {
    const { engine, clock } = setupEngine()
    const work = counted()
    const workflow = (ttlMs: number): Workflow => flowOf([kept('a', work.action, { cache: { ttlMs } })])
    await engine.run(workflow(1_000))
    await clock.advance(100)
    expect((await engine.run(workflow(1_000))).output).toBe(1)
    expect((await engine.run(workflow(100))).output).toBe(2)
  })

  test('13.3 W-9 a hit is a completed step like any other: after a crash it is read', async () => {
    const { cache, entries } = openCache()
    const { backend, engine, clock, restart } = setupEngine({ stepCache: cache })
    const work = counted()
    const workflow = (): Workflow =>
      flowOf([kept('a', work.action), new Step({ name: 'b', dependsOn: ['a'], action: () => 'end' })])
    // Whatever commit is the last one: the step is reused, or read, and has one receipt of that.
    await engine.run(workflow())
    for (let dieAt = 1; dieAt <= 3; dieAt++) {
      const dying = dyingBackend(backend, dieAt, true)
      const runId = `run${dieAt}`
      await restart({ backend: dying.backend }).start(workflow(), {}, { runId })
      await clock.advance(0)
      expect(dying.isDead).toBe(true)
      await clock.advance(31_000)
      const isEnded = (await backend.read(runId)).stepRuns.some(({ stepKey }) => stepKey === 'a@1')
      const left = new Map(entries)
      if (isEnded) entries.clear()
      const next = restart({ workflows: [workflow()] })
      await next.recover()
      const result = await next.result(runId)
      expect(result).toMatchObject({ status: 'completed', receipts: [{ execution: { cached: true } }] })
      expect(result.receipts).toHaveLength(1)
      for (const [key, entry] of left) entries.set(key, entry)
    }
    expect(work.calls).toBe(1)
  })

  test('12.3 W-9 a dry replay repeats a hit, and a fork copies it', async () => {
    const model = pricedModel(['one', 'two'])
    const { engine, clock } = setupEngine({ models: [model] })
    const work = counted()
    const workflow = flowOf([
      kept('a', work.action),
      new Step({ name: 'b', prompt: 'Say {{steps.a.output}}.', cache: { ttlMs: HOUR_MS } }),
      new Step({ name: 'c', dependsOn: ['b'], action: (ctx) => ctx.inputs['b'] }),
    ])
    const first = await engine.run(workflow)
    const second = await engine.run(workflow)
    expect(second.receipts.map(({ execution }) => execution.cached)).toEqual([true, true])
    for (const { runId } of [first, second]) {
      const replaying = engine.replay(runId, { mode: 'dry' })
      await clock.runToRest()
      expect(await replaying).not.toHaveProperty('difference')
    }
    expect([work.calls, model.calls.length]).toEqual([1, 1])
    const fork = await engine.fork(second.runId, { fromStep: 'c' })
    const { output, receipts } = await engine.result(fork.id)
    expect(output).toBe('one')
    expect(receipts.map(({ execution }) => [execution.cached, execution.replayed])).toEqual([
      [true, true],
      [true, true],
    ])
    // A rerun is a new run, and may reuse what is kept.
    const report = await engine.replay(first.runId, { mode: 'rerun' })
    if (report.mode === 'rerun') expect((await engine.result(report.run.id)).output).toBe('one')
    expect(model.calls).toHaveLength(1)
  })

  test('W-6 W-9 a step with an effect, and a step that only leads on, may not have a cache', () => {
    const problems = (yaml: string): unknown => loadDocument(yaml).problems
    const head = 'parley: 1\nname: w\nsteps:\n'
    expect(problems(`${head}  - { id: a, tool: rest://crm.add, cache: { ttl_ms: 10 } }`)).toContainEqual(
      expect.objectContaining({
        code: 'document_invalid',
        path: 'steps.a.cache',
        line: 4,
        message: expect.stringContaining('is effectful'),
        fix: expect.stringContaining('"effect": "pure"'),
      }),
    )
    expect(problems(`${head}  - { id: a, wait: approval, cache: { ttl_ms: 10 } }`)).toContainEqual(
      expect.objectContaining({ path: 'steps.a.cache', fix: 'Remove "cache".' }),
    )
    expect(problems(`${head}  - { id: a, prompt: p, cache: { ttl_ms: 10 } }`)).toEqual([])
    const idempotent = flowOf([new Step({ name: 'a', action: () => 1, cache: { ttlMs: 1 } })])
    expect(idempotent.validate()).toMatchObject([
      { path: 'steps.a.cache', message: expect.stringContaining('is idempotent') },
    ])
    const region = new Step({
      name: 'a',
      steps: [new Step({ name: 'b', action: () => 1 })],
      effect: 'pure',
      cache: { ttlMs: 1 },
    })
    expect(flowOf([region]).validate()).toMatchObject([{ fix: expect.stringContaining('steps inside') }])
  })

  test('W-1 W-9 documents and code mean the same by it', async () => {
    const yaml = loadDocument(`parley: 1
name: w
version: "1"
steps:
  - { id: a, prompt: "Say {{input.q}}.", cache: { ttl_ms: 10, key: k } }
`)
    const json = loadDocument(
      JSON.stringify({
        parley: 1,
        name: 'w',
        version: '1',
        steps: [{ id: 'a', prompt: 'Say {{input.q}}.', cache: { ttl_ms: 10, key: 'k' } }],
      }),
    )
    const code = new Workflow({
      name: 'w',
      version: '1',
      parallel: true,
      steps: [new Step({ name: 'a', prompt: 'Say {{input.q}}.', cache: { ttlMs: 10, key: 'k' } })],
    })
    expect(new Set([yaml, json, code.compiled].map(({ definition }) => definition.hash)).size).toBe(1)
    const model = pricedModel(['one', 'two'])
    const { engine } = setupEngine({ models: [model] })
    for (const workflow of [yaml, json, code]) expect((await engine.run(workflow, { q: 1 })).output).toBe('one')
    expect(model.calls).toHaveLength(1)
  })
})
