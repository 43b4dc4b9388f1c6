import { ParleyError, type Actor, type ParticipantId } from '@parley/spec'
import type { Principal } from '../auth/principal.ts'

/**
 * Whom a request acts for: the participant of a room token, or the person that a key names.
 * @throws {ParleyError} `forbidden` when a token names somebody else, `invalid_options` when a key names nobody
 */
export function actingPerson(principal: Principal, named: ParticipantId | undefined): ParticipantId {
  const own = principal.room?.participantId
  if (own !== undefined && named !== undefined && named !== own) {
    throw new ParleyError({ code: 'forbidden', message: 'The token speaks for another participant.' })
  }
  const person = own ?? named
  if (person !== undefined) return person
  throw new ParleyError({
    code: 'invalid_options',
    message: 'Say which person this is for in participant_id; a key can act for several.',
    details: { path: 'participant_id', expected: 'the id of a participant' },
  })
}

/** Who did it, for the log: the person, or the code that holds the key. */
export function actorOf(principal: Principal, named: ParticipantId | undefined): Actor {
  if (principal.room === undefined && named === undefined) return { kind: 'code', id: principal.id }
  return { kind: 'person', id: actingPerson(principal, named) }
}
