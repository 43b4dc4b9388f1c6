import { z } from 'zod'

const callSchema = z.object({
  roomId: z.string(),
  participantId: z.string(),
  token: z.string(),
  person: z.string().optional(),
  startedMs: z.number(),
  /** A call that goes on in the room, with what takes it up again. */
  live: z.object({ callId: z.string(), token: z.string() }).optional(),
})

/** The conversation of this tab. It outlives a reload, and ends with the tab. */
export type Call = z.infer<typeof callSchema>

const storageKey = 'parley.call'
const draftKey = 'parley.draft'
const unsentKey = 'parley.unsent'
const unsentSchema = z.array(z.object({ key: z.string(), text: z.string() }))

/** A message that has no answer yet, with the key that makes sending it again harmless. */
export type Unsent = z.infer<typeof unsentSchema>[number]

/** The conversation this tab was in, if there is one. */
export function readCall(): Call | undefined {
  const stored = sessionStorage.getItem(storageKey)
  if (stored === null) return undefined
  const parsed = callSchema.safeParse(parseJson(stored))
  return parsed.success ? parsed.data : undefined
}

/** Remembers the conversation, or forgets it. */
export function keepCall(call: Call | undefined): void {
  if (call === undefined) sessionStorage.removeItem(storageKey)
  else sessionStorage.setItem(storageKey, JSON.stringify(call))
}

/** What was being written when the page was left. */
export function readDraft(): string {
  return sessionStorage.getItem(draftKey) ?? ''
}

/** Remembers what is being written. */
export function keepDraft(text: string): void {
  if (text === '') sessionStorage.removeItem(draftKey)
  else sessionStorage.setItem(draftKey, text)
}

/** Messages that were on their way when the page was left. */
export function readUnsent(): Unsent[] {
  const parsed = unsentSchema.safeParse(parseJson(sessionStorage.getItem(unsentKey) ?? '[]'))
  return parsed.success ? parsed.data : []
}

/** Remembers messages that are on their way. */
export function keepUnsent(unsent: readonly Unsent[]): void {
  if (unsent.length === 0) sessionStorage.removeItem(unsentKey)
  else sessionStorage.setItem(unsentKey, JSON.stringify(unsent))
}

const choicesKey = 'parley.call.choices'
const choicesSchema = z.object({
  isRecorded: z.boolean().default(false),
  microphoneId: z.string().optional(),
  isPushToTalk: z.boolean().default(false),
  areCaptionsShown: z.boolean().default(true),
  captionScale: z.number().min(1).max(2).default(1),
  isReadAloud: z.boolean().default(false),
  isBrowserHearing: z.boolean().default(false),
})

/** How the person wants calls of this browser to be. */
export type CallChoices = z.infer<typeof choicesSchema>

/** The choices of this browser. */
export function readChoices(): CallChoices {
  const parsed = choicesSchema.safeParse(parseJson(localStorage.getItem(choicesKey) ?? '{}'))
  return parsed.success ? parsed.data : choicesSchema.parse({})
}

/** Remembers the choices. */
export function keepChoices(choices: CallChoices): void {
  localStorage.setItem(choicesKey, JSON.stringify(choices))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // written by something else: it counts as absent
  }
}
