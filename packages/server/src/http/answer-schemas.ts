import { contentSchema, visibilitySchema } from '@parley/spec'
import { z } from 'zod'
import { metadataSchema } from '../routes/schemas.ts'

const instant = z.string().meta({ format: 'date-time' })
const page = { nextCursor: z.string().optional() }
const actor = z.looseObject({ kind: z.enum(['agent', 'person', 'code', 'system']), id: z.string() })

const room = z.looseObject({
  id: z.string(),
  organizationId: z.string().optional(),
  status: z.enum(['active', 'paused', 'closed', 'archived']),
  version: z.int(),
  createdAt: instant,
  updatedAt: instant,
  lastActivityAt: instant,
  agentResponsePolicy: z.enum(['chain', 'addressedOnly']),
  metadata: metadataSchema,
  latestIndex: z.int().min(-1),
  eventCount: z.int(),
})
const event = z.looseObject({
  id: z.string(),
  roomId: z.string(),
  index: z.int(),
  type: z.string(),
  status: z.enum(['committed', 'blocked']),
  source: z.looseObject({
    kind: z.enum(['person', 'agent', 'system']),
    channelId: z.string().optional(),
    participantId: z.string().optional(),
  }),
  content: contentSchema,
  visibility: visibilitySchema,
  addressedTo: z.array(z.string()).nullable(),
  createdAt: instant,
  metadata: metadataSchema,
})
const participant = z.looseObject({
  id: z.string(),
  roomId: z.string(),
  kind: z.enum(['person', 'agent']),
  channelId: z.string(),
  displayName: z.string().optional(),
  role: z.enum(['owner', 'agent', 'member', 'observer', 'bot']),
  status: z.enum(['active', 'inactive', 'left', 'banned']),
})
const state = z.looseObject({
  version: z.int(),
  phase: z.string(),
  mode: z.enum(['agent', 'human', 'paused']),
  activeAgentId: z.string().nullable(),
  human: z.looseObject({ status: z.enum(['waiting', 'active']) }).optional(),
})
const request = z.looseObject({
  id: z.string(),
  roomId: z.string(),
  kind: z.enum(['approval', 'confirm', 'input']),
  agentId: z.string(),
  tool: z.string().optional(),
  sensitive: z.boolean(),
  expiresAt: instant,
  status: z.enum(['open', 'approved', 'rejected', 'answered', 'expired', 'cancelled']),
  decidedBy: actor.optional(),
})
const binding = z.looseObject({
  channelId: z.string(),
  channelType: z.string(),
  category: z.string(),
  muted: z.boolean(),
})

/** The shapes of answers, as the document shows them; names as code has them, fields not listed may follow. */
export const answerSchemas = {
  Room: room,
  RoomPage: z.object({ rooms: z.array(room), ...page }),
  Event: event,
  EventPage: z.object({ events: z.array(event), head: z.int(), next: z.int().optional() }),
  SentEvent: z.object({ event, duplicate: z.boolean() }),
  Participant: participant,
  Participants: z.object({ participants: z.array(participant) }),
  Joined: z.object({ room, participant, token: z.string(), expiresAt: instant }),
  OpenedCall: z.object({ callId: z.string(), token: z.string(), resumeWindowMs: z.int() }),
  Calls: z.object({
    calls: z.array(
      z.object({
        callId: z.string(),
        roomId: z.string(),
        participantId: z.string(),
        user: z.string(),
        agent: z.string(),
        media: z.enum(['connected', 'lost']),
        returnWithinMs: z.int().optional(),
      }),
    ),
  }),
  ReadMarkers: z.object({ readMarkers: z.array(z.looseObject({ readerId: z.string(), index: z.int() })) }),
  Binding: binding,
  Bindings: z.object({ bindings: z.array(binding) }),
  ReceiptPage: z.object({
    receipts: z.array(z.looseObject({ id: z.string(), kind: z.string(), at: instant })),
    ...page,
  }),
  State: state,
  Queue: z.object({ entries: z.array(z.looseObject({ roomId: z.string() })) }),
  HandoffResult: z.looseObject({ accepted: z.boolean(), newAgentId: z.string().nullable(), newPhase: z.string() }),
  Requests: z.object({ requests: z.array(request) }),
  AnsweredRequest: z.object({ request }),
  LiveSummary: z.looseObject({ roomId: z.string(), status: z.string(), latestIndex: z.int() }),
  Health: z.object({ status: z.literal('ok') }),
  Problem: z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    error: z.object({
      code: z.string(),
      message: z.string(),
      retryable: z.boolean(),
      details: z.record(z.string(), z.unknown()),
    }),
  }),
} satisfies Record<string, z.ZodType>
