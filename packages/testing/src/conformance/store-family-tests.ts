import { describe, expect, test } from 'vitest'

import type { StoreSetup } from './conversation-store.ts'
import { newRoom } from './store-commit-tests.ts'

export function storeFamilyTests(setup: StoreSetup): void {
  describe('families', () => {
    test('records are put, read, replaced and removed by scope and id', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const { id: otherId } = await newRoom(at)
      const binding = make.binding(id, 'web')
      expect(await store.bindings.put([binding, make.binding(id, 'sms'), make.binding(otherId, 'web')])).toEqual({
        written: true,
      })
      expect(await store.bindings.get(id, 'web')).toEqual(binding)
      await store.bindings.put([{ ...binding, muted: true }])
      expect(
        (await store.bindings.list({ roomId: id })).items.map(({ channelId, muted }) => [channelId, muted]),
      ).toEqual([
        ['web', true],
        ['sms', false],
      ])
      expect(await store.bindings.remove(id, ['web', 'never'])).toBe(1)
      expect(await store.bindings.get(id, 'web')).toBeNull()
      expect(await store.bindings.get(otherId, 'web')).not.toBeNull()
      expect((await store.bindings.list({ channelId: 'web' })).items.map((item) => item.roomId)).toEqual([otherId])
    })

    test('ifAbsent writes nothing if any is there, expected compares the stored fields', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const ada = make.participant(id, 'ada')
      const ben = make.participant(id, 'ben')
      expect(await store.participants.put([ada], { ifAbsent: true })).toEqual({ written: true })
      expect(await store.participants.put([{ ...ada, displayName: 'X' }, ben], { ifAbsent: true })).toEqual({
        written: false,
      })
      expect(await store.participants.get(id, 'ben')).toBeNull()
      const outcomes = await Promise.all(
        ['one', 'two'].map((displayName) =>
          store.participants.put([{ ...ada, status: 'left', displayName }], {
            expected: { status: 'active', connectedVia: ['web'] },
          }),
        ),
      )
      expect(outcomes.filter((outcome) => outcome.written)).toHaveLength(1)
      expect(await store.participants.put([ben], { expected: { status: 'active' } })).toEqual({ written: false })
      expect((await store.participants.list({ roomId: id, status: 'left' })).items).toHaveLength(1)
      expect((await store.participants.list({ roomId: id, status: 'active' })).items).toEqual([])
    })

    test('of many who put the same absent record at once one succeeds', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const outcomes = await Promise.all(
        Array.from({ length: 5 }, (_, n) =>
          store.readMarkers.put([{ roomId: id, readerId: 'ada', index: n, at: make.now() }], { ifAbsent: true }),
        ),
      )
      expect(outcomes.filter((outcome) => outcome.written)).toHaveLength(1)
    })

    test('ST-2 paging by cursor neither misses nor repeats while the family grows', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const receipts = Array.from({ length: 25 }, (_, n) =>
        make.receipt(id, { kind: n % 2 === 0 ? 'turn' : 'routing', turnId: `turn_${n % 3}`, eventIndex: n }),
      )
      await store.receipts.put(receipts)
      const seen: (number | undefined)[] = []
      let page = await store.receipts.list({ roomId: id, limit: 10 })
      for (;;) {
        seen.push(...page.items.map((receipt) => receipt.eventIndex))
        if (page.next === undefined) break
        if (seen.length === 10) await store.commit(id, [], { receipts: [make.receipt(id, { eventIndex: 25 })] })
        page = await store.receipts.list({ roomId: id, limit: 10, after: page.next })
      }
      expect(seen).toEqual(Array.from({ length: 26 }, (_, n) => n))
      expect((await store.receipts.list({ roomId: id, kind: 'turn' })).items).toHaveLength(13)
      expect(
        (await store.receipts.list({ roomId: id, kind: 'turn', turnId: 'turn_0' })).items.map(
          (receipt) => receipt.eventIndex,
        ),
      ).toEqual([0, 6, 12, 18, 24])
      expect((await store.receipts.list({ roomId: id, eventIndex: 7 })).items).toHaveLength(1)
      await expect(store.receipts.list({ roomId: id, after: 'nonsense' })).rejects.toMatchObject({
        code: 'invalid_options',
      })
    })

    test('open requests are listed over rooms and by organization, oldest first', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at, { organizationId: 'acme' })
      const { id: otherId } = await newRoom(at, { organizationId: 'other' })
      const first = make.request(otherId)
      const second = make.request(id, { kind: 'confirm' })
      const third = make.request(id)
      for (const request of [first, second, third]) await store.commit(request.roomId, [], { requests: [request] })
      await store.commit(id, [], { requests: [{ ...third, status: 'expired' }] })
      expect((await store.requests.list({ status: 'open' })).items).toEqual([first, second])
      expect((await store.requests.list({ status: 'open', organizationId: 'acme' })).items).toEqual([second])
      expect((await store.requests.list({ status: 'open', kind: 'approval', roomId: otherId })).items).toEqual([first])
      expect((await store.requests.list({ roomId: id, status: 'expired' })).items).toHaveLength(1)
      expect((await store.requests.list({ id: second.id, limit: 1 })).items).toEqual([second])
      expect((await store.requests.list({ id: 'req_unknown' })).items).toEqual([])
    })

    test('reminders are found when due and the same key replaces', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const reminder = (key: string, at: string) => ({ roomId: id, key, at, payload: null })
      await store.reminders.put([reminder('a', '2026-01-01T10:00:00.000Z'), reminder('b', '2026-01-01T11:00:00.000Z')])
      await store.reminders.put([reminder('a', '2026-01-01T12:00:00.000Z')])
      const due = async (dueBefore: string) => (await store.reminders.list({ dueBefore })).items.map((item) => item.key)
      expect(await due('2026-01-01T10:59:59.999Z')).toEqual([])
      expect(await due('2026-01-01T11:00:00.000Z')).toEqual(['b'])
      expect((await due('2026-01-01T12:00:00.000Z')).toSorted()).toEqual(['a', 'b'])
      expect(make.now()).toBeDefined()
    })

    test('PA-4 an address belongs to one identity per organization', async () => {
      const { store, make } = await setup()
      const ada = make.identity({ organizationId: 'acme', addresses: { sms: ['+1555'], email: ['ada@acme.test'] } })
      const twin = make.identity({ organizationId: 'other', addresses: { sms: ['+1555'] } })
      const thief = make.identity({ organizationId: 'acme', addresses: { sms: ['+1777', '+1555'] } })
      const nobody = make.identity({ addresses: { sms: ['+1555'] } })
      expect(await store.identities.put([ada, twin, nobody])).toEqual({ written: true })
      expect(await store.identities.put([thief])).toEqual({ written: false })
      expect(await store.identities.get('acme', thief.id)).toBeNull()
      const find = async (organizationId: string) =>
        (await store.identities.list({ organizationId, channelType: 'sms', address: '+1555' })).items
      expect(await find('acme')).toEqual([ada])
      expect(await find('other')).toEqual([twin])
      expect((await store.identities.list({ organizationId: 'acme', address: 'ada@acme.test' })).items).toEqual([ada])
      expect(
        (await store.identities.list({ organizationId: 'acme', channelType: 'email', address: '+1555' })).items,
      ).toEqual([])
      expect(await store.identities.put([{ ...ada, addresses: { sms: ['+1556'] } }])).toEqual({ written: true })
      expect(await store.identities.put([thief])).toEqual({ written: true })
      expect(await store.identities.remove('acme', [thief.id])).toBe(1)
      expect(
        await store.identities.put([make.identity({ organizationId: 'acme', addresses: { sms: ['+1555'] } })]),
      ).toEqual({ written: true })
    })

    test('PA-4 two identities put at once cannot share an address', async () => {
      const { store, make } = await setup()
      const claim = () => make.identity({ organizationId: 'acme', addresses: { sms: ['+1999'] } })
      expect(await store.identities.put([claim(), claim()])).toEqual({ written: false })
      expect((await store.identities.list({ organizationId: 'acme', address: '+1999' })).items).toEqual([])
      const outcomes = await Promise.all([store.identities.put([claim()]), store.identities.put([claim()])])
      expect(outcomes.filter((outcome) => outcome.written)).toHaveLength(1)
    })

    test('large families keep finding their records', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const people = Array.from({ length: 120 }, (_, n) => make.participant(id, `p${n}`))
      await store.participants.put(people)
      await store.participants.put([make.participant(id, 'p60', { status: 'banned' })])
      await store.participants.remove(id, ['p0', 'p119'])
      expect((await store.participants.get(id, 'p60'))?.status).toBe('banned')
      expect(await store.participants.get(id, 'p119')).toBeNull()
      expect((await store.participants.list({ roomId: id, limit: 1_000 })).items).toHaveLength(118)
      expect((await store.loadContext(id, { tail: 1 }))?.participants[59]?.id).toBe('p60')
    })
  })
}
