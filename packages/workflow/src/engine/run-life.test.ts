import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { heldWork, setupEngine } from './__fixtures__/engine-setup.ts'

const greet = (version = '1'): Workflow =>
  new Workflow({
    name: 'greet',
    version,
    steps: [
      new Step({ name: 'hello', action: (ctx) => `Hello, ${ctx.inputs['name']}!` }),
      new Step({ name: 'shout', dependsOn: ['hello'], action: (ctx) => ctx.inputs['hello'].toUpperCase() }),
    ],
  })

describe('4.6 a run', () => {
  test('4.6 run gives the result, start the record at once, result the same from memory and from the store', async () => {
    const { engine, restart } = setupEngine()
    const result = await engine.run(greet(), { name: 'Kairos' })
    expect(result).toMatchObject({ status: 'completed', output: 'HELLO, KAIROS!', totalCostUsd: 0 })
    const record = await engine.start(greet(), { name: 'Ada' })
    expect(record.status).toBe('pending')
    const live = await engine.result(record.id)
    const stored = await restart().result(record.id)
    expect(live.output).toBe('HELLO, ADA!')
    expect(JSON.parse(JSON.stringify(stored))).toEqual(JSON.parse(JSON.stringify(live)))
    await expect(engine.result('run_none')).rejects.toMatchObject({ code: 'run_unknown' })
  })

  test('12.2 stream gives all events in order with one terminal event, last; events goes on after any seq', async () => {
    const { engine } = setupEngine()
    const seen = []
    for await (const event of engine.stream(greet(), { name: 'Kairos' })) seen.push(event)
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, index) => index + 1))
    expect(seen[0]?.type).toBe('run_started')
    expect(seen.filter(({ type }) => type === 'run_completed')).toEqual([seen.at(-1)])
    const runId = seen[0]?.runId ?? ''
    const rest = []
    for await (const event of engine.events(runId, 3)) rest.push(event)
    expect(rest).toEqual(seen.slice(3))
  })

  test('12.2 leaving a stream early lets the run go on', async () => {
    const { engine } = setupEngine()
    let runId = ''
    for await (const event of engine.stream(greet(), { name: 'x' })) {
      runId = event.runId
      break
    }
    expect((await engine.result(runId)).status).toBe('completed')
  })

  test('W-20 the keys of the input are the first keys of the state, also after a restart', async () => {
    const work = new Workflow({
      name: 'seeded',
      steps: [
        new Step({ name: 'review', action: wait.approval() }),
        new Step({ name: 'read', dependsOn: ['review'], action: (ctx) => ctx.state.get('name') }),
      ],
    })
    const { engine, restart, waits } = setupEngine()
    const { runId } = await engine.run(work, { name: 'Kairos' })
    const next = restart({ workflows: [work] })
    await next.resolveWait({ token: waits[0]?.token ?? '' })
    expect((await next.result(runId)).steps['read']?.output).toBe('Kairos')
  })

  test('17 an input above 10 MiB is refused before anything is stored', async () => {
    const { engine } = setupEngine()
    await expect(engine.run(greet(), { name: 'x'.repeat(10 * 1024 * 1024) })).rejects.toMatchObject({
      code: 'input_too_large',
    })
    expect((await engine.list()).runs).toEqual([])
    expect((await engine.run(greet(), { name: 'x'.repeat(10 * 1024 * 1024 - 100) })).status).toBe('completed')
  })

  test('PO-19 a second start with the same idempotency key gives the first run, also after a restart; keys are per tenant', async () => {
    const { engine, restart } = setupEngine()
    let runs = 0
    const count = new Workflow({ name: 'count', steps: [new Step({ name: 'one', action: () => (runs += 1) })] })
    const first = await engine.run(count, {}, { idempotencyKey: 'k' })
    const again = await engine.run(count, {}, { idempotencyKey: 'k' })
    const after = await restart().run(count, {}, { idempotencyKey: 'k' })
    expect([again.runId, after.runId]).toEqual([first.runId, first.runId])
    expect(runs).toBe(1)
    const other = await engine.run(count, {}, { idempotencyKey: 'k', tenantId: 'acme' })
    expect(other.runId).not.toBe(first.runId)
    expect(runs).toBe(2)
  })

  test('12.4 hooks are told in order; beforeRun refuses a run, and one that throws otherwise breaks nothing', async () => {
    const told: string[] = []
    const { engine, errors } = setupEngine({
      hooks: [
        {
          beforeRun: ({ workflow }) => {
            if (workflow === 'refused') throw new Error('not today')
          },
          onWorkflowStart: () => void told.push('start'),
          onStepStart: ({ step }) => void told.push(`> ${step}`),
          onStepComplete: async ({ step }) => void told.push(`< ${step}`),
          onWorkflowComplete: ({ data }) => {
            told.push(`end ${String(data['status'])}`)
            throw new Error('a hook')
          },
        },
      ],
    })
    expect((await engine.run(greet(), { name: 'x' })).status).toBe('completed')
    expect(told).toEqual(['start', '> hello', '< hello', '> shout', '< shout', 'end completed'])
    expect(errors.map(({ code }) => code)).toEqual(['hook_failed'])
    const refused = new Workflow({ name: 'refused', steps: [new Step({ name: 'a', action: () => 1 })] })
    await expect(engine.run(refused)).rejects.toThrow('not today')
    expect((await engine.list({ workflow: 'refused' })).runs).toEqual([])
  })

  test('12.3 another version does not take a run up: it is paused, and goes on when its own is registered', async () => {
    const held = heldWork()
    const slow = (version: string): Workflow =>
      new Workflow({ name: 'slow', version, steps: [new Step({ name: 'a', action: () => held.promise })] })
    const { engine, restart, backend, errors } = setupEngine()
    const old = slow('1')
    const run = await engine.start(old)
    const next = restart({ workflows: [slow('2')] })
    // The first process is gone: its lease is as good as over.
    await backend.claim(run.id, 'test').then((lease) => lease && backend.release(lease))
    expect(await next.recover()).toEqual([])
    expect(errors.at(-1)?.code).toBe('definition_mismatch')
    expect(await next.get(run.id)).toMatchObject({ status: 'paused', pauseReason: 'definition_mismatch' })
    await expect(next.resume(run.id)).rejects.toMatchObject({ code: 'definition_mismatch' })
    next.register(old)
    expect(await next.recover()).toEqual([run.id])
    held.end('done')
    expect(await next.result(run.id)).toMatchObject({ status: 'completed', output: 'done' })
  })
})

describe('4.6 close', () => {
  test('4.6 what runs is put aside, and the next engine takes it up', async () => {
    const held = heldWork()
    const ran: string[] = []
    const work = new Workflow({
      name: 'two',
      steps: [
        new Step({ name: 'a', action: () => (ran.push('a'), held.promise) }),
        new Step({ name: 'b', dependsOn: ['a'], action: () => (ran.push('b'), 'b') }),
      ],
    })
    const { engine, restart, clock } = setupEngine()
    const run = await engine.start(work)
    await clock.advance(0)
    const closing = engine.close()
    held.end('a')
    await closing
    expect(await engine.get(run.id)).toMatchObject({ status: 'paused', pauseReason: 'shutdown' })
    await expect(engine.start(work)).rejects.toMatchObject({ code: 'kit_closed' })
    const next = restart({ workflows: [work] })
    expect(await next.recover()).toEqual([run.id])
    expect((await next.result(run.id)).status).toBe('completed')
    expect(ran).toEqual(['a', 'b'])
  })

  test("4.6 a step that does not end within 10 s is left; what it gives later is nobody's", async () => {
    const held = heldWork()
    let runs = 0
    const work = new Workflow({
      name: 'hangs',
      steps: [new Step({ name: 'a', action: () => ((runs += 1) === 1 ? held.promise : 'second') })],
    })
    const { engine, restart, clock } = setupEngine()
    const run = await engine.start(work)
    await clock.advance(0)
    let isClosed = false
    const closing = engine.close().then(() => (isClosed = true))
    await clock.advance(9_999)
    expect(isClosed).toBe(false)
    await clock.advance(1)
    await closing
    held.end('first')
    await clock.advance(0)
    expect((await engine.get(run.id))?.status).toBe('running')
    const next = restart({ workflows: [work] })
    await clock.advance(30_000)
    expect(await next.recover()).toEqual([run.id])
    expect(await next.result(run.id)).toMatchObject({ status: 'completed', output: 'second' })
    await engine.close()
  })
})
