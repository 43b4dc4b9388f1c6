import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { heldWork, setupEngine } from './__fixtures__/engine-setup.ts'

const one = (action: ConstructorParameters<typeof Step>[0]): Workflow =>
  new Workflow({ name: 'one', steps: [new Step(action as never)] })

describe('12.3 cancel', () => {
  test('12.3 before the first step: nothing runs', async () => {
    let runs = 0
    const { engine, eventsOf } = setupEngine()
    const run = await engine.start(one({ name: 'a', action: () => (runs += 1) } as never))
    expect((await engine.cancel(run.id)).status).toBe('cancelled')
    expect(runs).toBe(0)
    expect((await eventsOf(run.id)).at(-1)?.type).toBe('run_cancelled')
  })

  test('12.3 in a step: its signal is aborted; one that does not listen is left after 1 s, and its result is discarded', async () => {
    const held = heldWork()
    let reason: unknown
    const { engine, clock, eventsOf } = setupEngine()
    const run = await engine.start(
      one({
        name: 'a',
        action: (ctx: { signal: AbortSignal }) => {
          ctx.signal.addEventListener('abort', () => (reason = ctx.signal.reason))
          return held.promise
        },
      } as never),
    )
    await clock.advance(0)
    let end: unknown
    const cancelling = engine.cancel(run.id, 'enough').then((record) => (end = record))
    await clock.advance(999)
    expect(reason).toMatchObject({ class: 'cancelled', message: 'The run was cancelled: enough.' })
    expect(end).toBeUndefined()
    await clock.advance(1)
    await cancelling
    expect(end).toMatchObject({ status: 'cancelled' })
    held.end('late')
    await clock.advance(1)
    const events = await eventsOf(run.id)
    expect(events.filter(({ type }) => type.startsWith('run_') && type !== 'run_started')).toHaveLength(1)
    expect(events.at(-1)?.type).toBe('run_cancelled')
    expect((await engine.result(run.id)).steps['a']?.output).toBeNull()
  })

  test('F-3 in a backoff: at once', async () => {
    const { engine, clock } = setupEngine()
    const work = one({
      name: 'a',
      retry: { maxAttempts: 3, delay: 1000, jitter: false, maxDelay: 5000 },
      action: () => {
        throw new Error('no')
      },
    } as never)
    const run = await engine.start(work)
    await clock.advance(10)
    expect((await engine.cancel(run.id)).status).toBe('cancelled')
    expect((await engine.result(run.id)).steps['a']?.attempts).toHaveLength(1)
  })

  test('12.3 while it waits: the wait is closed, and takes no answer any more', async () => {
    const { engine, waits } = setupEngine()
    const result = await engine.run(one({ name: 'a', action: wait.approval() } as never))
    expect(result.status).toBe('waiting')
    expect((await engine.cancel(result.runId)).status).toBe('cancelled')
    await expect(engine.resolveWait({ token: waits[0]?.token ?? '' })).rejects.toMatchObject({ code: 'wait_expired' })
    expect((await engine.result(result.runId)).steps['a']?.status).toBe('cancelled')
  })

  test('12.3 while one step waits and another one works', async () => {
    const held = heldWork()
    const work = new Workflow({
      name: 'both',
      parallel: true,
      steps: [new Step({ name: 'a', action: wait.approval() }), new Step({ name: 'b', action: () => held.promise })],
    })
    const { engine, clock, backend } = setupEngine()
    const run = await engine.start(work)
    await clock.advance(0)
    const cancelling = engine.cancel(run.id)
    await clock.advance(1_000)
    expect((await cancelling).status).toBe('cancelled')
    const { waits, stepRuns } = await backend.read(run.id)
    expect(waits.map(({ status }) => status)).toEqual(['cancelled'])
    expect(stepRuns.map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
  })

  test('12.3 while it is paused; again it does nothing', async () => {
    const held = heldWork()
    const { engine, clock, eventsOf } = setupEngine()
    const run = await engine.start(one({ name: 'a', action: wait.approval() } as never))
    await engine.pause(run.id)
    held.end('x')
    await clock.advance(0)
    await engine.cancel(run.id)
    await engine.cancel(run.id)
    expect((await eventsOf(run.id)).filter(({ type }) => type === 'run_cancelled')).toHaveLength(1)
  })

  test('12.3 by the signal of the start, also when it is aborted before and while the run waits', async () => {
    const { engine, clock } = setupEngine()
    const early = await engine.run(one({ name: 'a', action: () => 1 } as never), {}, { signal: AbortSignal.abort() })
    expect(early.status).toBe('cancelled')
    const controller = new AbortController()
    const { runId } = await engine.run(one({ name: 'b', action: wait.approval() } as never), {}, controller)
    controller.abort()
    await clock.advance(0)
    expect((await engine.get(runId))?.status).toBe('cancelled')
  })

  test('12.3 an unknown run', async () => {
    const { engine } = setupEngine()
    await expect(engine.cancel('run_none')).rejects.toMatchObject({ code: 'run_unknown' })
  })
})

describe('12.3 pause and resume', () => {
  const chain = (first: () => unknown, ran: string[]): Workflow =>
    new Workflow({
      name: 'chain',
      steps: [
        new Step({ name: 'a', action: () => (ran.push('a'), first()) }),
        new Step({ name: 'b', dependsOn: ['a'], action: () => (ran.push('b'), 'b') }),
      ],
    })

  test('12.3 running steps end, nothing new begins, and resume goes on from there', async () => {
    const held = heldWork()
    const ran: string[] = []
    const { engine, clock, eventsOf } = setupEngine()
    const run = await engine.start(chain(() => held.promise, ran))
    await clock.advance(0)
    const pausing = engine.pause(run.id, 'lunch')
    held.end('a')
    expect(await pausing).toMatchObject({ status: 'paused', pauseReason: 'lunch' })
    expect((await engine.pause(run.id)).pauseReason).toBe('lunch')
    expect(ran).toEqual(['a'])
    await engine.resume(run.id)
    expect(await engine.result(run.id)).toMatchObject({ status: 'completed', output: 'b' })
    expect(ran).toEqual(['a', 'b'])
    const types = (await eventsOf(run.id)).map(({ type }) => type)
    expect(types.filter((type) => type === 'run_paused' || type === 'run_resumed')).toEqual([
      'run_paused',
      'run_resumed',
    ])
    expect((await engine.get(run.id))?.pauseReason).toBeUndefined()
    await expect(engine.resume(run.id)).rejects.toMatchObject({ code: 'run_terminal' })
    await expect(engine.pause(run.id)).rejects.toMatchObject({ code: 'run_terminal' })
  })

  test('12.3 a pause that comes before the first step holds', async () => {
    const ran: string[] = []
    const { engine } = setupEngine()
    const run = await engine.start(chain(() => 'a', ran))
    expect((await engine.pause(run.id)).status).toBe('paused')
    expect(ran).toEqual([])
  })

  test('12.3 resuming what runs changes nothing', async () => {
    const held = heldWork()
    const ran: string[] = []
    const { engine, clock, eventsOf } = setupEngine()
    const run = await engine.start(chain(() => held.promise, ran))
    await clock.advance(0)
    expect((await engine.resume(run.id)).id).toBe(run.id)
    held.end('a')
    await engine.result(run.id)
    expect((await eventsOf(run.id)).map(({ type }) => type)).not.toContain('run_resumed')
    expect(ran).toEqual(['a', 'b'])
  })

  test('12.3 a run that waits is paused too: an answer is kept, and it goes on when it is resumed', async () => {
    const { engine, waits } = setupEngine()
    const work = new Workflow({ name: 'w', steps: [new Step({ name: 'a', action: wait.approval() })] })
    const { runId } = await engine.run(work)
    expect((await engine.pause(runId)).status).toBe('paused')
    await engine.resolveWait({ token: waits[0]?.token ?? '' }, { data: 0 })
    expect((await engine.get(runId))?.status).toBe('paused')
    await engine.resume(runId)
    expect((await engine.result(runId)).output).toMatchObject({ decision: 'approved', data: 0 })
  })

  test('13.3 recover leaves alone what somebody has paused', async () => {
    const { engine, restart } = setupEngine()
    const run = await engine.start(chain(() => 'a', []))
    await engine.pause(run.id)
    expect(await restart().recover()).toEqual([])
    expect((await engine.get(run.id))?.status).toBe('paused')
  })
})
