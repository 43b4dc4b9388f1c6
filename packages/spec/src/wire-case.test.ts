import { describe, expect, test } from 'vitest'
import { fromWire, fromWireName, toWire, toWireName } from './wire-case.ts'

describe('names on the wire', () => {
  test('every name in code comes back from the wire as it was', () => {
    for (const name of ['id', 'idempotencyKey', 'addressedTo', 'inactiveAfterMs', 'connectedVia', 'x']) {
      expect(fromWireName(toWireName(name))).toBe(name)
    }
    expect(toWireName('idempotencyKey')).toBe('idempotency_key')
  })

  test('fields are mapped at every depth and absent ones left out', () => {
    const value = { roomId: 'r', source: { channelId: 'c', externalId: undefined }, parts: [{ mimeType: 'image/png' }] }
    expect(toWire(value)).toEqual({ room_id: 'r', source: { channel_id: 'c' }, parts: [{ mime_type: 'image/png' }] })
    expect(fromWire(toWire(value))).toEqual({
      roomId: 'r',
      source: { channelId: 'c' },
      parts: [{ mimeType: 'image/png' }],
    })
  })

  test('keys of user data are never renamed, either way', () => {
    const value = {
      metadata: { dueDate: 1, due_date: 2, nested: { someKey: true } },
      content: { type: 'toolCall', callId: 'c', arguments: { accountId: 7, account_id: 8 } },
    }
    expect(toWire(value)).toEqual({
      metadata: { dueDate: 1, due_date: 2, nested: { someKey: true } },
      content: { type: 'toolCall', call_id: 'c', arguments: { accountId: 7, account_id: 8 } },
    })
    expect(fromWire(toWire(value))).toEqual(value)
  })

  test('mapping what is mapped already changes nothing', () => {
    const wire = toWire({ callId: 'c', externalIds: { crmId: 1 } })
    expect(toWire(wire)).toEqual(wire)
    expect(fromWire(fromWire(wire))).toEqual(fromWire(wire))
  })

  test('a key named __proto__ is data and changes no prototype', () => {
    const hostile: unknown = JSON.parse('{"__proto__": {"is_admin": true}}')
    const read = fromWire(hostile) as { isAdmin?: boolean } // an object, since an object went in
    expect(read.isAdmin).toBeUndefined()
    expect(Object.keys(read)).toEqual(['__proto__'])
  })
})
