import { Kit, type SendInput, type SendWait } from '@parley/kit'
import type { RoomId, SendResult } from '@parley/spec'
import { wrapupPhase } from '../agents/call-center-pipeline.ts'

/** The call center's rooms: a kit in which a message after the end takes the conversation back to reception. */
export class CallCenterRooms extends Kit {
  override async send(roomId: RoomId, input: SendInput, options?: SendWait): Promise<SendResult> {
    if (input.type === undefined || input.type === 'message') await this.#leaveWrapup(roomId)
    return super.send(roomId, input, options)
  }

  /** Ends a conversation: nobody is active any more. A conversation with people is theirs to end. */
  async endConversation(roomId: RoomId): Promise<void> {
    const { mode, phase } = await this.state(roomId)
    if (mode !== 'agent' || phase === wrapupPhase) return
    await this.updateState(roomId, (state) =>
      state.transition(wrapupPhase, { reason: 'the caller ended the conversation' }),
    )
  }

  async #leaveWrapup(roomId: RoomId): Promise<void> {
    if ((await this.state(roomId)).phase !== wrapupPhase) return
    await this.updateState(roomId, (state) =>
      state.phase === wrapupPhase
        ? state.transition('intake', { toAgent: 'triage', reason: 'the caller wrote again' })
        : state,
    )
  }
}
