import type { Channel } from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  recordingTransport,
  scriptedAgent,
  textOf,
  textsOf,
  type RecordingTransport,
} from '../__fixtures__/open-kit.ts'
import { Kit } from '../kit.ts'
import { turnServices } from './turn-services.ts'

const rooms = ['red', 'green', 'blue'] as const
type Step = { room: (typeof rooms)[number]; atMs: number } & (
  | { kind: 'say'; from: string; slowMs: number; only: boolean }
  | { kind: 'mute' | 'unmute'; channelId: string }
  | { kind: 'close' | 'reopen' }
)

const step: fc.Arbitrary<Step> = fc.record({ room: fc.constantFrom(...rooms), atMs: fc.nat(500) }).chain((place) =>
  fc
    .oneof(
      {
        arbitrary: fc.record({
          kind: fc.constant('say' as const),
          from: fc.constantFrom('ada', 'bob'),
          slowMs: fc.nat(120),
          only: fc.boolean(),
        }),
        weight: 6,
      },
      {
        arbitrary: fc.record({
          kind: fc.constantFrom('mute' as const, 'unmute' as const),
          channelId: fc.constantFrom('web', 'one', 'two'),
        }),
        weight: 2,
      },
      { arbitrary: fc.record({ kind: fc.constantFrom('close' as const, 'reopen' as const) }), weight: 1 },
    )
    .map((what): Step => ({ ...place, ...what })),
)

/** An agent that tells how much it knows, so knowledge of another room would show. */
function countingAgent(channelId: string): Channel {
  return scriptedAgent(channelId, async function* (context) {
    const history = (await turnServices(context)?.history(50)) ?? []
    await context.clock.sleep(Number(textOf(context.event.content).split(' ')[1] ?? 0), { signal: context.signal })
    yield {
      type: 'textDelta',
      text: `${channelId} 5 knows ${history.length}: ${textsOf(history.slice(-3)).join('; ')}`.slice(0, 200),
    }
  })
}

interface Bench {
  kit: Kit
  web: RecordingTransport
}

/** Several kits may share channel objects, and one kit several rooms. */
function openWith(clock: VirtualClock, channels: { web: RecordingTransport; agents: Channel[] }): Bench {
  const kit = new Kit({ clock, ids: createSeededIds(3), limits: { maxChainDepth: 2 } })
  for (const channel of [channels.web, ...channels.agents]) kit.register(channel)
  return { kit, web: channels.web }
}

const makeChannels = () => ({ web: recordingTransport('web'), agents: [countingAgent('one'), countingAgent('two')] })

async function apply(kit: Kit, step: Step): Promise<unknown> {
  switch (step.kind) {
    case 'say':
      return kit
        .send(step.room, {
          from: step.from,
          text: `say ${step.slowMs}`,
          ...(step.only ? { addressedTo: ['one'] } : {}),
        })
        .catch(() => {})
    case 'mute':
      return kit.mute(step.room, step.channelId).catch(() => {})
    case 'unmute':
      return kit.unmute(step.room, step.channelId).catch(() => {})
    case 'close':
      return kit.closeRoom(step.room).catch(() => {})
    case 'reopen':
      return kit.reopen(step.room).catch(() => {})
  }
}

/** Runs steps at their times and gives what can be seen of each room. */
async function play(
  steps: readonly Step[],
  clock: VirtualClock,
  kitOf: (room: string) => Bench,
): Promise<Map<string, unknown>> {
  const present = rooms.filter((room) => steps.some((one) => one.room === room))
  for (const room of present) await kitOf(room).kit.createRoom({ id: room, channels: ['web', 'one', 'two'] })
  for (const one of steps.toSorted((a, b) => a.atMs - b.atMs)) {
    await clock.advance(Math.max(0, one.atMs - clock.monotonicMs()))
    await apply(kitOf(one.room).kit, one)
  }
  await clock.advance(30_000)
  const seen = new Map<string, unknown>()
  for (const room of present) {
    const { kit, web } = kitOf(room)
    const events = (await kit.events(room, { limit: 1_000 })).map(
      ({ index, type, status, source, content, createdAt }) => [
        index,
        type,
        status,
        source.channelId,
        source.participantId,
        textOf(content),
        createdAt,
      ],
    )
    seen.set(room, { events, delivered: web.said(room) })
  }
  return seen
}

test('KT-5 rooms that share channels and agents run as if each were alone, in one kit and over several', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const clock = createVirtualClock()
      const together = openWith(clock, makeChannels())
      const inOneKit = await play(steps, clock, () => together)

      const sharedClock = createVirtualClock()
      const shared = makeChannels()
      const kits = new Map(rooms.map((room) => [room as string, openWith(sharedClock, shared)]))
      const inManyKits = await play(steps, sharedClock, (room) => kits.get(room) ?? together)

      const alone = new Map<string, unknown>()
      for (const room of rooms) {
        const own = createVirtualClock()
        const bench = openWith(own, makeChannels())
        const result = await play(
          steps.filter((one) => one.room === room),
          own,
          () => bench,
        )
        for (const [id, seen] of result) alone.set(id, seen)
        await bench.kit.close()
      }
      expect(inOneKit).toEqual(alone)
      expect(inManyKits).toEqual(alone)
      await together.kit.close()
      for (const { kit } of kits.values()) await kit.close()
    }),
    { numRuns: 40 },
  )
})
