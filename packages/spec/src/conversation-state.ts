import { z } from 'zod'
import type { ChannelId, ParticipantId } from './ids.ts'
import type { Instant, Json } from './json.ts'
import { ParleyError } from './parley-error.ts'

/** Where a conversation stands: a built-in phase or any word of yours. */
export type ConversationPhase =
  | 'intake'
  | 'qualification'
  | 'handling'
  | 'escalation'
  | 'resolution'
  | 'followup'
  | (string & {})

export type ConversationMode = 'agent' | 'human' | 'paused'

/** Audit record of one change of phase or agent. */
export interface PhaseTransition {
  fromPhase: string
  toPhase: string
  fromAgent: ChannelId | null
  toAgent: ChannelId | null
  reason: string
  /** Empty until the state is saved, if none was given. */
  timestamp: Instant
  metadata: Record<string, Json>
}

/** What the receiver of a handoff is told. */
export interface HandoffNote {
  handoffId: string
  from: ChannelId
  fromName: string
  to: ChannelId
  reason: string
  summary: string
  payload?: Json
  at: Instant
  turnsLeft: number
}

/** The state of a request for a person. */
export interface HumanState {
  status: 'waiting' | 'active'
  requestedAt: Instant
  requestedBy: string
  urgency: 'normal' | 'high'
  reason: string
  payload?: Json
  claimedBy?: ParticipantId
  claimedAt?: Instant
  expiresAt?: Instant
}

/** The state as plain data: what stores keep. Unknown fields survive. */
export interface ConversationStateJson {
  version: number
  phase: ConversationPhase
  mode: ConversationMode
  activeAgentId: ChannelId | null
  previousAgentId: ChannelId | null
  handoffCount: number
  phaseStartedAt: Instant | null
  phaseHistory: PhaseTransition[]
  language?: string
  context: Record<string, Json>
  handoff?: HandoffNote
  human?: HumanState
  [unknown: string]: unknown
}

const transitionSchema = z.looseObject({
  fromPhase: z.string(),
  toPhase: z.string(),
  fromAgent: z.string().nullable(),
  toAgent: z.string().nullable(),
  reason: z.string(),
  timestamp: z.string(),
  metadata: z.record(z.string(), z.json()),
})

const stateSchema = z.looseObject({
  version: z.int().nonnegative().default(0),
  phase: z.string().min(1).default('intake'),
  mode: z.enum(['agent', 'human', 'paused']).default('agent'),
  activeAgentId: z.string().nullable().default(null),
  previousAgentId: z.string().nullable().default(null),
  handoffCount: z.int().nonnegative().default(0),
  phaseStartedAt: z.string().nullable().default(null),
  phaseHistory: z.array(transitionSchema).default([]),
  language: z.string().optional(),
  context: z.record(z.string(), z.json()).default({}),
  handoff: z
    .looseObject({
      handoffId: z.string(),
      from: z.string(),
      fromName: z.string(),
      to: z.string(),
      reason: z.string(),
      summary: z.string(),
      payload: z.json().optional(),
      at: z.string(),
      turnsLeft: z.int(),
    })
    .optional(),
  human: z
    .looseObject({
      status: z.enum(['waiting', 'active']),
      requestedAt: z.string(),
      requestedBy: z.string(),
      urgency: z.enum(['normal', 'high']),
      reason: z.string(),
      payload: z.json().optional(),
      claimedBy: z.string().optional(),
      claimedAt: z.string().optional(),
      expiresAt: z.string().optional(),
    })
    .optional(),
})

/** Transitions kept in the state; all of them are in the log. */
export const PHASE_HISTORY_LIMIT = 200

export interface TransitionOptions {
  /** `null` or absent: no active agent. */
  toAgent?: ChannelId | null
  reason?: string
  metadata?: Record<string, Json>
  /** @default stamped when the state is saved */
  at?: Instant
}

/** Progress of a conversation. Instances never change; each step makes a new one. */
export class ConversationState {
  readonly version: number
  readonly phase: ConversationPhase
  readonly mode: ConversationMode
  readonly activeAgentId: ChannelId | null
  readonly previousAgentId: ChannelId | null
  readonly handoffCount: number
  readonly phaseStartedAt: Instant | null
  readonly phaseHistory: readonly PhaseTransition[]
  readonly language?: string
  readonly context: Readonly<Record<string, Json>>
  readonly handoff?: HandoffNote
  readonly human?: HumanState
  readonly #unknown: Readonly<Record<string, unknown>>

  constructor(fields: Partial<ConversationStateJson> = {}) {
    const {
      version,
      phase,
      mode,
      activeAgentId,
      previousAgentId,
      handoffCount,
      phaseStartedAt,
      phaseHistory,
      ...rest
    } = fields
    const { language, context, handoff, human, ...unknown } = rest
    this.version = version ?? 0
    this.phase = phase ?? 'intake'
    this.mode = mode ?? 'agent'
    this.activeAgentId = activeAgentId ?? null
    this.previousAgentId = previousAgentId ?? null
    this.handoffCount = handoffCount ?? 0
    this.phaseStartedAt = phaseStartedAt ?? null
    this.phaseHistory = Object.freeze([...(phaseHistory ?? [])])
    this.context = Object.freeze({ ...context })
    if (language !== undefined) this.language = language
    if (handoff !== undefined) this.handoff = Object.freeze({ ...handoff })
    if (human !== undefined) this.human = Object.freeze({ ...human })
    this.#unknown = unknown
    Object.freeze(this)
  }

  /**
   * Reads stored state.
   * @throws {ParleyError} `state_invalid` when it cannot be read
   */
  static parse(json: unknown): ConversationState {
    if (json instanceof ConversationState) return json
    const result = stateSchema.safeParse(json ?? {})
    if (!result.success) {
      const issue = result.error.issues[0]
      const path = issue?.path.join('.') ?? ''
      throw new ParleyError({
        code: 'state_invalid',
        message: `The conversation state cannot be read at "${path}". Repair it or remove it from the room.`,
        details: { path, expected: issue?.message ?? 'a conversation state' },
      })
    }
    // The schema checked every named field; optional ones are absent rather than undefined.
    return new ConversationState(result.data as Partial<ConversationStateJson>)
  }

  /** A copy with some fields replaced; `undefined` removes an optional one. */
  with(changes: { [Key in keyof ConversationStateJson]?: ConversationStateJson[Key] | undefined }): ConversationState {
    const next: Record<string, unknown> = { ...this.toJSON(), ...changes }
    for (const key of Object.keys(next)) if (next[key] === undefined) delete next[key]
    return new ConversationState(next)
  }

  /** Moves to a phase and an agent (none, unless given) and records one transition. */
  transition(toPhase: ConversationPhase, options: TransitionOptions = {}): ConversationState {
    const { toAgent = null, reason = '', metadata = {}, at } = options
    const entry: PhaseTransition = Object.freeze({
      fromPhase: this.phase,
      toPhase,
      fromAgent: this.activeAgentId,
      toAgent,
      reason,
      timestamp: at ?? '',
      metadata,
    })
    return this.with({
      phase: toPhase,
      activeAgentId: toAgent,
      previousAgentId: this.activeAgentId,
      handoffCount: this.handoffCount + (toAgent === this.activeAgentId ? 0 : 1),
      phaseStartedAt: at ?? null,
      phaseHistory: [...this.phaseHistory, entry].slice(-PHASE_HISTORY_LIMIT),
    })
  }

  /** Moves to a phase and keeps the active agent. */
  enterPhase(toPhase: ConversationPhase, options: Omit<TransitionOptions, 'toAgent'> = {}): ConversationState {
    return this.transition(toPhase, { ...options, toAgent: this.activeAgentId })
  }

  toJSON(): ConversationStateJson {
    return {
      ...this.#unknown,
      version: this.version,
      phase: this.phase,
      mode: this.mode,
      activeAgentId: this.activeAgentId,
      previousAgentId: this.previousAgentId,
      handoffCount: this.handoffCount,
      phaseStartedAt: this.phaseStartedAt,
      phaseHistory: [...this.phaseHistory],
      context: { ...this.context },
      ...(this.language === undefined ? {} : { language: this.language }),
      ...(this.handoff === undefined ? {} : { handoff: this.handoff }),
      ...(this.human === undefined ? {} : { human: this.human }),
    }
  }
}
