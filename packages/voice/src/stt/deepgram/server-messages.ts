import { z } from 'zod'

/** A word; times are seconds of the stream's audio. */
export interface ListenWord {
  word: string
  start?: number | undefined
  end?: number | undefined
  confidence?: number | undefined
  punctuated_word?: string | undefined
  speaker?: number | string | undefined
}

/** What was recognized in a stretch of audio, in seconds of the stream. */
export interface ListenResults {
  type: 'Results'
  start: number
  duration: number
  is_final: boolean
  speech_final: boolean
  from_finalize: boolean
  channel: {
    alternatives: { transcript: string; confidence?: number | undefined; words: ListenWord[] }[]
    detected_language?: string | undefined
  }
}

/** Where a turn stands. */
export interface TurnInfo {
  type: 'TurnInfo'
  event: string
  turn_index: number
  audio_window_start: number
  audio_window_end: number
  transcript: string
  words: ListenWord[]
  end_of_turn_confidence?: number | undefined
}

/** A message of the server that means something to us. */
export type ListenMessage =
  | ListenResults
  | TurnInfo
  | { type: 'SpeechStarted'; timestamp: number }
  | { type: 'UtteranceEnd'; last_word_end: number }
  | { type: 'Metadata' | 'Connected' }
  | { type: 'Error'; code?: string | undefined }

const word = z.object({
  word: z.string(),
  start: z.number().optional(),
  end: z.number().optional(),
  confidence: z.number().optional(),
  punctuated_word: z.string().optional(),
  speaker: z.union([z.number(), z.string()]).optional(),
})

const results = z.object({
  type: z.literal('Results'),
  start: z.number().default(0),
  duration: z.number().default(0),
  is_final: z.boolean().default(false),
  speech_final: z.boolean().default(false),
  from_finalize: z.boolean().default(false),
  channel: z.object({
    alternatives: z
      .array(z.object({ transcript: z.string(), confidence: z.number().optional(), words: z.array(word).default([]) }))
      .min(1),
    detected_language: z.string().optional(),
  }),
})

const turnInfo = z.object({
  type: z.literal('TurnInfo'),
  event: z.string(),
  turn_index: z.number(),
  audio_window_start: z.number().default(0),
  audio_window_end: z.number().default(0),
  transcript: z.string().default(''),
  words: z.array(word).default([]),
  end_of_turn_confidence: z.number().optional(),
})

const known = z.discriminatedUnion('type', [
  results,
  turnInfo,
  z.object({ type: z.literal('SpeechStarted'), timestamp: z.number().default(0) }),
  z.object({ type: z.literal('UtteranceEnd'), last_word_end: z.number().default(-1) }),
  z.object({ type: z.literal('Metadata') }),
  z.object({ type: z.literal('Connected') }),
  z.object({ type: z.literal('Error'), code: z.string().optional() }),
])

/** Reads a frame: a message, `unknown` for types we do not know (they are ignored), `malformed` for what cannot be read. */
export function parseListenMessage(frame: string | Uint8Array): ListenMessage | 'unknown' | 'malformed' {
  let value: unknown
  try {
    value = JSON.parse(typeof frame === 'string' ? frame : new TextDecoder().decode(frame))
  } catch {
    return 'malformed'
  }
  const parsed = known.safeParse(value)
  if (parsed.success) return parsed.data
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
  if (typeof type !== 'string') return 'malformed'
  return known.options.some((option) => option.shape.type.value === type) ? 'malformed' : 'unknown'
}
