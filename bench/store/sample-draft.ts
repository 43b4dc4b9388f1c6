import { createSystemIds, type EventDraft } from '@parley/spec'

const ids = createSystemIds()

/** A person's line, as it is committed. */
export function sampleDraft(roomId: string, number: number): EventDraft {
  return {
    id: ids.next('evt'),
    roomId,
    type: 'message',
    status: 'committed',
    source: { kind: 'person', channelId: 'phone', channelType: 'sms', participantId: 'ada', medium: 'text' },
    content: { type: 'text', text: `line number ${number}` },
    visibility: 'all',
    addressedTo: null,
    chainDepth: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    metadata: {},
  }
}
