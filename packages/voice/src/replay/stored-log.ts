import { ParleyError, type Json } from '@parley/spec'
import { z } from 'zod'
import type { CallLog } from './call-log.ts'

/** Raised when stored logs are written otherwise. */
const FORMAT = 1

const jsonSchema = z.json()
const frameSchema = z.object({
  side: z.enum(['caller', 'agent']),
  atMs: z.number(),
  frames: z.int().nonnegative(),
  samples: z.int().nonnegative(),
  rmsDbfs: z.number().nullable(),
  hash: z.string().nullable(),
})
const headSchema = z.object({
  format: z.literal(FORMAT),
  settings: z.record(z.string(), jsonSchema),
  from: z.record(z.string(), jsonSchema).optional(),
  dropped: z.int().nonnegative().optional(),
  frames: z.array(frameSchema).optional(),
})
const stepSchema = z.object({ atMs: z.number(), event: jsonSchema, effects: jsonSchema })

/** A log as text, one JSON value per line: settings first, then each step. Numbers and the order of keys stay as they are. */
export function writeCallLog({ settings, steps, from, dropped, frames }: CallLog): string {
  const head = {
    format: FORMAT,
    settings,
    ...(from === undefined ? {} : { from }),
    ...(dropped === undefined ? {} : { dropped }),
    ...(frames === undefined ? {} : { frames }),
  }
  return [head, ...steps].map((line) => JSON.stringify(line)).join('\n')
}

/**
 * Reads what `writeCallLog` wrote.
 * @throws {ParleyError} `content_invalid` when it is not such a text, naming the line
 */
export function parseCallLog(text: string): CallLog {
  const [first = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '')
  const { settings, from, dropped, frames } = read(headSchema, first, 1)
  const steps = lines.map((line, index) => {
    const step = read(stepSchema, line, index + 2)
    return { atMs: step.atMs, event: step.event as Json, effects: step.effects as Json }
  })
  return {
    // Written by the call from its own settings and its machine's state.
    settings: settings as unknown as CallLog['settings'],
    steps,
    ...(from === undefined ? {} : { from: from as unknown as NonNullable<CallLog['from']> }),
    ...(dropped === undefined ? {} : { dropped }),
    ...(frames === undefined ? {} : { frames }),
  }
}

function read<T>(schema: z.ZodType<T>, line: string, number: number): T {
  try {
    const checked = schema.safeParse(JSON.parse(line))
    if (checked.success) return checked.data
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new ParleyError({
    code: 'content_invalid',
    message: `Line ${number} is not one of a stored call log. Give the text as writeCallLog wrote it.`,
    details: { line: number },
  })
}
