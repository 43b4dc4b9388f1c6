import { z } from 'zod'

const word = z.strictObject({
  word: z.string(),
  start: z.number().optional(),
  end: z.number().optional(),
  confidence: z.number(),
  punctuated_word: z.string().optional(),
  speaker: z.number().optional(),
})

const message = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('Results'),
    channel_index: z.array(z.number()),
    start: z.number(),
    duration: z.number(),
    is_final: z.boolean(),
    speech_final: z.boolean(),
    from_finalize: z.boolean().optional(),
    channel: z.strictObject({
      alternatives: z.array(z.strictObject({ transcript: z.string(), confidence: z.number(), words: z.array(word) })),
      detected_language: z.string().optional(),
    }),
    metadata: z.looseObject({ request_id: z.string() }),
  }),
  z.strictObject({ type: z.literal('SpeechStarted'), channel: z.array(z.number()), timestamp: z.number() }),
  z.strictObject({ type: z.literal('UtteranceEnd'), channel: z.array(z.number()), last_word_end: z.number() }),
  z.looseObject({ type: z.literal('Metadata'), request_id: z.string(), duration: z.number(), channels: z.number() }),
  z.looseObject({ type: z.literal('Connected'), request_id: z.string() }),
  z.strictObject({
    type: z.literal('TurnInfo'),
    request_id: z.string(),
    sequence_id: z.number(),
    event: z.enum(['StartOfTurn', 'Update', 'EagerEndOfTurn', 'TurnResumed', 'EndOfTurn']),
    turn_index: z.number(),
    audio_window_start: z.number(),
    audio_window_end: z.number(),
    transcript: z.string(),
    words: z.array(word),
    end_of_turn_confidence: z.number(),
  }),
  z.looseObject({ type: z.literal('Error') }),
])

/** What is different in a message of the vendor from what the double believes of it; nothing if it fits. */
export function deepgramDifferences(text: string): string[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return ['not JSON']
  }
  const checked = message.safeParse(value)
  return checked.success ? [] : checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}
