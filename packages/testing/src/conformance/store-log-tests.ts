import type { EventDraft, RoomEvent } from '@parley/spec'
import { describe, expect, test } from 'vitest'

import type { ConversationStoreSuiteOptions, StoreSetup } from './conversation-store.ts'
import { committed, newRoom } from './store-commit-tests.ts'

const indexes = (events: readonly RoomEvent[]): number[] => events.map((event) => event.index)

export function storeLogTests(setup: StoreSetup, { longLog = 100_000 }: ConversationStoreSuiteOptions): void {
  describe('log', () => {
    test('events are read by range, type, thread and direction', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const root = make.text(id, 'root')
      await store.commit(id, [
        root,
        make.draft(id, { type: 'note', content: { type: 'note', text: 'n' } }),
        make.draft(id, { parentEventId: root.id }),
        make.text(id, 'other'),
      ])
      expect(indexes(await store.events(id, { after: 0 }))).toEqual([1, 2, 3])
      expect(indexes(await store.events(id, { after: 0, before: 3 }))).toEqual([1, 2])
      expect(indexes(await store.events(id, { limit: 2 }))).toEqual([0, 1])
      expect(indexes(await store.events(id, { newestFirst: true, limit: 2 }))).toEqual([3, 2])
      expect(indexes(await store.events(id, { newestFirst: true, before: 2 }))).toEqual([1, 0])
      expect(indexes(await store.events(id, { types: ['note'] }))).toEqual([1])
      expect(indexes(await store.events(id, { thread: root.id }))).toEqual([0, 2])
      expect(indexes(await store.tail(id, 2))).toEqual([2, 3])
      expect(indexes(await store.tail(id, 2, { upToIndex: 1 }))).toEqual([0, 1])
      expect(indexes(await store.tail(id, 2, { types: ['message'] }))).toEqual([2, 3])
      expect(await store.events(make.id('room'))).toEqual([])
      await expect(store.events(id, { limit: -1 })).rejects.toMatchObject({ code: 'invalid_options' })
    })

    test('events are found by id in their own room only', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const { id: otherId } = await newRoom(at)
      const draft = make.text(id, 'a')
      await store.commit(id, [draft])
      expect(await store.getEvent(id, draft.id)).toEqual({ ...draft, index: 0 })
      expect(await store.getEvent(otherId, draft.id)).toBeNull()
      expect(await store.getEvent(id, 'unknown')).toBeNull()
    })

    test('ST-2 paging by index neither misses nor repeats while the log grows', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      await store.commit(
        id,
        Array.from({ length: 25 }, (_, n) => make.text(id, String(n))),
      )
      const read: RoomEvent[] = []
      for (
        let page = await store.events(id, { limit: 10 });
        page.length > 0;
        page = await store.events(id, { limit: 10, after: read.at(-1)?.index ?? -1 })
      ) {
        read.push(...page)
        if (read.length < 40) await store.commit(id, [make.text(id, 'later'), make.text(id, 'later still')])
      }
      expect(indexes(read)).toEqual(Array.from({ length: read.length }, (_, n) => n))
      expect(read.length).toBe(await store.eventCount(id))
    })

    test('EV-4 reads show an edit on its target, raw shows the original', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const { id } = await newRoom(at)
      const draft = make.text(id, 'frist')
      await store.commit(id, [draft])
      await clock.advance(1_000)
      const content = { type: 'text', text: 'first' } as const
      const edit = make.draft(id, { type: 'edit', content: { type: 'edit', targetEventId: draft.id, content } })
      await store.commit(id, [make.text(id, 'between'), edit], {
        effects: [{ kind: 'edit', targetEventId: draft.id, draft: 1, content }],
      })
      const shown = { ...draft, index: 0, content, edited: { at: make.now(), byIndex: 2 } }
      expect((await store.events(id))[0]).toEqual(shown)
      expect(await store.getEvent(id, draft.id)).toEqual(shown)
      expect((await store.tail(id, 3))[0]).toEqual(shown)
      expect((await store.events(id, { raw: true }))[0]).toEqual({ ...draft, index: 0 })
      expect(await store.getEvent(id, draft.id, { raw: true })).toEqual({ ...draft, index: 0 })
      expect(await store.eventCount(id)).toBe(3)
    })

    test('EV-4 a deleted event keeps its place and shows no content', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const draft = make.draft(id, {
        source: { kind: 'person', channelType: 'sms', medium: 'text', raw: { body: 'secret' } },
        content: { type: 'text', text: 'secret' },
      })
      await store.commit(id, [draft])
      const remove = make.draft(id, {
        type: 'delete',
        content: { type: 'delete', targetEventId: draft.id, kind: 'author' },
      })
      await store.commit(id, [remove], {
        effects: [{ kind: 'delete', targetEventId: draft.id, draft: 0, by: 'author' }],
      })
      const [shown] = await store.events(id)
      expect(shown).toMatchObject({
        index: 0,
        content: { type: 'redacted' },
        deleted: { at: make.now(), byIndex: 1, kind: 'author' },
      })
      expect(JSON.stringify(shown)).not.toContain('secret')
      expect((await store.events(id, { raw: true }))[0]).toEqual({ ...draft, index: 0 })
      const late = make.draft(id, {
        type: 'edit',
        content: { type: 'edit', targetEventId: draft.id, content: { type: 'text', text: 'back' } },
      })
      await store.commit(id, [late], {
        effects: [{ kind: 'edit', targetEventId: draft.id, draft: 0, content: { type: 'text', text: 'back' } }],
      })
      expect((await store.events(id))[0]?.content).toEqual({ type: 'redacted' })
    })

    test('EV-4 reactions gather on their target and can be taken back', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const draft = make.text(id, 'good news')
      await store.commit(id, [draft])
      const react = async (emoji: string, by: string, remove?: true): Promise<RoomEvent['reactions']> => {
        const more = remove === true ? { remove } : {}
        const event = make.draft(id, {
          type: 'reaction',
          content: { type: 'reaction', targetEventId: draft.id, emoji, ...more },
        })
        await store.commit(id, [event], {
          effects: [{ kind: 'reaction', targetEventId: draft.id, draft: 0, emoji, by, ...more }],
        })
        return (await store.getEvent(id, draft.id))?.reactions
      }
      expect(await react('+1', 'ada')).toEqual({ '+1': ['ada'] })
      expect(await react('+1', 'ben')).toEqual({ '+1': ['ada', 'ben'] })
      expect(await react('+1', 'ben')).toEqual({ '+1': ['ada', 'ben'] })
      expect(await react('heart', 'ada')).toEqual({ '+1': ['ada', 'ben'], heart: ['ada'] })
      expect(await react('+1', 'ada', true)).toEqual({ '+1': ['ben'], heart: ['ada'] })
      expect(await react('heart', 'ada', true)).toEqual({ '+1': ['ben'] })
      expect(await react('+1', 'ben', true)).toBeUndefined()
    })

    test('ST-1 an effect on an unknown target writes nothing', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const effects = [{ kind: 'delete', targetEventId: 'unknown', draft: 0, by: 'author' } as const]
      await expect(store.commit(id, [make.text(id, 'a')], { effects })).rejects.toMatchObject({
        code: 'event_not_found',
      })
      expect(await store.eventCount(id)).toBe(0)
    })

    test('EV-4 ST-2 redaction erases content, raw and edits for good and keeps the envelope', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const draft = make.draft(id, {
        content: { type: 'text', text: '4111 1111' },
        source: {
          kind: 'person',
          channelType: 'sms',
          medium: 'text',
          participantId: 'ada',
          raw: { body: '4111 1111' },
        },
        channelData: { externalId: 'x1', extra: { body: '4111 1111' } },
      })
      const reply = make.draft(id, { parentEventId: draft.id })
      await store.commit(id, [draft, reply])
      const content = { type: 'text', text: '4111 1112' } as const
      const edit = make.draft(id, { type: 'edit', content: { type: 'edit', targetEventId: draft.id, content } })
      await store.commit(id, [edit], { effects: [{ kind: 'edit', targetEventId: draft.id, draft: 0, content }] })
      const redacted = { at: make.now(), by: 'olga', reason: 'card number' }
      const shown = await store.redact(id, draft.id, redacted)
      expect(shown).toMatchObject({
        id: draft.id,
        index: 0,
        content: { type: 'redacted' },
        redacted,
        source: { participantId: 'ada' },
        channelData: { externalId: 'x1' },
      })
      expect((await store.events(id))[0]).toEqual(shown)
      const all = JSON.stringify([
        await store.events(id),
        await store.events(id, { raw: true }),
        await store.getEvent(id, draft.id, { raw: true }),
        await store.tail(id, 9),
      ])
      expect(all).not.toContain('4111')
      expect((await store.events(id)).map((event) => event.index)).toEqual([0, 1, 2])
      expect((await store.events(id))[1]?.parentEventId).toBe(draft.id)
      await expect(store.redact(id, 'unknown', redacted)).rejects.toMatchObject({ code: 'event_not_found' })
    })

    test('ST-3 indexes go on rising after a redaction', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const draft = make.text(id, 'a')
      await store.commit(id, [make.text(id, '0'), draft])
      await store.redact(id, draft.id, { at: make.now(), by: 'olga', reason: 'wish' })
      expect(committed(await store.commit(id, [make.text(id, 'b')])).events[0]?.index).toBe(2)
    })

    test(
      `ST-2 ${longLog.toLocaleString('en')} events: the tail, a page in the middle and the count are right`,
      { timeout: 120_000 },
      async () => {
        const at = await setup()
        const { store, make } = at
        const { id } = await newRoom(at)
        const batch = 1_000
        for (let start = 0; start < longLog; start += batch) {
          const drafts: EventDraft[] = Array.from({ length: batch }, (_, n) => make.text(id, String(start + n)))
          await store.commit(id, drafts)
        }
        expect(await store.eventCount(id)).toBe(longLog)
        expect((await store.tail(id, 3)).map((event) => event.content)).toEqual(
          [3, 2, 1].map((back) => ({ type: 'text', text: String(longLog - back) })),
        )
        const middle = longLog / 2
        expect(indexes(await store.events(id, { after: middle, limit: 3 }))).toEqual([
          middle + 1,
          middle + 2,
          middle + 3,
        ])
        expect((await store.loadContext(id, { tail: 50 }))?.recentEvents).toHaveLength(50)
      },
    )

    test('the cursor of deliveries moves by compare-and-set and never past the log', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      await store.commit(id, [make.text(id, 'a'), make.text(id, 'b')])
      expect((await store.undelivered(100)).map((room) => room.id)).toContain(id)
      const moves = await Promise.all([store.advanceDelivered(id, -1, 0), store.advanceDelivered(id, -1, 0)])
      expect(moves.filter(Boolean)).toHaveLength(1)
      expect(await store.advanceDelivered(id, 0, 5)).toBe(false)
      expect((await store.undelivered(100)).find((room) => room.id === id)?.deliveredIndex).toBe(0)
      expect(await store.advanceDelivered(id, 0, 1)).toBe(true)
      expect((await store.undelivered(100)).map((room) => room.id)).not.toContain(id)
      expect((await store.getRoom(id))?.deliveredIndex).toBe(1)
      await store.commit(id, [make.text(id, 'c')])
      expect((await store.undelivered(100)).map((room) => room.id)).toContain(id)
      expect(await store.undelivered(0)).toEqual([])
    })
  })
}
