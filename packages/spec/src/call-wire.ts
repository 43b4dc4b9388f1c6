import { z } from 'zod'
import { fromWire, toWire, toWireName } from './wire-case.ts'

/** The subprotocol of a call's media socket. */
export const callProtocol = 'parley.call.v1'

/** What precedes a token offered as subprotocol. */
export const callTokenProtocol = 'parley.token.'

/** The version of the messages. */
export const callWireVersion = 1

/** Why a media socket is closed (`voice.md` W-1, W-7). */
export const callCloseCodes = {
  ended: 1000,
  flooded: 1008,
  failed: 1011,
  unauthorized: 4401,
  forbidden: 4403,
  version: 4406,
  helloTimeout: 4408,
  takenOver: 4409,
  resumeRefused: 4410,
  slow: 4413,
  lost: 4414,
  draining: 4503,
} as const

const id = z.string().min(1).max(256)
const uint32 = z.int().min(0).max(0xffff_ffff)
const ms = z.int().min(0)
const codec = z.enum(['pcm16', 'pcmu', 'pcma', 'opus'])
const rate = z.union([z.literal(8_000), z.literal(16_000), z.literal(24_000), z.literal(48_000)])
const language = z.string().min(1).max(64)
const up = z.object({ codec, rate, frameMs: z.int().min(10).max(60) })
const down = z.object({ codec, rate })
/** Every message. Of the connection alone, thus `seq` 0: `hello`, `welcome`, `ping`, `pong`, `bye`; that of `ack` is the highest received. */
const envelope = { v: z.literal(callWireVersion), seq: z.int().min(0) }
const word = z.object({ text: z.string(), startMs: z.number().min(0), endMs: z.number().min(0) })

/** What the person's end may send, with the names of code. Unknown fields are left out. */
export const clientCallMessageSchema = z.discriminatedUnion('type', [
  z.object({
    ...envelope,
    type: z.literal('hello'),
    versions: z.array(z.int()).min(1).max(16),
    token: z.string().max(8_192).optional(),
    resume: z.object({ resumeToken: z.string().max(256), lastSeq: z.int().min(0), lastEpoch: uint32 }).optional(),
    takeover: z.boolean().optional(),
    audio: z.object({ up, down }),
    capabilities: z.object({
      played: z.boolean(),
      pause: z.boolean(),
      aec: z.boolean(),
      recognition: z.boolean(),
      opus: z.boolean(),
      /** Whether sound comes from there at all. @default true */
      microphone: z.boolean().optional(),
    }),
    client: z.object({ name: z.string().max(128), version: z.string().max(64) }),
    language: language.optional(),
  }),
  z.object({
    ...envelope,
    type: z.literal('played'),
    epoch: uint32,
    utteranceId: id,
    positionMs: ms,
    bufferedMs: ms,
    done: z.boolean().optional(),
  }),
  z.object({ ...envelope, type: z.literal('cleared'), epoch: uint32, positionMs: ms }),
  z.object({ ...envelope, type: z.literal('paused'), epoch: uint32, positionMs: ms }),
  z.object({
    ...envelope,
    type: z.literal('dtmf'),
    digit: z.string().regex(/^[0-9*#A-D]$/),
    durationMs: ms.max(60_000),
  }),
  z.object({ ...envelope, type: z.literal('text'), id, text: z.string().min(1).max(32_000) }),
  z.object({
    ...envelope,
    type: z.literal('transcript'),
    id,
    text: z.string().max(32_000),
    final: z.boolean(),
    confidence: z.number().min(0).max(1).optional(),
    language: language.optional(),
  }),
  z.object({ ...envelope, type: z.literal('mute'), muted: z.boolean() }),
  z.object({ ...envelope, type: z.literal('talk'), down: z.boolean() }),
  z.object({ ...envelope, type: z.literal('interrupt') }),
  z.object({ ...envelope, type: z.literal('consent'), kind: z.literal('recording'), granted: z.boolean() }),
  z.object({
    ...envelope,
    type: z.literal('stats'),
    rttMs: z.number().min(0).optional(),
    jitterMs: z.number().min(0).optional(),
    underruns: z.int().min(0).optional(),
    lost: z.int().min(0).optional(),
    outputLatencyMs: z.number().min(0).optional(),
  }),
  z.object({ ...envelope, type: z.literal('ack') }),
  z.object({ ...envelope, type: z.literal('ping'), t: z.number() }),
  z.object({ ...envelope, type: z.literal('hangup'), reason: z.string().max(256).optional() }),
])

/** A message of the person's end. */
export type ClientCallMessage = z.infer<typeof clientCallMessageSchema>

const agent = z.object({ id: z.string(), name: z.string(), voice: z.string().nullable() })

/** Loudness in dBFS. */
const level = z.int().min(-100).max(0)

/** What the server may send, with the names of code. */
export const serverCallMessageSchema = z.discriminatedUnion('type', [
  z.object({
    ...envelope,
    type: z.literal('welcome'),
    version: z.int(),
    callId: z.string(),
    roomId: z.string(),
    participantId: z.string(),
    /** `null` for a socket that only reads (W-7). */
    resumeToken: z.string().nullable(),
    resumeWindowMs: ms,
    resumed: z.boolean(),
    audio: z.object({ up, down }),
    agent: agent.nullable(),
    features: z.array(z.string()),
    /** The highest number that came from this end; it goes on behind it. */
    received: z.int().min(0),
  }),
  z.object({
    ...envelope,
    type: z.literal('state'),
    agent: z.string(),
    user: z.string(),
    agentId: z.string().nullable(),
    mode: z.enum(['agent', 'human', 'paused']),
  }),
  z.object({
    ...envelope,
    type: z.literal('segment'),
    epoch: uint32,
    utteranceId: id,
    segmentId: id,
    agentId: z.string().nullable(),
    kind: z.string(),
    phase: z.enum(['start', 'end']),
    totalMs: ms.optional(),
  }),
  z.object({ ...envelope, type: z.literal('clear'), epoch: uint32 }),
  z.object({ ...envelope, type: z.literal('pause'), epoch: uint32 }),
  z.object({ ...envelope, type: z.literal('continue'), epoch: uint32 }),
  z.object({
    ...envelope,
    type: z.literal('caption'),
    id,
    role: z.enum(['user', 'agent']),
    agentId: z.string().optional(),
    name: z.string().optional(),
    text: z.string(),
    final: z.boolean(),
    interrupted: z.boolean().optional(),
    words: z.array(word).optional(),
  }),
  z.object({
    ...envelope,
    type: z.literal('heard'),
    utteranceId: id,
    played: z.int().min(0),
    confirmed: z.int().min(0),
    cut: z.int().min(0).optional(),
  }),
  z.object({ ...envelope, type: z.literal('agent'), ...agent.shape }),
  z.object({
    ...envelope,
    type: z.literal('handoff'),
    from: z.string().nullable(),
    to: z.string().nullable(),
    phase: z.string().optional(),
    reason: z.string().optional(),
  }),
  z.object({ ...envelope, type: z.literal('language'), language }),
  z.object({ ...envelope, type: z.literal('hold'), on: z.boolean() }),
  z.object({ ...envelope, type: z.literal('bridge'), mode: z.string(), participants: z.array(z.string()) }),
  z.object({
    ...envelope,
    type: z.literal('recording'),
    state: z.enum(['off', 'asking', 'on', 'paused', 'refused', 'done']),
  }),
  z.object({
    ...envelope,
    type: z.literal('input'),
    mode: z.enum(['digits', 'none']),
    sensitive: z.boolean(),
    prompt: z.string().optional(),
    requestId: z.string().optional(),
    digits: z.int().min(0).optional(),
  }),
  z.object({ ...envelope, type: z.literal('notice'), code: z.string(), message: z.string() }),
  z.object({ ...envelope, type: z.literal('metrics'), metrics: z.record(z.string(), z.number()) }),
  z.object({ ...envelope, type: z.literal('levels'), caller: level, agent: level, desk: level }),
  z.object({
    ...envelope,
    type: z.literal('error'),
    code: z.string(),
    message: z.string(),
    retryable: z.boolean(),
    fatal: z.boolean(),
    path: z.string().optional(),
  }),
  z.object({ ...envelope, type: z.literal('ack') }),
  z.object({ ...envelope, type: z.literal('pong'), t: z.number() }),
  z.object({
    ...envelope,
    type: z.literal('bye'),
    reason: z.string(),
    code: z.int(),
    url: z.string().optional(),
  }),
])

/** A message of the server. */
export type ServerCallMessage = z.infer<typeof serverCallMessageSchema>

/** What became of a text frame: a message, one of a newer version (`unknown`), or a fault at `path`, in names of the wire. */
export type CallMessageResult<Message> =
  | { ok: true; message: Message }
  | { ok: false; problem: 'unknown'; seq: number }
  | { ok: false; problem: 'invalid'; seq?: number; path: string }

/** Reads what a person's end sent. */
export function parseClientCallMessage(text: string): CallMessageResult<ClientCallMessage> {
  return parse(text, clientCallMessageSchema)
}

/** Reads what a server sent. */
export function parseServerCallMessage(text: string): CallMessageResult<ServerCallMessage> {
  return parse(text, serverCallMessageSchema)
}

/** Writes a message as it travels: JSON with snake_case names. */
export function writeCallMessage(message: ClientCallMessage | ServerCallMessage): string {
  const wire = toWire(message)
  // `words` of events are user data and stay as they are; those of a caption are ours.
  if (message.type === 'caption' && message.words !== undefined && isRecord(wire))
    wire['words'] = toWire([...message.words])
  return JSON.stringify(wire)
}

function parse<Message extends { type: string }>(
  text: string,
  schema: {
    safeParse(value: unknown): z.ZodSafeParseResult<Message>
    options: readonly { shape: { type: z.ZodLiteral<string> } }[]
  },
): CallMessageResult<Message> {
  let wire: unknown
  try {
    wire = JSON.parse(text)
  } catch {
    return { ok: false, problem: 'invalid', path: '' }
  }
  const value = fromWire(wire)
  if (!isRecord(value)) return { ok: false, problem: 'invalid', path: '' }
  if (value['type'] === 'caption') value['words'] = fromWire(value['words'])
  const result = schema.safeParse(value)
  if (result.success) return { ok: true, message: result.data }
  const seq = envelopeSchema.safeParse(value).data?.seq
  const isKnown = schema.options.some(({ shape }) => shape.type.value === value['type'])
  if (!isKnown && seq !== undefined) return { ok: false, problem: 'unknown', seq }
  const path = (result.error.issues[0]?.path ?? []).map((part) => toWireName(String(part))).join('.')
  return { ok: false, problem: 'invalid', path, ...(seq === undefined ? {} : { seq }) }
}

const envelopeSchema = z.object({ ...envelope, type: z.string() })

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
