import { z } from 'zod'

// Twilio writes numbers as strings, the media format's as numbers; both are taken. Unknown fields are left alone.
const numeric = z.coerce.number().int().nonnegative()
const text = z.string().max(4_096)

/** What is known of a call when its stream starts. */
export interface TwilioStart {
  streamSid: string
  accountSid: string
  callSid: string
  customParameters: Record<string, string>
  mediaFormat: { encoding: string; sampleRate: number; channels: number }
}

/** What Twilio says on a stream. */
export type TwilioMessage =
  | { event: 'start'; start: TwilioStart }
  | { event: 'media'; media: { track: string; timestamp?: number | undefined; payload: string } }
  | { event: 'dtmf'; dtmf: { digit: string } }
  | { event: 'mark'; mark: { name: string } }
  | { event: 'connected' | 'stop' }

const messageSchema: z.ZodType<TwilioMessage> = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('start'),
    start: z.object({
      streamSid: text,
      accountSid: text,
      callSid: text,
      customParameters: z.record(text, z.string()).default({}),
      mediaFormat: z.object({ encoding: z.string(), sampleRate: numeric, channels: numeric }),
    }),
  }),
  z.object({
    event: z.literal('media'),
    media: z.object({ track: z.string().default('inbound'), timestamp: numeric.optional(), payload: z.string() }),
  }),
  z.object({ event: z.literal('dtmf'), dtmf: z.object({ digit: z.string().regex(/^[0-9*#A-D]$/) }) }),
  z.object({ event: z.literal('mark'), mark: z.object({ name: z.string() }) }),
  z.object({ event: z.literal('connected') }),
  z.object({ event: z.literal('stop') }),
])

const knownEvents = new Set(['connected', 'start', 'media', 'dtmf', 'mark', 'stop'])

/** Reads one message; `unknown` is an event of another kind, `invalid` one that cannot be read. */
export function readTwilioMessage(frame: string | Uint8Array): TwilioMessage | 'unknown' | 'invalid' {
  if (typeof frame !== 'string') return 'invalid'
  let value: unknown
  try {
    value = JSON.parse(frame)
  } catch {
    return 'invalid'
  }
  const read = messageSchema.safeParse(value)
  if (read.success) return read.data
  const event = typeof value === 'object' && value !== null && 'event' in value ? value.event : undefined
  return typeof event === 'string' && !knownEvents.has(event) ? 'unknown' : 'invalid'
}
