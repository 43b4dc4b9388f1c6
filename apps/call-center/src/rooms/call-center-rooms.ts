import { Kit, type SendInput, type SendWait } from '@parley/kit'
import type { Disposer, RoomId, SendResult } from '@parley/spec'
import { wrapupPhase } from '../agents/call-center-pipeline.ts'

/** The call center's rooms: a kit in which a message after the end takes the conversation back to reception. */
export class CallCenterRooms extends Kit {
  readonly #onEnded = new Set<(roomId: RoomId) => void>()

  /** Calls with each room whose conversation a caller has ended, also one that people go on with. */
  onConversationEnded(listen: (roomId: RoomId) => void): Disposer {
    this.#onEnded.add(listen)
    return () => void this.#onEnded.delete(listen)
  }

  override async send(roomId: RoomId, input: SendInput, options?: SendWait): Promise<SendResult> {
    if (input.type === undefined || input.type === 'message') await this.#leaveWrapup(roomId)
    return super.send(roomId, input, options)
  }

  /** Ends a conversation: nobody is active any more. A conversation with people is theirs to end. */
  async endConversation(roomId: RoomId): Promise<void> {
    const { mode, phase } = await this.state(roomId)
    if (mode === 'agent' && phase !== wrapupPhase) {
      await this.updateState(roomId, (state) =>
        state.transition(wrapupPhase, { reason: 'the caller ended the conversation' }),
      )
    }
    for (const listen of this.#onEnded) listen(roomId)
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
