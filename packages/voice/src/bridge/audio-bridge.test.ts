import type { AudioFrame, SampleRate } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { createAudioBridge, type AudioBridge, type AudioBridgeOptions, type BridgeEvent } from './audio-bridge.ts'
import type { BridgeLeg, BridgeRole } from './bridge-leg.ts'
import { defaultBridgeOptions } from './bridge-options.ts'

const frame = (value: number, rate: SampleRate = 16_000): AudioFrame => ({
  samples: new Int16Array(rate / 50).fill(value),
  sampleRateHz: rate,
  channels: 1,
  position: 0,
})

/** A bridge whose legs say constants, so that a sum tells who is in it. */
function setUp(options: Partial<AudioBridgeOptions> = {}) {
  const clock = createVirtualClock()
  const events: BridgeEvent[] = []
  const whispered: string[] = []
  const bridge = createAudioBridge({
    clock,
    authorize: (_permission, by) => by === 'dana',
    onWhisper: (_frame, legId) => whispered.push(legId),
    ...options,
  })
  bridge.on('*', (event) => events.push(event))
  const heard = new Map<string, { atMs: number; level: number }[]>()
  const join = (
    id: string,
    role: BridgeRole,
    inputRateHz: SampleRate = 16_000,
    outputRateHz: SampleRate = inputRateHz,
  ): Promise<void> => {
    const log: { atMs: number; level: number }[] = []
    heard.set(id, log)
    const leg: BridgeLeg = {
      id,
      role,
      inputRateHz,
      outputRateHz,
      send(given) {
        expect(given.sampleRateHz).toBe(outputRateHz)
        expect(given.samples.length).toBe(outputRateHz / 50)
        log.push({ atMs: clock.monotonicMs(), level: given.samples[given.samples.length >> 1] ?? 0 })
      },
    }
    return bridge.join(leg)
  }
  /** Everybody says their value for a while. @returns what each leg hears at the end of it */
  const talk = async (values: Record<string, number>, ms = 400): Promise<Record<string, number>> => {
    for (const log of heard.values()) log.length = 0
    for (let passed = 0; passed < ms; passed += 20) {
      for (const [id, value] of Object.entries(values)) bridge.push(id, frame(value, rates.get(id) ?? 16_000))
      await clock.advance(20)
    }
    return Object.fromEntries([...heard].map(([id, log]) => [id, log.at(-1)?.level ?? 0]))
  }
  const rates = new Map<string, SampleRate>()
  return { clock, bridge, events, heard, whispered, join, talk, rates }
}

const types = (events: BridgeEvent[]): string[] => events.map(({ type }) => type)

describe('audio bridge', () => {
  test('BR-1 defaults: legs, filter budget, last human', () => {
    expect(defaultBridgeOptions).toEqual({ maxLegs: 10, filterBudgetMs: 1, onLastHuman: 'end' })
  })

  test('BR-1 two legs of one format are forwarded at once, bit for bit', async () => {
    const { clock, bridge, heard, join } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    expect(bridge.mode).toBe('forward')
    bridge.push('ada', frame(123))
    expect(heard.get('kim')).toEqual([{ atMs: 0, level: 123 }])
    expect(heard.get('ada')).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('BR-1 three legs each hear the sum of the others', async () => {
    const { bridge, join, talk } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('riley', 'agent')
    expect(bridge.mode).toBe('mix')
    expect(await talk({ ada: 100, kim: 1_000, riley: 4_000 })).toEqual({ ada: 5_000, kim: 4_100, riley: 1_100 })
  })

  test('BR-1 the matrix says who hears whom, and how loud', async () => {
    const { bridge, join, talk } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('riley', 'agent')
    bridge.set('kim', 'ada', { gainDb: -20 })
    bridge.set('riley', 'kim', { audible: false })
    expect(await talk({ ada: 100, kim: 1_000, riley: 4_000 })).toEqual({ ada: 4_100, kim: 100, riley: 1_100 })
  })

  test('BR-1 legs of several rates meet at the highest that one needs', async () => {
    const { events, join, talk, rates } = setUp()
    for (const [id, rate] of [
      ['phone', 8_000],
      ['browser', 16_000],
      ['studio', 24_000],
    ] as const) {
      rates.set(id, rate)
      await join(id, id === 'phone' ? 'caller' : 'human', rate)
    }
    expect(events.at(-2)).toEqual({ type: 'wired', mode: 'mix', rateHz: 24_000 })
    const heard = await talk({ phone: 100, browser: 1_000, studio: 4_000 })
    expect(Math.abs((heard['phone'] ?? 0) - 5_000)).toBeLessThan(60)
    expect(Math.abs((heard['browser'] ?? 0) - 4_100)).toBeLessThan(60)
    expect(Math.abs((heard['studio'] ?? 0) - 1_100)).toBeLessThan(60)
  })

  test('BR-1 two legs of different formats are mixed, not forwarded', async () => {
    const { bridge, join } = setUp()
    await join('phone', 'caller', 8_000)
    await join('browser', 'human', 16_000)
    expect(bridge.mode).toBe('mix')
  })

  test('BR-1 everybody gets one frame each 20 ms, without drift, and jitter of a source leaves no hole', async () => {
    const { clock, bridge, heard, join } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('riley', 'agent')
    for (let index = 0; index < 200; index++) {
      const lateMs = index % 3 === 0 ? 12 : 0
      await clock.advance(lateMs)
      bridge.push('ada', frame(500))
      await clock.advance(20 - lateMs)
    }
    const times = heard.get('kim')?.map(({ atMs }) => atMs) ?? []
    expect(times).toEqual(times.map((_, index) => (index + 1) * 20))
    expect(
      heard
        .get('kim')
        ?.slice(3)
        .every(({ level }) => level === 500),
    ).toBe(true)
    bridge.close()
    expect(clock.pending).toBe(0)
  })

  test('BR-1 who joins and leaves interrupts nobody', async () => {
    const { clock, bridge, heard, join } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('riley', 'agent')
    for (let index = 0; index < 60; index++) {
      bridge.push('ada', frame(500))
      if (index === 20) void join('ben', 'human')
      if (index === 40) bridge.leave('ben')
      await clock.advance(20)
    }
    expect(
      heard
        .get('kim')
        ?.slice(3)
        .every(({ level }) => level === 500),
    ).toBe(true)
    expect(heard.get('ben')).toHaveLength(20)
    bridge.close()
  })

  test('BR-1 the eleventh leg is refused', async () => {
    const { bridge, join } = setUp()
    for (let index = 0; index < 10; index++) await join(`leg-${index}`, 'caller')
    await expect(join('leg-10', 'caller')).rejects.toMatchObject({ code: 'voice_bridge_full' })
    expect(bridge.legIds).toHaveLength(10)
    await expect(join('leg-3', 'caller')).rejects.toMatchObject({ code: 'invalid_options' })
    bridge.close()
  })

  test('BR-1 a frame filter over 1 ms on average is left out, with an event', async () => {
    let nowMs = 0
    const { bridge, events, heard, join } = setUp({
      filter: (legId) => ({
        id: 'filter',
        process(given) {
          nowMs += legId === 'ada' ? 1.2 : 0.9
          return { ...given, samples: given.samples.map((sample) => sample + 1) }
        },
        reset() {},
      }),
      measure: () => nowMs,
    })
    await join('ada', 'caller')
    await join('kim', 'human')
    for (let index = 0; index < 51; index++) {
      bridge.push('ada', frame(10))
      bridge.push('kim', frame(10))
    }
    expect(events.filter(({ type }) => type === 'filterBypassed')).toMatchObject([
      { legId: 'ada', reason: { reason: 'slow' } },
    ])
    expect(heard.get('kim')?.map(({ level }) => level)).toEqual([...Array<number>(50).fill(11), 10])
    expect(heard.get('ada')?.at(-1)?.level).toBe(11)
  })

  test('BR-1 ten legs cost less than 1 ms a frame', async () => {
    const { bridge, clock, join } = setUp()
    for (let index = 0; index < 10; index++) await join(`leg-${index}`, 'caller')
    const round = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index++) {
        for (const legId of bridge.legIds) bridge.push(legId, frame(10))
        await clock.advance(20)
      }
    }
    await round(50)
    let bestMs = Infinity
    for (let attempt = 0; attempt < 10; attempt++) {
      const start = process.hrtime.bigint()
      await round(20)
      bestMs = Math.min(bestMs, Number(process.hrtime.bigint() - start) / 1e6 / 20)
    }
    // The best of some, since others work on the machine too.
    expect(bestMs).toBeLessThan(1)
    bridge.close()
  })

  const modes: [Parameters<AudioBridge['coach']>[1], Record<string, number>][] = [
    ['monitor', { ada: 5_000, kim: 4_100, riley: 1_100, dana: 5_100 }],
    ['whisperHuman', { ada: 5_000, kim: 14_100, riley: 1_100, dana: 5_100 }],
    ['whisperAgent', { ada: 5_000, kim: 4_100, riley: 1_100, dana: 5_100 }],
    ['barge', { ada: 15_000, kim: 14_100, riley: 11_100, dana: 5_100 }],
    ['off', { ada: 5_000, kim: 4_100, riley: 1_100, dana: 0 }],
  ]
  test.each(modes)('BR-2 %s: who hears whom', async (mode, expected) => {
    const { bridge, join, talk, whispered } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('riley', 'agent')
    await join('dana', 'supervisor')
    bridge.coach('dana', mode, { by: 'dana' })
    const heard = await talk({ ada: 100, kim: 1_000, riley: 4_000, dana: 10_000 })
    expect(heard).toEqual(expected)
    expect(whispered.length > 0).toBe(mode === 'whisperAgent')
    bridge.close()
  })

  test('BR-2 coaching needs calls:supervise, leaves a receipt, and is for supervisors only', async () => {
    const { bridge, events, join } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('dana', 'supervisor')
    expect(() => bridge.coach('dana', 'monitor', { by: 'kim' })).toThrow(expect.objectContaining({ code: 'forbidden' }))
    expect(() => bridge.coach('kim', 'barge', { by: 'dana' })).toThrow(
      expect.objectContaining({ code: 'invalid_options' }),
    )
    bridge.coach('dana', 'monitor', { by: 'dana' })
    bridge.coach('dana', 'barge', { by: 'dana' })
    expect(events.filter(({ type }) => type === 'coached')).toEqual([
      { type: 'coached', legId: 'dana', mode: 'monitor', before: 'off', by: 'dana', atMs: 0 },
      { type: 'coached', legId: 'dana', mode: 'barge', before: 'monitor', by: 'dana', atMs: 0 },
    ])
    bridge.close()
  })

  test('BR-3 held and whispering legs drive nothing', async () => {
    const { bridge, join } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('riley', 'agent')
    await join('dana', 'supervisor')
    const driving = (): string[] => bridge.legIds.filter((legId) => bridge.mayDrive(legId))
    expect(driving()).toEqual(['ada', 'kim'])
    bridge.hold('ada', true)
    for (const mode of ['monitor', 'whisperHuman', 'whisperAgent'] as const) {
      bridge.coach('dana', mode, { by: 'dana' })
      expect(driving()).toEqual(['kim'])
    }
    bridge.coach('dana', 'barge', { by: 'dana' })
    bridge.hold('ada', false)
    expect(driving()).toEqual(['ada', 'kim', 'dana'])
    bridge.close()
  })

  test('BR-3 leaving a hold or a mode restores the matrix before it, changes made meanwhile included', async () => {
    const { bridge, join, talk } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('riley', 'agent')
    await join('dana', 'supervisor')
    bridge.set('riley', 'kim', { audible: false })
    const before = await talk({ ada: 100, kim: 1_000, riley: 4_000, dana: 10_000 })
    bridge.hold('ada', true)
    bridge.coach('dana', 'barge', { by: 'dana' })
    expect(await talk({ ada: 100, kim: 1_000, riley: 4_000, dana: 10_000 })).toEqual({
      ada: 0,
      kim: 10_000,
      riley: 11_000,
      dana: 5_000,
    })
    bridge.set('kim', 'riley', { audible: false })
    bridge.coach('dana', 'monitor', { by: 'dana' })
    bridge.coach('dana', 'off', { by: 'dana' })
    bridge.hold('ada', false)
    expect(await talk({ ada: 100, kim: 1_000, riley: 4_000, dana: 10_000 })).toEqual({ ...before, riley: 100 })
    bridge.close()
  })

  test('BR-3 a supervisor without a mode hears nothing and is not heard, from the first sample on', async () => {
    const { bridge, join, talk, heard } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('dana', 'supervisor')
    await talk({ ada: 100, kim: 1_000, dana: 10_000 }, 200)
    expect(heard.get('dana')?.every(({ level }) => level === 0)).toBe(true)
    expect(heard.get('ada')?.every(({ level }) => level <= 1_000)).toBe(true)
    bridge.close()
  })

  test('BR-4 a leg that ends is not heard in the next frame, and two that are left are forwarded', async () => {
    const { clock, bridge, heard, join, talk } = setUp()
    await join('ada', 'caller')
    await join('ben', 'caller')
    await join('kim', 'human')
    await talk({ ada: 100, ben: 1_000, kim: 4_000 })
    bridge.leave('ben')
    bridge.leave('ben')
    await clock.advance(20)
    expect(bridge.mode).toBe('forward')
    const before = heard.get('ben')?.length
    bridge.push('kim', frame(7))
    expect(heard.get('ada')?.at(-1)?.level).toBe(7)
    expect(heard.get('ben')).toHaveLength(before ?? -1)
    expect(clock.pending).toBe(0)
  })

  test('BR-4 the bridge ends with its last human', async () => {
    const { clock, bridge, events, join } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('riley', 'agent')
    bridge.leave('kim')
    expect(types(events).slice(-2)).toEqual(['left', 'ended'])
    expect(bridge.legIds).toEqual([])
    await expect(join('late', 'human')).rejects.toMatchObject({ code: 'voice_call_ended' })
    await clock.advance(100)
    expect(clock.pending).toBe(0)
  })

  test('BR-4 or the agent has the caller again', async () => {
    const { bridge, events, join, talk, clock } = setUp({ onLastHuman: 'agent' })
    await join('ada', 'caller')
    await join('kim', 'human')
    await join('riley', 'agent')
    bridge.leave('kim')
    expect(events.at(-1)).toEqual({ type: 'agentTakesOver', legId: 'ada' })
    await clock.advance(0)
    expect(await talk({ ada: 100, riley: 4_000 })).toMatchObject({ ada: 4_000, riley: 100 })
    bridge.leave('ada')
    expect(events.at(-1)).toEqual({ type: 'ended' })
  })

  test('BR-4 who leaves while the mixing is made hears nothing of it', async () => {
    const { clock, bridge, heard, join } = setUp()
    await join('ada', 'caller')
    await join('kim', 'human')
    const joining = join('ben', 'caller')
    bridge.leave('ben')
    await joining
    for (let index = 0; index < 5; index++) {
      bridge.push('ada', frame(100))
      await clock.advance(20)
    }
    expect(heard.get('ben')).toEqual([])
    expect(bridge.mode).toBe('forward')
  })

  test('BR-4 a supervisor who leaves ends nothing', async () => {
    const { bridge, events, join } = setUp()
    await join('ada', 'caller')
    await join('riley', 'agent')
    await join('dana', 'supervisor')
    bridge.leave('dana')
    expect(types(events)).not.toContain('ended')
    bridge.close()
  })

  test('BR-1 frames of another rate than agreed are not passed on, and told once', async () => {
    const failed: unknown[] = []
    const { bridge, heard, join } = setUp({ onError: (error) => failed.push(error) })
    await join('ada', 'caller')
    await join('kim', 'human')
    for (let index = 0; index < 3; index++) bridge.push('ada', frame(1, 8_000))
    expect(heard.get('kim')).toEqual([])
    expect(failed).toEqual([expect.objectContaining({ code: 'audio_format_unsupported' })])
  })

  test('BR-1 a leg that throws is reported, and the others go on', async () => {
    const failed: string[] = []
    const { bridge, heard, join } = setUp({ onError: (_error, legId) => failed.push(legId) })
    await join('ada', 'caller')
    await bridge.join({
      id: 'broken',
      role: 'human',
      inputRateHz: 16_000,
      outputRateHz: 16_000,
      send() {
        throw new Error('gone')
      },
    })
    bridge.push('ada', frame(1))
    bridge.push('broken', frame(2))
    expect(failed).toEqual(['broken'])
    expect(heard.get('ada')?.at(-1)?.level).toBe(2)
  })
})
