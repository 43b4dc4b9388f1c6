import type {
  ChannelBinding,
  Clock,
  EventDraft,
  Identity,
  Participant,
  PendingRequest,
  Receipt,
  Room,
} from '@parley/spec'

import { createSeededIds } from '../seeded-ids.ts'

/** Makes the records that store tests write, with fresh ids and the clock's instants. */
export interface StoreSamples {
  now(): string
  id(prefix: string): string
  room(fields?: Partial<Room>): Room
  draft(roomId: string, fields?: Partial<EventDraft>): EventDraft
  text(roomId: string, text: string): EventDraft
  binding(roomId: string, channelId: string, fields?: Partial<ChannelBinding>): ChannelBinding
  participant(roomId: string, id: string, fields?: Partial<Participant>): Participant
  receipt(roomId: string, fields?: Partial<Receipt>): Receipt
  request(roomId: string, fields?: Partial<PendingRequest>): PendingRequest
  identity(fields?: Partial<Identity>): Identity
}

/** Makes samples for one test; `seed` keeps the ids of tests on one database apart. */
export function createStoreSamples(clock: Clock, seed: number): StoreSamples {
  const ids = createSeededIds(seed)
  const now = (): string => new Date(clock.now()).toISOString()
  const samples: StoreSamples = {
    now,
    id: (prefix) => ids.next(prefix),
    room: (fields) => ({
      id: ids.next('room'),
      status: 'active',
      version: 0,
      createdAt: now(),
      updatedAt: now(),
      lastActivityAt: now(),
      timers: {},
      agentResponsePolicy: 'chain',
      metadata: {},
      eventCount: 0,
      latestIndex: -1,
      deliveredIndex: -1,
      ...fields,
    }),
    draft: (roomId, fields) => ({
      id: ids.next('evt'),
      roomId,
      type: 'message',
      status: 'committed',
      source: { kind: 'person', channelId: 'web', channelType: 'websocket', participantId: 'ada', medium: 'text' },
      content: { type: 'text', text: 'hello' },
      visibility: 'all',
      addressedTo: null,
      chainDepth: 0,
      createdAt: now(),
      metadata: {},
      ...fields,
    }),
    text: (roomId, text) => samples.draft(roomId, { content: { type: 'text', text } }),
    binding: (roomId, channelId, fields) => ({
      roomId,
      channelId,
      channelType: 'websocket',
      category: 'transport',
      direction: 'both',
      access: 'readWrite',
      muted: false,
      outputMuted: false,
      visibility: 'all',
      capabilities: { content: ['text'] },
      attachedAt: now(),
      metadata: {},
      ...fields,
    }),
    participant: (roomId, id, fields) => ({
      id,
      roomId,
      kind: 'person',
      channelId: 'web',
      connectedVia: ['web'],
      role: 'member',
      status: 'active',
      identification: 'unknown',
      joinedAt: now(),
      metadata: {},
      ...fields,
    }),
    receipt: (roomId, fields) => ({ id: ids.next('rcpt'), roomId, kind: 'routing', at: now(), data: {}, ...fields }),
    request: (roomId, fields) => ({
      id: ids.next('req'),
      roomId,
      kind: 'approval',
      agentId: 'billing',
      turnId: ids.next('turn'),
      sensitive: false,
      mode: 'detach',
      createdAt: now(),
      expiresAt: now(),
      status: 'open',
      ...fields,
    }),
    identity: (fields) => ({ id: ids.next('person'), addresses: {}, externalIds: {}, metadata: {}, ...fields }),
  }
  return samples
}
