import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { setupEngine } from './__fixtures__/engine-setup.ts'

const approve = (options: Parameters<typeof wait.approval>[0] = {}, more: object = {}): Workflow =>
  new Workflow({ name: 'approve', steps: [new Step({ name: 'review', action: wait.approval(options), ...more })] })

describe('12.3 approval', () => {
  test('12.3 two waits open, restart, answers in reverse order: code before the waits ran once, the run ends right', async () => {
    const ran: string[] = []
    const work = new Workflow({
      name: 'two',
      parallel: true,
      steps: [
        new Step({ name: 'before', action: () => (ran.push('before'), 1) }),
        new Step({ name: 'first', dependsOn: ['before'], action: wait.approval() }),
        new Step({ name: 'second', dependsOn: ['before'], action: wait.approval() }),
        new Step({
          name: 'after',
          dependsOn: ['first', 'second'],
          action: (ctx) => (ran.push('after'), [ctx.inputs['first'].data, ctx.inputs['second'].data]),
        }),
      ],
    })
    const { engine, restart, waits, eventsOf } = setupEngine()
    const result = await engine.run(work)
    expect(result.status).toBe('waiting')
    expect(result.waits).toHaveLength(2)
    expect(result.steps['first']?.status).toBe('waiting')
    await engine.close()
    const next = restart({ workflows: [work] })
    expect(await next.recover()).toEqual([])
    const [first, second] = waits.map(({ token }) => token)
    await next.resolveWait({ token: second ?? '' }, { data: false })
    expect((await next.result(result.runId)).status).toBe('waiting')
    await next.resolveWait({ token: first ?? '' }, { data: 0 })
    expect(await next.result(result.runId)).toMatchObject({ status: 'completed', output: [0, false] })
    expect(ran).toEqual(['before', 'after'])
    const events = await eventsOf(result.runId)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(events.filter(({ type }) => type === 'wait_resolved')).toHaveLength(2)
  })

  test('12.3 the token is 32 random bytes that are stored hashed', async () => {
    const { engine, waits, backend } = setupEngine()
    const { runId } = await engine.run(approve())
    const token = waits[0]?.token ?? ''
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify(await backend.read(runId))).not.toContain(token)
    await expect(engine.resolveWait({ token: `${token}x` })).rejects.toMatchObject({ code: 'wait_unknown' })
  })

  test('12.3 single use: the same key gives the same answer, another one is wait_resolved', async () => {
    const { engine, waits } = setupEngine()
    await engine.run(approve())
    const by = { token: waits[0]?.token ?? '' }
    const first = await engine.resolveWait(by, { data: null, idempotencyKey: 'k' })
    expect(await engine.resolveWait(by, { data: 'other', idempotencyKey: 'k' })).toEqual(first)
    await expect(engine.resolveWait(by, { idempotencyKey: 'l' })).rejects.toMatchObject({ code: 'wait_resolved' })
    await expect(engine.resolveWait(by)).rejects.toMatchObject({ code: 'wait_resolved' })
  })

  test('12.3 bad data is wait_invalid and the wait stays open; null, false and 0 are data', async () => {
    const { engine, waits } = setupEngine()
    const { runId } = await engine.run(approve({ schema: { type: 'number' } }))
    const by = { token: waits[0]?.token ?? '' }
    await expect(engine.resolveWait(by, { data: 'much' })).rejects.toMatchObject({ code: 'wait_invalid' })
    await expect(engine.resolveWait(by)).rejects.toMatchObject({ code: 'wait_invalid' })
    expect((await engine.result(runId)).status).toBe('waiting')
    await engine.resolveWait(by, { data: 0 })
    expect((await engine.result(runId)).output).toMatchObject({ decision: 'approved', data: 0 })
  })

  test('12.3 only approvers may answer, and who did is in the audit', async () => {
    const { engine, waits, eventsOf } = setupEngine()
    const { runId } = await engine.run(approve({ approvers: ['ada'] }))
    const by = { token: waits[0]?.token ?? '' }
    await expect(engine.resolveWait(by)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(engine.resolveWait(by, { by: 'bob' })).rejects.toMatchObject({ code: 'forbidden' })
    await engine.resolveWait(by, { by: 'ada' })
    expect((await engine.result(runId)).output).toMatchObject({ by: 'ada' })
    const resolved = (await eventsOf(runId)).find(({ type }) => type === 'wait_resolved')
    expect(resolved?.data).toMatchObject({ decision: 'approved', by: 'ada' })
  })

  test('6 a refusal is a failure of class approval_rejected; a policy that skips lets the run go on, partial', async () => {
    const { engine, waits } = setupEngine()
    const { runId } = await engine.run(approve())
    await engine.resolveWait({ token: waits[0]?.token ?? '' }, { decision: 'rejected' })
    const result = await engine.result(runId)
    expect(result.status).toBe('failed')
    expect(result.error).toMatchObject({ class: 'approval_rejected', step: 'review' })
    const skipping = await engine.run(approve({}, { onFailure: 'skip' }))
    await engine.resolveWait({ token: waits[1]?.token ?? '' }, { decision: 'rejected' })
    const skipped = await engine.result(skipping.runId)
    expect(skipped.status).toBe('partial')
    expect(skipped.steps['review']?.skip).toEqual({ kind: 'policy' })
  })

  test('12.3 what is shown is rendered, and what looks like a secret is masked', async () => {
    const { engine } = setupEngine()
    const result = await engine.run(approve({ show: 'Pay {{input.sum}} with {{input.key}}?' }), {
      sum: 0,
      key: 'sk-abcdefghij0123456789',
    })
    expect(result.waits[0]?.show).toBe('Pay 0 with [REDACTED_KEY]?')
    expect((await engine.run(approve({ show: '{{input.none}}' }))).error?.code).toBe('template_unresolved')
  })
})

describe('12.3 time', () => {
  test.each([
    ['reject', undefined, 'failed', 'approval_rejected'],
    ['fail', undefined, 'failed', 'timeout'],
    ['default', 0, 'completed', undefined],
  ] as const)('12.3 onTimeout %s', async (onTimeout, fallback, status, failure) => {
    const { engine, clock, eventsOf } = setupEngine()
    const { runId } = await engine.run(
      approve({ timeout: 60, onTimeout, ...(fallback === undefined ? {} : { default: fallback }) }),
    )
    await clock.advance(59_999)
    expect((await engine.get(runId))?.status).toBe('waiting')
    await clock.advance(1)
    const result = await engine.result(runId)
    expect(result.status).toBe(status)
    expect(result.error?.class).toBe(failure)
    if (status === 'completed') expect(result.output).toBe(0)
    const types = (await eventsOf(runId)).map(({ type }) => type)
    expect(types.filter((type) => type === 'wait_expired' || type === 'wait_resolved')).toEqual(['wait_expired'])
  })

  test('12.3 a deadline is the stored one, whatever is restarted; an answer after it is too late', async () => {
    const { engine, clock, restart, waits } = setupEngine()
    const work = approve({ timeout: 60 })
    const { runId } = await engine.run(work)
    await engine.close()
    await clock.advance(50_000)
    const next = restart({ workflows: [work] })
    await next.recover()
    await clock.advance(9_999)
    expect((await next.get(runId))?.status).toBe('waiting')
    await clock.advance(1)
    expect((await next.result(runId)).status).toBe('failed')
    await expect(next.resolveWait({ token: waits[0]?.token ?? '' })).rejects.toMatchObject({ code: 'wait_expired' })
  })

  test('12.3 an answer that comes after the deadline while nobody was there is refused', async () => {
    const { engine, clock, restart, waits } = setupEngine()
    const work = approve({ timeout: 60 })
    const { runId } = await engine.run(work)
    await engine.close()
    await clock.advance(61_000)
    const next = restart({ workflows: [work] })
    await expect(next.resolveWait({ token: waits[0]?.token ?? '' })).rejects.toMatchObject({ code: 'wait_expired' })
    expect((await next.result(runId)).status).toBe('failed')
  })

  test('12.3 a timer ends by the time alone', async () => {
    const work = new Workflow({
      name: 'timed',
      steps: [
        new Step({ name: 'pause', action: wait.timer(60_000) }),
        new Step({ name: 'until', dependsOn: ['pause'], action: wait.timer('2026-01-01T00:02:00Z') }),
      ],
    })
    const { engine, clock, waits } = setupEngine()
    const { runId } = await engine.run(work)
    await expect(engine.resolveWait({ waitId: waits[0]?.wait.id ?? '' })).rejects.toMatchObject({
      code: 'wait_invalid',
    })
    await clock.advance(119_999)
    expect((await engine.get(runId))?.status).toBe('waiting')
    await clock.advance(1)
    expect(await engine.result(runId)).toMatchObject({
      status: 'completed',
      output: { at: '2026-01-01T00:02:00.000Z' },
    })
  })
})

describe('12.3 event', () => {
  const listening = (options: Parameters<typeof wait.event>[1] = {}): Workflow =>
    new Workflow({
      name: 'listening',
      steps: [
        new Step({ name: 'before', action: wait.timer(1_000) }),
        new Step({ name: 'paid', dependsOn: ['before'], action: wait.event('paid', options) }),
      ],
    })

  test('12.3 the first signal that matches is taken, once', async () => {
    const { engine, clock } = setupEngine()
    const { runId } = await engine.run(
      listening({ match: { order: 7 }, schema: { type: 'object', required: ['sum'] } }),
    )
    await clock.advance(1_000)
    await engine.signal(runId, 'paid', { order: 8, sum: 1 })
    await engine.signal(runId, 'other', { order: 7, sum: 2 })
    await engine.signal(runId, 'paid', { order: 7 })
    expect((await engine.result(runId)).status).toBe('waiting')
    await engine.signal(runId, 'paid', { order: 7, sum: 0 })
    expect(await engine.result(runId)).toMatchObject({ status: 'completed', output: { order: 7, sum: 0 } })
    await expect(engine.signal(runId, 'paid')).rejects.toMatchObject({ code: 'run_terminal' })
  })

  test('12.3 a signal that came up to 24 h before its wait is taken, a later one not', async () => {
    const day = 24 * 60 * 60 * 1_000
    for (const [after, status] of [
      [day, 'completed'],
      [day + 1, 'waiting'],
    ] as const) {
      const { engine, clock } = setupEngine()
      const work = new Workflow({
        name: 'late',
        steps: [
          new Step({ name: 'before', action: wait.timer(after) }),
          new Step({ name: 'paid', dependsOn: ['before'], action: wait.event('paid') }),
        ],
      })
      const { runId } = await engine.run(work)
      await engine.signal(runId, 'paid', false)
      await clock.advance(after)
      expect((await engine.result(runId)).status).toBe(status)
    }
  })

  test('12.3 two waits of one name take two signals, in order', async () => {
    const work = new Workflow({
      name: 'twice',
      steps: [
        new Step({ name: 'a', action: wait.event('tick') }),
        new Step({ name: 'b', dependsOn: ['a'], action: wait.event('tick') }),
        new Step({ name: 'both', dependsOn: ['a', 'b'], action: (ctx) => [ctx.inputs['a'], ctx.inputs['b']] }),
      ],
    })
    const { engine } = setupEngine()
    const { runId } = await engine.run(work)
    await engine.signal(runId, 'tick', 1)
    expect((await engine.result(runId)).status).toBe('waiting')
    await engine.signal(runId, 'tick', 2)
    expect((await engine.result(runId)).output).toEqual([1, 2])
  })

  test('12.3 a signal that comes while the engine is away is taken when it is back', async () => {
    const { engine, restart, backend } = setupEngine()
    const work = new Workflow({ name: 'away', steps: [new Step({ name: 'a', action: wait.event('go') })] })
    const { runId } = await engine.run(work)
    await engine.close()
    await backend.signal(runId, 'go', 'data')
    const next = restart({ workflows: [work] })
    expect(await next.recover()).toEqual([runId])
    expect((await next.result(runId)).output).toBe('data')
  })
})
