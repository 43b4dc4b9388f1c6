import { describe, expect, test } from 'vitest'
import { openRoom, recorder, sayingAgent } from '../turns/__fixtures__/room-bench.ts'

describe('proactive delivery', () => {
  test('PD-1 it is an event of an agent or the system, asks nobody, and reaches all transports or the one named', async () => {
    const agent = sayingAgent('agent', () => 'asked')
    const web = recorder('web')
    const sms = recorder('sms')
    await using bench = await openRoom([agent, web, sms])
    await bench.kit.deliver(bench.roomId, 'Your ticket is closed.', { as: 'agent' })
    await bench.kit.deliver(bench.roomId, 'Only by SMS.', { channelId: 'sms' })
    await bench.kit.settled(bench.roomId)
    const sources = (await bench.kit.events(bench.roomId)).map(({ source }) => source.kind)
    expect(sources).toEqual(['agent', 'system'])
    expect([web.texts(), sms.texts()]).toEqual([['Your ticket is closed.'], ['Your ticket is closed.', 'Only by SMS.']])
    expect(await bench.kit.receipts(bench.roomId, { kind: 'turn' })).toEqual([])
  })

  test('PD-1 an idempotency key makes a repeated delivery one event', async () => {
    const web = recorder('web')
    await using bench = await openRoom([web])
    for (let time = 0; time < 3; time++) await bench.kit.deliver(bench.roomId, 'Once.', { idempotencyKey: 'k' })
    await bench.kit.settled(bench.roomId)
    expect(web.texts()).toEqual(['Once.'])
  })

  test('PD-2 whenIdle waits for quiet, and delivers at the latest after maxWaitMs', async () => {
    const web = recorder('web')
    await using bench = await openRoom([web])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'a' })
    const idle = bench.kit.deliver(bench.roomId, 'When quiet.', {
      strategy: 'whenIdle',
      idleMs: 1_000,
      maxWaitMs: 15_000,
    })
    await bench.clock.advance(900)
    expect(web.texts()).toEqual(['a'])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'b' })
    await bench.clock.advance(900)
    expect(web.texts()).toEqual(['a', 'b'])
    await bench.clock.advance(100)
    expect(await idle).toMatchObject({ outcome: 'committed' })
    expect(web.texts()).toEqual(['a', 'b', 'When quiet.'])

    await bench.kit.send(bench.roomId, { from: 'ada', text: 'start' })
    const late = bench.kit.deliver(bench.roomId, 'At the latest.', {
      strategy: 'whenIdle',
      idleMs: 1_000,
      maxWaitMs: 2_000,
    })
    for (let time = 0; time < 5; time++) {
      await bench.kit.send(bench.roomId, { from: 'ada', text: `busy ${time}` })
      await bench.clock.advance(500)
    }
    expect(await late).toMatchObject({ outcome: 'committed' })
    expect(web.texts().filter((text) => text === 'At the latest.').length).toBe(1)
    expect(web.texts().indexOf('At the latest.')).toBeGreaterThan(web.texts().indexOf('busy 2'))
  })

  test('PD-2 queued deliveries of a room come one after another, each once', async () => {
    const web = recorder('web')
    await using bench = await openRoom([web])
    const other = await bench.kit.createRoom({ channels: ['web'] })
    await Promise.all([
      ...['1', '2', '3'].map((text) => bench.kit.deliver(bench.roomId, text, { strategy: 'queued' })),
      bench.kit.deliver(other.id, 'elsewhere', { strategy: 'queued' }),
    ])
    await bench.kit.settled(bench.roomId)
    await bench.kit.settled(other.id)
    expect(web.got.filter(({ event }) => event.roomId === bench.roomId).map(({ event }) => event.index)).toEqual([
      0, 1, 2,
    ])
    expect(web.texts().toSorted()).toEqual(['1', '2', '3', 'elsewhere'])
  })

  test('PD-2 an unknown strategy or option is refused with its name', async () => {
    await using bench = await openRoom([])
    await expect(bench.kit.deliver(bench.roomId, 'x', { strategy: 'later' as 'queued' })).rejects.toMatchObject({
      code: 'invalid_options',
      details: { path: 'strategy' },
    })
    await expect(bench.kit.deliver(bench.roomId, 'x', { idleMS: 5 } as object)).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('idleMs'),
    })
  })
})
