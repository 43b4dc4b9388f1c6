import type { BudgetSpec } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { loadDocument } from '../documents/load-document.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { RegisteredFunction, StepAction } from '../step/step-context.ts'
import { setupEngine } from './__fixtures__/engine-setup.ts'

/** A loop over `a` and a check of it, until `a` has run `passes` times: two visits a pass, and one of the end. */
function loop(passes: number, budget?: object, more: object = {}): { workflow: CompiledWorkflow; ran: () => number } {
  let ran = 0
  const actions: { [name: string]: StepAction } = { a: () => (ran += 1), done: () => 'done' }
  const functions = new Map<string, RegisteredFunction>(
    Object.entries(actions).map(([name, run]) => [name, { name, version: '1', run }]),
  )
  const flow = {
    start: 'a',
    steps: [
      { id: 'a', kind: 'fn', action: 'a', next: 'check' },
      { id: 'check', kind: 'if', condition: `state.a < ${passes}`, then: 'a', else: 'done' },
      { id: 'done', kind: 'fn', action: 'done' },
    ],
  }
  const document = { parley: 1, name: 'loop', ...flow, ...(budget === undefined ? {} : { budget }), ...more }
  const workflow = loadDocument(document, { functions })
  expect(workflow.problems).toEqual([])
  return { workflow, ran: () => ran }
}

/** The same loop as the region of a step. */
function inRegion(passes: number, budget: object): ReturnType<typeof loop> {
  const { workflow, ran } = loop(passes)
  const functions = new Map(workflow.functions)
  const outer = loadDocument(
    {
      parley: 1,
      name: 'outer',
      steps: [
        {
          id: 'inner',
          kind: 'region',
          budget,
          region: {
            start: 'a',
            steps: [
              { id: 'a', kind: 'fn', action: 'a', next: 'check' },
              { id: 'check', kind: 'if', condition: `state.a < ${passes}`, then: 'a', else: 'done' },
              { id: 'done', kind: 'fn', action: 'done' },
            ],
          },
        },
      ],
    },
    { functions },
  )
  expect(outer.problems).toEqual([])
  return { workflow: outer, ran }
}

describe('9 maxVisits', () => {
  test('9 a run that fits is not told of it, one visit more and it stops', async () => {
    const { engine, backend } = setupEngine()
    const fits = await engine.run(loop(3, { max_visits: 7 }).workflow)
    expect(fits.status).toBe('completed')
    const { workflow, ran } = loop(3, { max_visits: 6 })
    const over = await engine.run(workflow)
    expect(over).toMatchObject({
      status: 'budget_exceeded',
      error: { code: 'budget_exceeded', exceeded: 'max_visits', step: 'done' },
    })
    expect(ran()).toBe(3)
    const { ledger } = await backend.read(over.runId)
    expect(ledger.filter(({ kind }) => kind === 'reserve')).toHaveLength(6)
    expect(ledger.filter(({ kind }) => kind === 'settle')).toHaveLength(6)
  })

  test('9 nothing is booked where no envelope counts visits', async () => {
    const { engine, backend } = setupEngine()
    const { runId } = await engine.run(loop(3, { max_calls: 5 }).workflow)
    expect((await backend.read(runId)).ledger).toEqual([])
  })

  test('9 pause: the run is put aside before the node; a raised budget lets it go on, in this process and in the next', async () => {
    for (const isRestarted of [false, true]) {
      const { engine, restart } = setupEngine()
      const { workflow, ran } = loop(4, { max_visits: 4, on_exceed: 'pause' })
      const { runId, status } = await engine.run(workflow)
      expect([status, ran()]).toEqual(['paused', 2])
      expect((await engine.get(runId))?.pauseReason).toBe('budget')
      const next = isRestarted ? restart({ workflows: [workflow] }) : engine
      await next.resume(runId)
      expect((await next.result(runId)).status).toBe('paused')
      expect(ran()).toBe(2)
      // What was visited before counts: nine in all.
      await next.resume(runId, { budget: { maxVisits: 8, onExceed: 'pause' } })
      expect((await next.result(runId)).status).toBe('paused')
      await next.resume(runId, { budget: { maxVisits: 9, onExceed: 'pause' } })
      expect((await next.result(runId)).status).toBe('completed')
      expect(ran()).toBe(4)
    }
  })

  test('9 warn: an event at 80 % and at the cap, and the run goes on', async () => {
    const { engine, eventsOf } = setupEngine()
    const { runId, status } = await engine.run(loop(4, { max_visits: 5, on_exceed: 'warn' }).workflow)
    expect(status).toBe('completed')
    const warnings = (await eventsOf(runId)).filter(({ type }) => type === 'budget_warning')
    expect(warnings.map(({ data }) => data['share'])).toEqual([0.8, 1])
  })

  test('9 a downgrade saves no visits and is refused', async () => {
    const { engine } = setupEngine()
    const budget: BudgetSpec = { maxVisits: 5, onExceed: 'downgrade' }
    await expect(engine.start(loop(1).workflow, {}, { budget })).rejects.toMatchObject({ code: 'budget_invalid' })
  })

  test('9 the envelope of a step counts what is visited inside of it, that of a task over its runs', async () => {
    const { engine } = setupEngine()
    expect((await engine.run(inRegion(3, { max_visits: 7 }).workflow)).status).toBe('completed')
    const over = await engine.run(inRegion(3, { max_visits: 6 }).workflow)
    expect(over).toMatchObject({ status: 'budget_exceeded', error: { exceeded: 'max_visits' } })
    const { id } = engine.tasks.create({ budget: { maxVisits: 10 } })
    expect((await engine.run(loop(3).workflow, {}, { taskId: id })).status).toBe('completed')
    expect((await engine.run(loop(3).workflow, {}, { taskId: id })).error?.exceeded).toBe('max_visits')
  })
})
