import type { AgentRunner } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import type { Engine } from './create-engine.ts'
import { heldWork, setupEngine, type EngineSetup } from './__fixtures__/engine-setup.ts'
import { workflowRunner } from './workflow-runner.ts'

const review = new Workflow({ name: 'review', steps: [new Step({ name: 'ask', action: wait.approval() })] })
const call = (name: string, workflow = 'review', more: object = {}): Step =>
  new Step({ name, workflow, parallel: true, ...more })
const flowOf = (name: string, steps: readonly Step[]): Workflow => new Workflow({ name, steps })

/** A run that is at work until the test ends it. */
function held(): { workflow: Workflow; begun: () => boolean; end: () => void } {
  const work = heldWork()
  let hasBegun = false
  const action = (): Promise<string> => {
    hasBegun = true
    return work.promise
  }
  return {
    workflow: flowOf('held', [new Step({ name: 'hold', action })]),
    begun: () => hasBegun,
    end: () => work.end('done'),
  }
}

/** One run at once, and workflows that others name. */
function lineOf(workflows: readonly Workflow[] = [], runsPerTenant = 1): EngineSetup {
  return setupEngine({ limits: { runsPerTenant }, workflows: [review, ...workflows] })
}

const answer = (engine: Engine, { waits }: EngineSetup, index = 0): Promise<unknown> =>
  engine.resolveWait({ token: waits[index]?.token ?? '' })

describe('4.6 a run whose child waits holds no place', () => {
  test('4.6 17 others work meanwhile; it goes on before those that have not begun, in a place', async () => {
    const setup = lineOf()
    const { engine, clock } = setup
    const parent = await engine.start(flowOf('outer', [call('a')]))
    await clock.advance(0)
    expect(engine.queue()).toEqual({ running: 0, queued: [] })
    expect((await engine.get(parent.id))?.status).toBe('running')
    const first = held()
    const second = held()
    const one = await engine.start(first.workflow)
    const two = await engine.start(second.workflow)
    await clock.advance(0)
    expect([first.begun(), second.begun()]).toEqual([true, false])
    await answer(engine, setup)
    await clock.advance(0)
    expect(engine.queue()).toEqual({ running: 1, queued: [parent.id, two.id] })
    expect((await engine.list({ workflow: 'review' })).runs[0]?.status).toBe('waiting')
    first.end()
    await engine.result(one.id)
    expect((await engine.result(parent.id)).status).toBe('completed')
    await clock.advance(0)
    expect(second.begun()).toBe(true)
    second.end()
    await engine.result(two.id)
    expect(engine.queue()).toEqual({ running: 0, queued: [] })
  })

  test('4.6 it keeps its place as long as another of its steps is at work', async () => {
    const setup = lineOf()
    const { engine, clock } = setup
    const busy = held()
    const work = busy.workflow.compiled.functions.get('hold')?.run ?? (() => null)
    await engine.start(flowOf('outer', [call('a'), new Step({ name: 'b', parallel: true, action: work })]))
    await clock.advance(0)
    expect(engine.queue()).toMatchObject({ running: 1 })
    busy.end()
    await clock.advance(0)
    expect(engine.queue()).toMatchObject({ running: 0 })
  })

  test('4.6 a step of its own that is answered goes on when there is a place', async () => {
    const setup = lineOf()
    const { engine, clock, waits } = setup
    let hasActed = false
    const parent = await engine.start(
      flowOf('outer', [
        call('a'),
        new Step({ name: 'own', parallel: true, action: wait.approval() }),
        new Step({ name: 'after', parallel: true, dependsOn: ['own'], action: () => (hasActed = true) }),
      ]),
    )
    await clock.advance(0)
    expect(engine.queue()).toMatchObject({ running: 0 })
    const other = held()
    const { id } = await engine.start(other.workflow)
    await clock.advance(0)
    const own = waits.findIndex(({ runId }) => runId === parent.id)
    await answer(engine, setup, own)
    await clock.advance(0)
    expect([hasActed, engine.queue().queued]).toEqual([false, [parent.id]])
    other.end()
    await engine.result(id)
    await clock.advance(0)
    expect(hasActed).toBe(true)
    // Its child still waits, so it rests again.
    await clock.advance(0)
    expect(engine.queue()).toEqual({ running: 0, queued: [] })
    await answer(engine, setup, 1 - own)
    expect((await engine.result(parent.id)).status).toBe('completed')
  })

  test('4.6 workflows in workflows, and items of a foreach, rest together', async () => {
    const middle = flowOf('middle', [call('b')])
    const setup = lineOf([middle])
    const { engine, clock, waits } = setup
    const nested = await engine.start(flowOf('outer', [call('a', 'middle')]))
    const items = await engine.start(
      flowOf('each', [call('a', 'review', { foreach: 'list', foreachConcurrency: 3 })]),
      { list: [1, 2, 3] },
    )
    await clock.advance(0)
    expect(waits).toHaveLength(4)
    expect(engine.queue()).toEqual({ running: 0, queued: [] })
    for (const index of waits.keys()) await answer(engine, setup, index)
    await clock.advance(0)
    for (const { id } of [nested, items]) expect((await engine.result(id)).status).toBe('completed')
    expect(engine.queue()).toEqual({ running: 0, queued: [] })
  })

  test('12.3 4.6 a cancel and a pause of it act at once, and take no place', async () => {
    for (const isInLine of [false, true]) {
      const setup = lineOf()
      const { engine, clock } = setup
      const cancelled = await engine.start(flowOf('outer', [call('a')]))
      const paused = await engine.start(flowOf('outer', [call('a')]))
      await clock.advance(0)
      const other = held()
      const { id } = await engine.start(other.workflow)
      await clock.advance(0)
      if (isInLine) for (const index of [0, 1]) await answer(engine, setup, index)
      await clock.advance(0)
      expect(engine.queue().queued).toEqual(isInLine ? [cancelled.id, paused.id] : [])
      expect((await engine.cancel(cancelled.id)).status).toBe('cancelled')
      expect((await engine.pause(paused.id)).status).toBe('paused')
      expect(engine.queue()).toEqual({ running: 1, queued: [] })
      await engine.resume(paused.id)
      await clock.advance(0)
      other.end()
      await engine.result(id)
      if (!isInLine) {
        await clock.advance(0)
        await answer(engine, setup, 1)
      }
      expect((await engine.result(paused.id)).status).toBe('completed')
      expect(engine.queue()).toEqual({ running: 0, queued: [] })
    }
  })

  test('4.6 a child that is cancelled lets it go on in a place, and rest again', async () => {
    for (const isInLine of [false, true]) {
      const setup = lineOf()
      const { engine, clock } = setup
      let hasActed = false
      const after = new Step({ name: 'after', parallel: true, dependsOn: ['a'], action: () => (hasActed = true) })
      const skipped = { onFailure: 'skip', retry: { maxAttempts: 1 } }
      const parent = await engine.start(
        flowOf('outer', [call('a', 'review', skipped), after, call('b', 'review', { dependsOn: ['after'] })]),
      )
      await clock.advance(0)
      const other = held()
      const { id } = await engine.start(other.workflow)
      await clock.advance(0)
      const [child] = (await engine.list({ workflow: 'review' })).runs
      if (isInLine) await answer(engine, setup)
      expect((await engine.cancel(child?.id ?? '')).status).toBe('cancelled')
      await clock.advance(0)
      expect([hasActed, engine.queue().queued]).toEqual([false, [parent.id]])
      other.end()
      await engine.result(id)
      await clock.advance(0)
      await clock.advance(0)
      expect([hasActed, engine.queue()]).toEqual([true, { running: 0, queued: [] }])
      await answer(engine, setup, 1)
      expect((await engine.result(parent.id)).status).toBe('partial')
    }
  })

  test('4.6 a workflow that is an agent of a run, and has waited, goes on in the place of that run', async () => {
    const agents: AgentRunner[] = []
    const agent: AgentRunner = {
      id: 'review',
      kind: 'workflow',
      run: async (request, options) => agents[0]?.run(request, options) ?? Promise.reject(new Error('not made')),
    }
    const setup = setupEngine({ limits: { runsPerTenant: 1 }, agents: [agent] })
    const { engine, clock } = setup
    agents.push(workflowRunner(engine, review))
    const parent = await engine.start(flowOf('outer', [new Step({ name: 'a', agent: 'review' })]))
    await clock.advance(0)
    // Whether an agent does something else meanwhile, nobody knows but the agent.
    expect(engine.queue()).toMatchObject({ running: 1 })
    await answer(engine, setup)
    expect((await engine.result(parent.id)).status).toBe('completed')
  })

  test('4.6 17 never more than the limit are at work, and all come to their end, whatever the order of answers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('plain', 'one', 'two', 'nested'), { minLength: 1, maxLength: 6 }),
        fc.infiniteStream(fc.nat(20)),
        async (shapes, picks) => {
          const atWork = new Map<string, number>()
          let most = 0
          const open: string[] = []
          const { engine, clock } = setupEngine({
            limits: { runsPerTenant: 2 },
            onWait: ({ token }) => void open.push(token),
          })
          const rootOf = async (runId: string): Promise<string> => {
            const parent = (await engine.get(runId))?.parent
            return parent === undefined ? runId : rootOf(parent.runId)
          }
          const work = (name: string, dependsOn: string[] = []): Step =>
            new Step({
              name,
              parallel: true,
              dependsOn,
              async action({ runId }) {
                const root = await rootOf(runId)
                atWork.set(root, (atWork.get(root) ?? 0) + 1)
                most = Math.max(most, [...atWork.values()].filter((count) => count > 0).length)
                await clock.sleep(5)
                atWork.set(root, (atWork.get(root) ?? 0) - 1)
                return 1
              },
            })
          const child = flowOf('child', [
            work('x'),
            new Step({ name: 'ask', parallel: true, dependsOn: ['x'], action: wait.approval() }),
            work('y', ['ask']),
          ])
          const middle = flowOf('middle', [call('c', 'child'), work('z', ['c'])])
          for (const workflow of [child, middle]) engine.register(workflow)
          const workflows: { [shape: string]: Workflow } = {
            plain: flowOf('plain', [work('a'), work('b', ['a'])]),
            one: flowOf('one', [call('a', 'child'), work('b', ['a'])]),
            two: flowOf('two', [call('a', 'child'), call('b', 'child'), work('c', ['a'])]),
            nested: flowOf('nested', [call('a', 'middle'), work('b', ['a'])]),
          }
          const runs = []
          for (const shape of shapes) runs.push(await engine.start(workflows[shape] ?? child))
          for (let turn = 0; turn < 200; turn++) {
            await clock.advance(3)
            const [token] = open.splice(Number(picks.next().value) % Math.max(1, open.length), 1)
            if (token !== undefined) await engine.resolveWait({ token })
          }
          for (const { id } of runs) expect((await engine.get(id))?.status).toBe('completed')
          expect(most).toBeLessThanOrEqual(2)
          expect(engine.queue()).toEqual({ running: 0, queued: [] })
        },
      ),
      { numRuns: 30 },
    )
  })
})
