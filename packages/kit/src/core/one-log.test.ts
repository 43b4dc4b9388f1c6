import { ConversationState, type Channel, type ConversationStore, type RoomEvent } from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recordingTransport, scriptedAgent, textsOf } from '../__fixtures__/open-kit.ts'
import { Kit } from '../kit.ts'
import { Pipeline } from '../orchestration/pipeline/pipeline.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { turnServices } from './turn-services.ts'

const agentIds = ['triage', 'billing', 'closing'] as const

type Step =
  | { kind: 'say'; from: string; hiddenFrom: readonly string[]; ownKey: boolean }
  | { kind: 'handoff'; to: string }
  | { kind: 'attach' | 'detach' | 'mute' | 'unmute'; channelId: string }
  | { kind: 'close' | 'reopen' | 'pause' }
  | { kind: 'wait'; ms: number }
  | { kind: 'restart'; graceMs: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant('say' as const),
      from: fc.constantFrom('ada', 'bob'),
      hiddenFrom: fc.subarray([...agentIds]),
      ownKey: fc.boolean(),
    }),
    weight: 6,
  },
  {
    arbitrary: fc.record({ kind: fc.constant('handoff' as const), to: fc.constantFrom(...agentIds, 'nobody') }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      kind: fc.constantFrom('attach' as const, 'detach' as const, 'mute' as const, 'unmute' as const),
      channelId: fc.constantFrom('web', 'late', ...agentIds),
    }),
    weight: 4,
  },
  { arbitrary: fc.record({ kind: fc.constantFrom('close' as const, 'reopen' as const, 'pause' as const) }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(200) }), weight: 4 },
  {
    arbitrary: fc.record({ kind: fc.constant('restart' as const), graceMs: fc.constantFrom(0, 50, 5_000) }),
    weight: 1,
  },
)

/** What agents were shown, and how many of them worked at a time. */
interface Watch {
  histories: { agentId: string; texts: string[] }[]
  working: Set<string>
  mostAtOnce: number
}

function watchedAgent(channelId: string, watch: Watch): Channel {
  return scriptedAgent(channelId, async function* (context) {
    const { turnId, clock, signal } = context
    watch.working.add(turnId)
    watch.mostAtOnce = Math.max(watch.mostAtOnce, watch.working.size)
    signal.addEventListener('abort', () => watch.working.delete(turnId))
    const history = (await turnServices(context)?.history(200)) ?? []
    watch.histories.push({ agentId: channelId, texts: textsOf(history) })
    yield { type: 'textDelta', text: `${channelId} begins` }
    await clock.sleep(70, { signal })
    yield { type: 'toolCallStarted', call: { callId: 'c', name: 'look', arguments: {} } }
    yield { type: 'toolCallEnded', call: { callId: 'c', name: 'look', arguments: {}, result: 'x' } }
    await clock.sleep(30, { signal })
    yield { type: 'textDelta', text: `${channelId} ends` }
    watch.working.delete(turnId)
  })
}

/** A store that outlives the kits that use it, as a database does. */
function lastingStore(clock: VirtualClock): ConversationStore {
  const store = createMemoryStore({ clock })
  return new Proxy(store, {
    get(target, key) {
      if (key === 'close') return () => Promise.resolve()
      if (key === 'isProcessLocal') return false
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function openKit(
  store: ConversationStore,
  clock: VirtualClock,
  seed: number,
  watch: Watch,
): { kit: Kit; pipeline: Pipeline } {
  const kit = new Kit({ store, clock, ids: createSeededIds(seed) })
  const agents = agentIds.map((id) => watchedAgent(id, watch))
  for (const channel of [recordingTransport('web'), recordingTransport('late'), ...agents]) kit.register(channel)
  return {
    kit,
    pipeline: new Pipeline({
      agents,
      stages: agentIds.map((id) => ({ phase: id, agentId: id, next: null, canReturnTo: [...agentIds] })),
    }),
  }
}

async function run(kit: Kit, now: Step, position: number): Promise<unknown> {
  switch (now.kind) {
    case 'say': {
      const seers = ['web', ...agentIds.filter((id) => !now.hiddenFrom.includes(id))]
      const text = `line ${position}${now.hiddenFrom.map((id) => ` hidden-from-${id}`).join('')}`
      return kit.send('room', {
        from: now.from,
        text,
        ...(now.hiddenFrom.length === 0 ? {} : { visibility: { only: seers } }),
        ...(now.ownKey ? { idempotencyKey: `key ${position % 3}` } : {}),
      })
    }
    case 'handoff':
      return kit.handoff(
        'room',
        { target: now.to, reason: 'asked', summary: 'a summary' },
        { by: { kind: 'code', id: 'test' } },
      )
    case 'attach':
      return kit.attach('room', now.channelId)
    case 'detach':
      return kit.detach('room', now.channelId)
    case 'mute':
      return kit.mute('room', now.channelId)
    case 'unmute':
      return kit.unmute('room', now.channelId)
    case 'close':
      return kit.closeRoom('room')
    case 'reopen':
      return kit.reopen('room')
    case 'pause':
      return kit.pauseRoom('room')
    case 'wait':
    case 'restart':
      return undefined
  }
}

async function checkRoom(kit: Kit, events: readonly RoomEvent[], watch: Watch): Promise<void> {
  expect(events.map(({ index }) => index)).toEqual(events.map((_event, index) => index))
  const room = await kit.getRoom('room')
  expect([room.eventCount, room.latestIndex]).toEqual([events.length, events.length - 1])
  expect(room.deliveredIndex).toBeLessThanOrEqual(room.latestIndex)
  for (const [index, { type }] of events.entries()) {
    const next = events[index + 1]
    if (type === 'roomClosed' && next !== undefined) expect(next.type).toBe('roomReopened')
  }
  for (const { agentId, texts } of watch.histories) expect(texts.join('\n')).not.toContain(`hidden-from-${agentId}`)
  const { activeAgentId } = ConversationState.parse(room.conversation)
  if (activeAgentId !== null) expect(agentIds).toContain(activeAgentId)
}

/** Without the active agent a message is everybody's, by the rule for what no route was found for. */
const losesAgents = (steps: readonly Step[]): boolean =>
  steps.some((now) => now.kind === 'detach' && agentIds.some((id) => id === now.channelId))

test('EV-1 VI-2 RM-2 any interleaving keeps the log whole, the hidden hidden, one agent at work, and closed rooms silent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const clock = createVirtualClock()
      const store = lastingStore(clock)
      const watch: Watch = { histories: [], working: new Set(), mostAtOnce: 0 }
      let { kit, pipeline } = openKit(store, clock, 1, watch)
      await kit.createRoom({ id: 'room', channels: ['web'], orchestration: pipeline })
      const open: Promise<unknown>[] = []
      for (const [position, now] of steps.entries()) {
        if (now.kind === 'wait') await clock.advance(now.ms)
        else if (now.kind === 'restart') {
          await Promise.all([kit.close({ graceMs: now.graceMs }), clock.advance(10_000)])
          ;({ kit } = openKit(store, clock, position + 2, watch))
          await Promise.all([kit.ready(), clock.advance(0)])
        } else open.push(run(kit, now, position).catch(() => {})) // Refusals are for the tests of their own rules.
      }
      await clock.advance(60_000)
      await Promise.all(open)
      await checkRoom(kit, await kit.events('room', { limit: 1_000 }), watch)
      if (!losesAgents(steps)) expect(watch.mostAtOnce).toBeLessThanOrEqual(1)
      await Promise.all([kit.close(), clock.advance(60_000)])
    }),
    { numRuns: 100 },
  )
})
