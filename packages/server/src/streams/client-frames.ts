import { contentSchema } from '@parley/spec'
import { z } from 'zod'
import { idSchema, jsonSchema, metadataSchema } from '../routes/schemas.ts'

/** The subprotocol of a room's socket. */
export const roomProtocol = 'parley.room.v1'

const ref = { ref: idSchema.optional() }

/** What a client may send on a room's socket, with the names of code. */
export const clientFrameSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    token: z.string().max(8_192).optional(),
    resumeAfter: z.int().min(-1).optional(),
    participantId: idSchema.optional(),
  }),
  z.strictObject({
    type: z.literal('send'),
    idempotencyKey: idSchema,
    content: contentSchema,
    eventType: z.enum(['message', 'edit', 'delete', 'reaction', 'dtmf', 'note']).optional(),
    visibility: z.enum(['all', 'intelligence', 'internal']).optional(),
    addressedTo: z.array(idSchema).nullable().optional(),
    parentEventId: idSchema.optional(),
    metadata: metadataSchema.optional(),
  }),
  z.strictObject({ type: z.literal('typing'), isTyping: z.boolean().default(true) }),
  z.strictObject({ type: z.literal('presence'), status: z.enum(['online', 'away', 'offline']) }),
  z.strictObject({ type: z.literal('read'), index: z.int().min(0) }),
  z.strictObject({ type: z.literal('ack'), index: z.int().min(-1) }),
  z.strictObject({
    type: z.literal('answer'),
    requestId: idSchema,
    decision: z.enum(['approve', 'reject', 'answer']),
    value: jsonSchema.optional(),
    reason: z.string().max(1_000).optional(),
    ...ref,
  }),
  z.strictObject({ type: z.literal('ping') }),
])

export type ClientFrame = z.infer<typeof clientFrameSchema>
