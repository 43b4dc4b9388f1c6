import { checkOptions, ParleyError } from '@parley/spec'
import { z } from 'zod'
import type { VoiceOptions } from './voice-options.ts'

const ms = z.number().finite().nonnegative().optional()
const count = z.number().int().nonnegative().optional()
const flag = z.boolean().optional()
const share = z.number().min(0).max(1).optional()
const called = z.custom<(...given: never) => unknown>((value) => typeof value === 'function').optional()

/** What `VoiceOptions` says, for values from outside. What other folders own is checked by them. */
const schema = z.strictObject({
  vad: z
    .strictObject({
      activation: share,
      deactivation: share,
      minSpeechMs: ms,
      minSilenceMs: ms,
      prefixPadMs: ms,
      maxSpeechMs: ms,
      hopMs: ms,
    })
    .optional(),
  endpointing: z
    .strictObject({
      mode: z.enum(['auto', 'vad', 'stt', 'provider', 'manual']).optional(),
      minDelayMs: ms,
      maxDelayMs: ms,
      predictAfterMs: ms,
      predictTimeoutMs: ms,
      dynamic: z.union([z.boolean(), z.strictObject({ alpha: share })]).optional(),
      hintDelayMs: z.strictObject({ digits: ms, spelling: ms, email: ms, name: ms, yesNo: ms }).optional(),
      sttNetMs: ms,
    })
    .optional(),
  userTurn: z
    .strictObject({
      maxMs: ms,
      maxWords: count,
      watchdogMs: ms,
      noTranscriptMs: ms,
      cutIn: z.enum(['listen', 'interject']).optional(),
    })
    .optional(),
  interruption: z
    .strictObject({
      mode: z.enum(['immediate', 'confirmed', 'adaptive', 'manual', 'off']).optional(),
      minSpeechMs: ms,
      minWords: count,
      falseTimeoutMs: ms,
      resume: flag,
      protectFirstMs: ms,
      warmupMs: ms,
      guards: z
        .array(z.enum(['firstUtterance', 'untilFirstUserTurn', 'duringTools']))
        .readonly()
        .optional(),
      whileUninterruptible: z.enum(['discard', 'queue']).optional(),
      marker: z.string().optional(),
    })
    .optional(),
  backchannel: z
    .strictObject({
      boundaryMs: z.union([z.number().finite().nonnegative(), z.strictObject({ start: ms, end: ms })]).optional(),
      maxMs: ms,
      maxWords: count,
    })
    .optional(),
  agentBackchannel: z
    .union([
      z.boolean(),
      z.strictObject({
        enabled: flag,
        afterMs: ms,
        pauseMinMs: ms,
        pauseMaxMs: ms,
        intervalMs: ms,
        maxPerTurn: count,
        gainDb: z.number().finite().optional(),
      }),
    ])
    .optional(),
  preemptive: z
    .strictObject({
      enabled: flag,
      tts: z.union([z.boolean(), z.literal('free')]).optional(),
      maxAttempts: count,
      maxSpeechMs: ms,
    })
    .optional(),
  idle: z.strictObject({ awayMs: ms, prompts: count, hangupMs: ms }).optional(),
  keyTerms: z.array(z.string()).readonly().optional(),
  keyTermsFromContext: flag,
  reply: z.strictObject({ thinkingTimeoutMs: ms }).optional(),
  stall: z.strictObject({ ttsMs: ms, forwardMs: ms }).optional(),
  cancel: z.strictObject({ graceMs: ms, interruptTotalMs: ms }).optional(),
  maxToolSteps: count,
  minConsecutiveSpeechMs: ms,
  minSpeechGapMs: ms,
  resumeWindowMs: ms,
  speak: z.enum(['caller', 'all']).optional(),
  autoGreet: flag,
  filler: z
    .strictObject({
      lines: z.array(z.string()).readonly().optional(),
      generate: called,
      delayMs: ms,
      intervalMs: ms,
      max: count,
      rotate: flag,
    })
    .optional(),
  filters: z.looseObject({}).optional(),
  dtmf: z.looseObject({}).optional(),
  recording: z.looseObject({}).optional(),
  voiceMap: z.record(z.string(), z.string()).optional(),
  defaultVoice: z.string().optional(),
  captureContent: flag,
  latencyBudget: z.looseObject({ totalMs: ms }).optional(),
  callBudget: z
    .strictObject({
      softUsd: ms,
      hardUsd: ms,
      onSoft: z.enum(['notify', 'downgrade']).optional(),
      onHard: z.enum(['wrapUp', 'transfer', 'end']).optional(),
    })
    .optional(),
})

/**
 * Checks options of voice.
 * @param what - names their owner in the message
 * @throws {ParleyError} `invalid_options`; an unknown key is answered with the nearest known one
 */
export function checkVoiceOptions(what: string, options: VoiceOptions | undefined): void {
  if (options === undefined) return
  const checked = schema.safeParse(options)
  if (checked.success) return
  for (const issue of checked.error.issues) refuse(what, options, issue)
}

function refuse(what: string, options: unknown, issue: z.core.$ZodIssue): never {
  // Of an alternative, the one that takes objects knows best what is wrong inside one.
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.flat().find(({ code, path }) => code === 'unrecognized_keys' || path.length > 0)
    if (inner !== undefined) return refuse(what, options, { ...inner, path: [...issue.path, ...inner.path] })
  }
  const path = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    checkOptions(path === '' ? what : `${what}: "${path}"`, valueAt(options, issue.path), keysAt(issue.path))
  }
  throw new ParleyError({
    code: 'invalid_options',
    message: `Option "${path}" of ${what} is not allowed as it is: ${issue.message}.`,
    details: { path, expected: issue.message },
  })
}

function valueAt(options: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    options,
  )
}

function keysAt(path: readonly PropertyKey[]): string[] {
  let known: unknown = schema
  for (const key of path) known = objectIn(known)?.shape[String(key)]
  return Object.keys(objectIn(known)?.shape ?? {})
}

function objectIn(type: unknown): z.ZodObject | undefined {
  if (type instanceof z.ZodOptional) return objectIn(type.unwrap())
  if (type instanceof z.ZodUnion) return type.options.map(objectIn).find((found) => found !== undefined)
  return type instanceof z.ZodObject ? type : undefined
}
