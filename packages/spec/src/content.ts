import { z } from 'zod'
import type { EventId } from './ids.ts'
import type { Json } from './json.ts'

/** What an event says. URLs are `http(s):` or `data:`. */
export type Content =
  | TextContent
  | {
      type: 'rich'
      body: string
      format: 'html' | 'markdown'
      plainText?: string
      buttons?: Json[]
      cards?: Json[]
      quickReplies?: string[]
    }
  | { type: 'media'; url: string; mimeType: string; filename?: string; sizeBytes?: number; caption?: string }
  | { type: 'audio'; url: string; mimeType: string; durationMs?: number; transcript?: string }
  | { type: 'video'; url: string; mimeType: string; durationMs?: number; thumbnailUrl?: string }
  | { type: 'location'; latitude: number; longitude: number; label?: string; address?: string }
  | { type: 'composite'; parts: Content[] }
  | { type: 'template'; templateId: string; language: string; parameters: Record<string, Json>; text?: string }
  | { type: 'edit'; targetEventId: EventId; content: Content }
  | { type: 'delete'; targetEventId: EventId; kind: 'author' | 'owner' | 'system'; reason?: string }
  | { type: 'reaction'; targetEventId: EventId; emoji: string; remove?: true }
  | ToolCallContent
  | { type: 'dtmf'; digits: string }
  | { type: 'note'; text: string }
  | SystemContent
  | { type: 'redacted' }

export interface TextContent {
  type: 'text'
  text: string
  language?: string
  /** The speaker was cut off here. */
  interrupted?: true
  speech?: { audioRef?: string; words?: Json[]; confidence?: number }
}

export interface ToolCallContent {
  type: 'toolCall'
  callId: string
  name: string
  arguments: Json
  status: 'pending' | 'completed' | 'failed'
  result?: Json
  structured?: Json
  durationMs?: number
  error?: Json
}

export interface SystemContent {
  type: 'system'
  code: string
  text: string
  data?: Json
}

const json = z.json() as z.ZodType<Json>
const id = z.string().min(1).max(256)
/** Addresses that content may carry. */
const url = z
  .string()
  .max(2_000_000)
  .refine((value) => /^(https?:\/\/[^\s]+|data:[^\s]+)$/i.test(value), { error: 'an http(s): or data: URL' })
const mimeType = z.string().regex(/^[\w.+-]+\/[\w.+*-]+$/, { error: 'a MIME type such as image/png' })

/** The schema of `Content`. */
export const contentSchema: z.ZodType<Content> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('text'),
      text: z.string(),
      language: z.string().optional(),
      interrupted: z.literal(true).optional(),
      speech: z
        .strictObject({
          audioRef: z.string().optional(),
          words: z.array(json).optional(),
          confidence: z.number().min(0).max(1).optional(),
        })
        .optional(),
    }),
    z.strictObject({
      type: z.literal('rich'),
      body: z.string(),
      format: z.enum(['html', 'markdown']),
      plainText: z.string().optional(),
      buttons: z.array(json).optional(),
      cards: z.array(json).optional(),
      quickReplies: z.array(z.string()).optional(),
    }),
    z.strictObject({
      type: z.literal('media'),
      url,
      mimeType,
      filename: z.string().optional(),
      sizeBytes: z.int().nonnegative().optional(),
      caption: z.string().optional(),
    }),
    z.strictObject({
      type: z.literal('audio'),
      url,
      mimeType,
      durationMs: z.number().nonnegative().optional(),
      transcript: z.string().optional(),
    }),
    z.strictObject({
      type: z.literal('video'),
      url,
      mimeType,
      durationMs: z.number().nonnegative().optional(),
      thumbnailUrl: url.optional(),
    }),
    z.strictObject({
      type: z.literal('location'),
      latitude: z.number().min(-90).max(90),
      longitude: z.number().min(-180).max(180),
      label: z.string().optional(),
      address: z.string().optional(),
    }),
    z.strictObject({ type: z.literal('composite'), parts: z.array(contentSchema).min(1) }),
    z.strictObject({
      type: z.literal('template'),
      templateId: id,
      language: z.string().min(1),
      parameters: z.record(z.string(), json),
      text: z.string().optional(),
    }),
    z.strictObject({ type: z.literal('edit'), targetEventId: id, content: contentSchema }),
    z.strictObject({
      type: z.literal('delete'),
      targetEventId: id,
      kind: z.enum(['author', 'owner', 'system']),
      reason: z.string().optional(),
    }),
    z.strictObject({
      type: z.literal('reaction'),
      targetEventId: id,
      emoji: z.string().min(1).max(64),
      remove: z.literal(true).optional(),
    }),
    z.strictObject({
      type: z.literal('toolCall'),
      callId: id,
      name: z.string().min(1),
      arguments: json,
      status: z.enum(['pending', 'completed', 'failed']),
      result: json.optional(),
      structured: json.optional(),
      durationMs: z.number().nonnegative().optional(),
      error: json.optional(),
    }),
    z.strictObject({ type: z.literal('dtmf'), digits: z.string().regex(/^[0-9*#A-D]+$/, { error: 'keypad digits' }) }),
    z.strictObject({ type: z.literal('note'), text: z.string() }),
    z.strictObject({ type: z.literal('system'), code: z.string().min(1), text: z.string(), data: json.optional() }),
    z.strictObject({ type: z.literal('redacted') }),
  ]),
) as z.ZodType<Content>
