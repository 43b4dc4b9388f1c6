import { ParleyError } from '@parley/spec'
import type { ChannelId, Disposer, Room, RoomId } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { createJoinedByRoom } from '../joined-by-room.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import { getConversationState } from '../state/room-state.ts'

/** A live session that must be able to speak a language before it is set. */
export interface LanguageParticipant {
  /** Names what cannot speak it, if something cannot. */
  refuses(language: string): string | undefined
  /** Called after the language was stored. */
  apply(language: string): Promise<void>
}

/** The languages conversations are held in. */
export interface Languages {
  /** @throws {ParleyError} `language_invalid`, `voice_language_unsupported`, `room_not_found` */
  set(roomId: RoomId, language: string, options?: { channelId?: ChannelId }): Promise<void>
  of(room: Pick<Room, 'conversation'>, agentId: ChannelId): string | undefined
  join(roomId: RoomId, participant: LanguageParticipant): Disposer
}

const LENGTH_LIMIT = 64

/** Makes the languages of a kit. */
export function createLanguages(
  core: () => KitCore,
  agent: (agentId: ChannelId) => OrchestratedAgent | undefined,
): Languages {
  const joined = createJoinedByRoom<LanguageParticipant>()
  return {
    join: joined.join,
    of(room, agentId) {
      return getConversationState(room).language ?? agent(agentId)?.language
    },
    async set(roomId, given, { channelId } = {}) {
      const language = checkLanguage(given)
      const live = joined.of(roomId)
      const refusing = live.map((participant) => participant.refuses(language)).find((name) => name !== undefined)
      if (refusing !== undefined) throw unsupported(language, refusing)
      await storeLanguage(core(), roomId, language, channelId)
      const outcomes = await Promise.allSettled(live.map((participant) => participant.apply(language)))
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') core().reportError(outcome.reason, { stage: 'language', roomId })
      }
    },
  }
}

async function storeLanguage(
  core: KitCore,
  roomId: RoomId,
  language: string,
  channelId: ChannelId | undefined,
): Promise<void> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const isDone = await core.inRoom(roomId, async (locked) => {
      const state = locked.state()
      if (state.language === language) return true
      const data = { language, former: state.language ?? null, ...(channelId === undefined ? {} : { channelId }) }
      const draft = core.systemDraft(locked.room, {
        type: 'system',
        content: { type: 'system', code: 'language_changed', text: `The language is ${language} now.`, data },
        visibility: 'internal',
      })
      const conversation = { expectedVersion: state.version, next: state.with({ language }).toJSON() }
      return 'events' in (await locked.commit([draft], { conversation }))
    })
    if (isDone) return
  }
  throw new ParleyError({
    code: 'version_conflict',
    message: `The state of room ${roomId} was changed meanwhile. Set the language again.`,
    details: { roomId },
  })
}

/** A language as it may enter a prompt. @throws {ParleyError} `language_invalid` */
export function checkLanguage(given: string): string {
  const language = typeof given === 'string' ? given.trim() : ''
  const hasControls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(language)
  if (language.length >= 1 && language.length <= LENGTH_LIMIT && !hasControls) return language
  throw new ParleyError({
    code: 'language_invalid',
    message: `A language is a name or BCP 47 tag of 1 to ${LENGTH_LIMIT} characters on one line, such as "French" or "fr-CA".`,
    details: { path: 'language', limit: LENGTH_LIMIT },
  })
}

function unsupported(language: string, what: string): ParleyError {
  return new ParleyError({
    code: 'voice_language_unsupported',
    message: `The live session ${what} cannot speak ${language}. Choose another language or end the session first.`,
    details: { language, session: what },
  })
}
