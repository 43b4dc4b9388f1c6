import type { HandoffRejection, HandoffResult, Violation } from '@parley/spec'

type Rejected = Extract<HandoffResult, { accepted: false }>

/** What a rejection may say beyond its code. */
export interface RejectionDetails {
  allowed?: readonly string[]
  violations?: Violation[]
  retryAfterMs?: number
  /** Replaces the general sentence. */
  reason?: string
}

/** What the model is told for each code: what happened, and what to do. */
const sentences: { readonly [Code in HandoffRejection]: string } = {
  room_closed: 'The conversation is closed. Nothing more can be done in it.',
  handoff_invalid_arguments:
    'The arguments of the handoff cannot be used. Call the tool again with all required fields.',
  handoff_no_room: 'There is no conversation to hand over here. Answer yourself.',
  handoff_in_progress: 'Another handoff of this conversation is being made. Do not call the tool again.',
  handoff_not_active_agent: 'You are not the one in charge of this conversation, so you cannot hand it over.',
  handoff_unknown_target: 'There is no such target. Choose one of the allowed targets.',
  handoff_not_an_agent: 'The target is not an agent. Choose one of the allowed targets.',
  handoff_target_unavailable: 'The target cannot answer at the moment. Go on yourself or choose another target.',
  handoff_to_self: 'The conversation is with this target already. Go on with it.',
  handoff_phase_not_allowed:
    'The target does not own the phase asked for. Leave next_phase out or choose one of the allowed phases.',
  handoff_transition_not_allowed:
    'The conversation cannot move there from its present phase. Choose one of the allowed phases.',
  handoff_contract:
    'The target needs more than was given. Ask the person for what is missing, then call the tool again.',
  handoff_refused: 'The handoff was refused. Go on yourself.',
  handoff_limit: 'The conversation was handed over too often without a word of the person. Answer the person yourself.',
  handoff_escalation_unavailable: 'The person cannot be reached on that channel. Keep the present channel.',
  handoff_human_unavailable:
    'No colleague is free at the moment. Say so, and offer to wait, to take a message or to call back.',
  handoff_conflict:
    'The conversation changed while it was being handed over. Look at it again before you call the tool.',
}

/** A refusal as a value. */
export function reject(code: HandoffRejection, details: RejectionDetails = {}): Rejected {
  const { allowed, violations, retryAfterMs } = details
  const reason = details.reason ?? sentences[code]
  const listed = allowed === undefined || allowed.length === 0 ? reason : `${reason} Allowed: ${allowed.join(', ')}.`
  return {
    accepted: false,
    code,
    reason: listed,
    message: `The handoff was not made. ${listed}`,
    ...(violations === undefined ? {} : { violations }),
    ...(allowed === undefined ? {} : { allowed: [...allowed] }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}
