import { z } from 'zod'

const flag = z.enum(['true', 'false']).optional()
const milliseconds = z.string().regex(/^\d+$/).transform(Number)
const share = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform(Number)
const encodings = z.enum(['linear16', 'mulaw'])
const rates = z.enum(['8000', '16000', '22050', '24000', '32000', '44100', '48000']).transform(Number)

/** Query of `/v1/listen`. */
export const listenQuery = z.strictObject({
  model: z.string().min(1),
  language: z.string().optional(),
  encoding: encodings,
  sample_rate: rates,
  channels: z.enum(['1']).optional(),
  interim_results: flag,
  punctuate: flag,
  smart_format: flag,
  vad_events: flag,
  endpointing: z.union([z.literal('false').transform(() => undefined), milliseconds]).optional(),
  utterance_end_ms: milliseconds.pipe(z.number().min(1_000)).optional(),
  diarize: flag,
  keyterm: z.array(z.string()).optional(),
})

/** Query of `/v2/listen`. */
export const turnQuery = z.strictObject({
  model: z.string().min(1),
  encoding: encodings,
  sample_rate: rates,
  eot_threshold: share.pipe(z.number().min(0.5).max(0.9)).optional(),
  eager_eot_threshold: share.pipe(z.number().min(0.3).max(0.9)).optional(),
  eot_timeout_ms: milliseconds.pipe(z.number().min(500).max(10_000)).optional(),
  keyterm: z.array(z.string()).optional(),
})

export type ListenQuery = z.output<typeof listenQuery>
export type TurnQuery = z.output<typeof turnQuery>

/** Text messages of a client. */
export const controlMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('KeepAlive') }),
  z.strictObject({ type: z.literal('Finalize') }),
  z.strictObject({ type: z.literal('CloseStream') }),
])

export type ControlMessage = z.output<typeof controlMessage>

/** A query as an object; what may occur several times is a list. */
export function toQueryObject(params: URLSearchParams): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {}
  for (const [name, value] of params) {
    if (name === 'keyterm') query[name] = [...((query[name] as string[] | undefined) ?? []), value]
    else query[name] = value
  }
  return query
}
