import {
  bindingOptionsSchema,
  contentSchema,
  eventTypes,
  roomTimersSchema,
  visibilitySchema,
  type EventType,
  type Json,
  type ReceiptKind,
} from '@parley/spec'
import { z } from 'zod'

/** An id as callers give it. */
export const idSchema: z.ZodString = z.string().min(1).max(256)

export const jsonSchema: z.ZodType<Json> = z.json() as z.ZodType<Json>

export const metadataSchema = z.record(z.string(), jsonSchema)

/** Built-in and custom types of events. */
export const eventTypeSchema = z.union([
  z.enum(eventTypes),
  z.string().regex(/^x\.[\w-]+\.[\w.-]+$/, { error: 'a custom type x.<namespace>.<name>' }),
]) as z.ZodType<EventType>

/** A number in a query. */
const queryNumber = z.coerce.number().int()
export const indexSchema = queryNumber.min(-1)
export const limitSchema = queryNumber.min(1).max(200)

export const roleSchema = z.enum(['owner', 'agent', 'member', 'observer', 'bot'])

/** Who acts, when a key acts for a person. */
export const actingPerson = { participantId: idSchema.optional() }

export const newRoomSchema = z.strictObject({
  id: idSchema.optional(),
  metadata: metadataSchema.optional(),
  timers: roomTimersSchema.optional(),
  agentResponsePolicy: z.enum(['chain', 'addressedOnly']).optional(),
  channels: z.array(idSchema).max(50).optional(),
})

export const eventInputSchema = z.strictObject({
  text: z.string().optional(),
  content: contentSchema.optional(),
  type: eventTypeSchema.optional(),
  visibility: visibilitySchema.optional(),
  responseVisibility: visibilitySchema.optional(),
  addressedTo: z.array(idSchema).nullable().optional(),
  parentEventId: idSchema.optional(),
  metadata: metadataSchema.optional(),
  idempotencyKey: idSchema.optional(),
})

export const attachSchema = z.strictObject({ channelId: idSchema, options: bindingOptionsSchema.optional() })

/** Kinds of receipts, those of voice included. */
export const receiptKindSchema = z.union([
  z.enum([
    'routing',
    'modelRouting',
    'turn',
    'tool',
    'handoff',
    'mode',
    'block',
    'identity',
    'memory',
    'delivery',
    'delegation',
    'request',
    'budget',
  ]),
  z.string().regex(/^voice\.\w+$/, { error: 'a kind of receipt' }),
]) as z.ZodType<ReceiptKind>
