import { ParleyError } from '@parley/spec'
import type { ParticipantId, RoomId } from '@parley/spec'
import type { OrchestrationInternals } from '../orchestration-internals.ts'
import { COACHING, coachesOf } from './coach-routing.ts'
import { changeMode } from './change-mode.ts'
import type { CoachMode } from './human-options.ts'

/**
 * Changes what a supervisor does beside a conversation; the change is in the log.
 * @throws {ParleyError} `forbidden` when the host refuses, `participant_not_found`
 */
export async function setCoach(
  internals: OrchestrationInternals,
  roomId: RoomId,
  participantId: ParticipantId,
  mode: CoachMode,
): Promise<void> {
  const { core } = internals
  const context = await core.store.loadContext(roomId, { tail: 0 })
  const participant = context?.participants.find(({ id }) => id === participantId)
  if (context !== null && participant === undefined) {
    throw new ParleyError({
      code: 'participant_not_found',
      message: `Room ${roomId} has no participant ${participantId}. Add them with kit.addMember() first.`,
      details: { roomId, participantId },
    })
  }
  if (context !== null) {
    const { authorize } = { ...internals.human, ...internals.handlerOf(context.room).human }
    if (authorize !== undefined && !(await authorize(mode, participant, context.room)))
      throw forbidden(roomId, participantId, mode)
  }
  await changeMode(internals, roomId, {
    by: { kind: 'person', id: participantId },
    action: `coach:${mode}`,
    change(state) {
      const { [participantId]: former = 'off', ...others } = coachesOf(state)
      if (former === mode) return undefined
      const coaches = mode === 'off' ? others : { ...others, [participantId]: mode }
      return state.with({ [COACHING]: Object.keys(coaches).length === 0 ? undefined : coaches })
    },
    records: (locked, before) => [
      core.systemDraft(locked.room, {
        type: 'system',
        content: {
          type: 'system',
          code: 'coach_changed',
          text: `${participantId}: ${mode}`,
          data: { participantId, from: coachesOf(before)[participantId] ?? 'off', to: mode },
        },
        visibility: 'internal',
      }),
    ],
  })
}

function forbidden(roomId: RoomId, participantId: ParticipantId, mode: CoachMode): ParleyError {
  return new ParleyError({
    code: 'forbidden',
    message: `Participant ${participantId} may not ${mode} in room ${roomId}. The host's authorize function refused.`,
    details: { roomId, participantId, mode },
  })
}
