import { createBudget } from '@parley/spec'
import type { RunnerEvent, RunnerRequest } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { heldWork, pricedModel, setupEngine } from './__fixtures__/engine-setup.ts'
import { workflowRunner } from './workflow-runner.ts'

const ask = (): Workflow =>
  new Workflow({ name: 'ask', steps: [new Step({ name: 'a', prompt: 'Say {{input.what}}' })] })

function setup(options: Parameters<typeof setupEngine>[0] = {}): ReturnType<typeof setupEngine> & {
  request: (more?: Partial<RunnerRequest>) => RunnerRequest
} {
  const made = setupEngine(options)
  const budget = createBudget('turn', 'turn_1', { maxCalls: 1 }, { clock: made.clock })
  return { ...made, request: (more = {}) => ({ input: { what: 'hi' }, budget, idempotencyKey: 'turn_1', ...more }) }
}

const signal = (): AbortSignal => new AbortController().signal

describe('PO-18', () => {
  test('PO-18 a workflow answers as an agent, and spends in the budget that it is given', async () => {
    const model = pricedModel(['hello'])
    const { engine, request } = setup({ models: [model] })
    const runner = workflowRunner(engine, ask())
    expect(runner).toMatchObject({ id: 'ask', kind: 'workflow' })
    const asked = request()
    const events: RunnerEvent[] = []
    const result = await runner.run(asked, { signal: signal(), onEvent: (event) => void events.push(event) })
    expect(result).toMatchObject({ status: 'completed', output: 'hello', text: 'hello' })
    expect(result.costNanoUsd).toBeGreaterThan(0)
    expect(asked.budget.envelopes[0]?.settled.calls).toBe(1)
    expect(events[0]).toMatchObject({ type: 'started', runId: result.runId })
    const over = await runner.run(request({ idempotencyKey: 'turn_2' }), { signal: signal() })
    expect(over).toMatchObject({ status: 'budgetExceeded', error: { code: 'budget_exceeded' } })
    expect(model.calls).toHaveLength(1)
  })

  test('PO-18 it is a step of kind agent of another workflow', async () => {
    const { engine, restart } = setup()
    const inner = new Workflow({
      name: 'inner',
      steps: [new Step({ name: 'a', action: (ctx) => ctx.inputs['n'] + 1 })],
    })
    const outer = restart({ agents: [workflowRunner(engine, inner, { id: 'counter' })] })
    const work = new Workflow({
      name: 'outer',
      steps: [new Step({ name: 'call', agent: 'counter', inputs: { n: { type: 'literal', value: 1 } } })],
    })
    expect((await outer.run(work)).output).toBe(2)
  })
})

describe('PO-19', () => {
  test('PO-19 a key that was seen before attaches to its run', async () => {
    const model = pricedModel(['hello'])
    const { engine, request } = setup({ models: [model] })
    const runner = workflowRunner(engine, ask())
    const first = await runner.run(request(), { signal: signal() })
    const second = await runner.run(request(), { signal: signal() })
    expect(second).toMatchObject({ status: 'completed', runId: first.runId })
    expect(model.calls).toHaveLength(1)
  })

  test('PO-19 an abort cancels the inner work within 2 s', async () => {
    const { engine, request, clock } = setup()
    const held = heldWork()
    const runner = workflowRunner(
      engine,
      new Workflow({ name: 'slow', steps: [new Step({ name: 'a', action: () => held.promise })] }),
    )
    const controller = new AbortController()
    const running = runner.run(request(), { signal: controller.signal })
    await clock.advance(10)
    controller.abort()
    await clock.advance(1_999)
    expect(await running).toMatchObject({ status: 'cancelled' })
  })

  test('PO-20 a wait inside suspends the caller, and is told', async () => {
    const { engine, request, clock, waits } = setup()
    const runner = workflowRunner(
      engine,
      new Workflow({ name: 'w', steps: [new Step({ name: 'a', action: wait.approval() })] }),
    )
    const events: RunnerEvent[] = []
    let result: unknown
    const running = runner
      .run(request(), { signal: signal(), onEvent: (event) => void events.push(event) })
      .then((end) => (result = end))
    await clock.advance(10)
    expect(result).toBeUndefined()
    expect(events.at(-1)).toEqual({ type: 'waiting', requestId: waits[0]?.wait.id, reason: 'approval' })
    await engine.resolveWait({ token: waits[0]?.token ?? '' }, { data: 1 })
    await running
    expect(result).toMatchObject({ status: 'completed', output: { data: 1 } })
  })
})

describe('14 templates by name', () => {
  test('14 the engine lists the templates and runs them by name and version', async () => {
    const answer = JSON.stringify({ citations: [] })
    const model = pricedModel([(request) => (request.output === undefined ? 'text' : answer)], {
      card: {
        quality: { reasoning: 1, other: 1, summarization: 1, extraction: 1, analysis: 1, creative: 1, code: 1 },
        latencyMs: { firstTokenP50: 10 },
        reasoning: true,
      },
    })
    const { engine } = setup({ models: [model] })
    expect(engine.templates.map(({ name }) => name)).toContain('research')
    const result = await engine.run('research', { goal: 'tea' })
    expect(result).toMatchObject({ status: 'completed', outputs: { summary: 'text', citations: [] } })
    expect((await engine.run('research@1', { goal: 'tea' })).definitionHash).toBe(result.definitionHash)
    await expect(engine.run('research@2')).rejects.toMatchObject({ code: 'document_unknown' })
    await expect(engine.run('nothing')).rejects.toMatchObject({ code: 'document_unknown' })
    await expect(engine.run('research', {})).rejects.toMatchObject({ code: 'contract_input' })
  })
})
