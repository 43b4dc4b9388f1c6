import type { AnyTool, ChannelId, Disposer, Room, RoomId } from '@parley/spec'
import type { GreetingSpeaker } from './greetings/greetings.ts'
import type { HandoffHandler } from './handoff/handoff-handler.ts'
import { handoffTools } from './handoff/handoff-tools.ts'
import type { LanguageParticipant } from './language/set-language.ts'
import { internalsOf, type OrchestrationHost } from './orchestration-host.ts'
import type { OrchestratedAgent } from './orchestrated-agent.ts'
import { presentState } from './route-event.ts'

/** What calls and other hosts beside the kit may ask of its orchestration. */
export interface OrchestrationAccess {
  /** The handler that serves a room: prompts, opening mode and greetings are on it. */
  handler(room: Room): HandoffHandler
  /** An agent by id: registered, or known to the room's definition alone (config-only agents of a call). */
  agent(room: Room, agentId: ChannelId): OrchestratedAgent | undefined
  /** The room's language if set, else the agent's. */
  language(room: Room, agentId: ChannelId): string | undefined
  /** The handoff tool of an agent at this moment; none where nothing can be reached. @throws {ParleyError} `state_invalid` */
  handoffTools(roomId: RoomId, agentId: ChannelId): Promise<AnyTool[]>
  /** @throws {ParleyError} `language_invalid`, `voice_language_unsupported`, `room_not_found` */
  setLanguage(roomId: RoomId, language: string, options?: { channelId?: ChannelId }): Promise<void>
  /** A live session that must be able to speak a language before it is set. */
  joinLanguages(roomId: RoomId, participant: LanguageParticipant): Disposer
  /** Lets a channel make greetings by sound; `false` leaves them to text. */
  speakGreetings(channelId: ChannelId, speaker: GreetingSpeaker): Disposer
}

/** The orchestration of a kit, for calls. @throws {ParleyError} `invalid_options` when it is not a kit */
export function orchestrationOf(kit: OrchestrationHost): OrchestrationAccess {
  const internals = internalsOf(kit)
  return {
    handler: (room) => internals.handlerOf(room),
    agent: (room, agentId) => internals.agent(agentId, room),
    language: (room, agentId) => internals.languages.of(room, agentId),
    async handoffTools(roomId, agentId) {
      const reading = await internals.core.store.loadContext(roomId, { tail: 0 })
      if (reading === null) return []
      const { room } = reading
      return handoffTools(
        internals,
        internals.handlerOf(room, agentId),
        agentId,
        reading,
        presentState(internals, room),
      )
    },
    setLanguage: (roomId, language, options) => internals.languages.set(roomId, language, options),
    joinLanguages: (roomId, participant) => internals.languages.join(roomId, participant),
    speakGreetings: (channelId, speaker) => internals.greetings.speakBy(channelId, speaker),
  }
}
