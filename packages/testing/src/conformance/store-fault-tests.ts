import { describe, expect, test } from 'vitest'

import { createVirtualClock } from '../virtual-clock.ts'
import type { ConversationStoreSuiteOptions } from './conversation-store.ts'
import { committed, everything } from './store-commit-tests.ts'
import { createStoreSamples } from './store-samples.ts'

/** Tests of a store whose database fails at a chosen statement. */
export function storeFaultTests(open: NonNullable<ConversationStoreSuiteOptions['openBreakable']>): void {
  describe('faults', () => {
    async function setup() {
      const clock = createVirtualClock()
      const make = createStoreSamples(clock, 90_001)
      const breakable = await open({ clock })
      const room = await breakable.store.createRoom(make.room())
      return { ...breakable, make, room }
    }

    test.for(['before', 'inside'] as const)(
      'ST-1 ST-2 ST-5 a failure %s the transaction leaves nothing and is retryable',
      async (when) => {
        const { store, breakNext, make, room } = await setup()
        await store.commit(room.id, [make.text(room.id, 'first')])
        const before = await everything(store, room.id)
        const drafts = [make.text(room.id, 'a'), make.text(room.id, 'b')]
        const also = {
          receipts: [make.receipt(room.id)],
          room: { metadata: { set: { x: 1 } }, bindings: [make.binding(room.id, 'web')] },
        }
        breakNext(when)
        await expect(store.commit(room.id, drafts, also)).rejects.toMatchObject({
          code: 'store_unavailable',
          retryable: true,
        })
        expect(await everything(store, room.id)).toEqual(before)
        const { events } = committed(await store.commit(room.id, drafts, also))
        expect(events.map((event) => event.index)).toEqual([1, 2])
      },
    )

    test('ST-5 a commit whose answer was lost is found by id and answered as committed', async () => {
      const { store, breakNext, make, room } = await setup()
      const drafts = [make.draft(room.id, { idempotencyKey: 'k' }), make.text(room.id, 'b')]
      breakNext('after')
      const { events } = committed(await store.commit(room.id, drafts, { receipts: [make.receipt(room.id)] }))
      expect(events.map((event) => [event.id, event.index])).toEqual(drafts.map((draft, index) => [draft.id, index]))
      expect(await store.eventCount(room.id)).toBe(2)
      expect((await store.receipts.list({ roomId: room.id })).items).toHaveLength(1)
    })

    test('ST-5 a commit that created its room is found by id too', async () => {
      const { store, breakNext, make } = await setup()
      const planned = make.room()
      breakNext('after')
      const { room, events } = committed(
        await store.commit(planned.id, [make.text(planned.id, 'a')], { room: { create: planned } }),
      )
      expect(room).toMatchObject({ id: planned.id, eventCount: 1 })
      expect(events).toEqual(await store.events(planned.id))
    })

    test('ST-5 committing the same drafts again writes them once', async () => {
      const { store, make, room } = await setup()
      const drafts = [make.text(room.id, 'a'), make.text(room.id, 'b')]
      const first = committed(await store.commit(room.id, drafts))
      const again = committed(await store.commit(room.id, drafts))
      expect(again.events).toEqual(first.events)
      expect(await store.eventCount(room.id)).toBe(2)
    })
  })
}
