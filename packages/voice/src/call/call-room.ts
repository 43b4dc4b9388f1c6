import { getConversationState, orchestrationOf } from '@parley/kit'
import type { ChannelId } from '@parley/spec'
import type { CallCore } from './call-core.ts'
import { checkVoice, chooseVoice, type VoicedAgent } from './voice-bank.ts'
import type { OpenVoice } from './voice-bank.ts'

/** Reads who is active in the room, in which mode and language. */
export async function readRoom(core: CallCore): Promise<void> {
  const { access, kit, roomId } = core.parts
  const reading = await access.room(roomId)
  if (reading === null) return
  const { room, bindings } = reading
  const orchestration = orchestrationOf(kit)
  const state = getConversationState(room)
  core.mode = state.mode
  core.activeAgentId = state.activeAgentId
  for (const { channelId, category } of bindings) {
    const agent = category === 'intelligence' ? orchestration.agent(room, channelId) : undefined
    if (agent !== undefined) core.agents.set(channelId, agent)
  }
  const active = state.activeAgentId === null ? undefined : orchestration.agent(room, state.activeAgentId)
  if (active !== undefined) core.agents.set(active.channelId, active)
  if (core.activeAgentId === null && core.agents.size === 1) {
    const [only] = core.agents.keys()
    core.activeAgentId = only ?? null
  }
  core.language = state.language ?? core.parts.language ?? (core.activeAgentId === null ? undefined : active?.language)
}

/** The voice an agent speaks with in this call (G-4). */
export function voiceOf(core: CallCore, agentId: ChannelId | null): string | undefined {
  const { tts, voiceOverride, voiceMap, defaultVoice } = core.parts
  if (tts === undefined) return undefined
  // An agent is an `Agent` or of its shape: its voices are optional fields beside what orchestration reads.
  const agent = agentId === null ? undefined : (core.agents.get(agentId) as VoicedAgent | undefined)
  return chooseVoice(agent, {
    override: voiceOverride,
    language: core.language,
    engine: tts.info.id,
    voiceMap,
    defaultVoice,
  })
}

/** Refuses a voice that the engine does not list, of any agent of the room (G-4). @throws {ParleyError} `voice_unknown` */
export async function checkVoices(core: CallCore): Promise<void> {
  const { tts } = core.parts
  if (tts === undefined) return
  for (const agentId of core.agents.keys()) {
    const voice = voiceOf(core, agentId)
    if (voice !== undefined) await checkVoice(tts, voice, agentId)
  }
}

/** Opens the voice of an agent. @throws {ParleyError} `voice_unknown` and what the engine says */
export async function openVoice(core: CallCore, agentId: ChannelId | null): Promise<OpenVoice> {
  const { tts } = core.parts
  const voice = voiceOf(core, agentId) ?? (await tts?.info.voices())?.[0]?.id ?? ''
  const bank = core.voices
  if (bank === undefined) throw new Error('A call without a voice engine opens no voice.')
  return bank.get(voice, core.language)
}

/** Tells the recognizer what the person is expected to say now. */
export async function expectNext(core: CallCore): Promise<void> {
  const { hint, roomId, access } = core.parts
  if (hint === undefined || core.isEnding) return
  try {
    const expected = await hint({ roomId, agentId: core.activeAgentId, line: core.lastLine })
    if (expected === undefined || core.isEnding) return
    core.hint = expected
    await core.hearing.expect({ hint: expected })
    const { expect, minLength } = expected
    core.driver.feed({ type: 'hint', expect, ...(minLength === undefined ? {} : { minLength }) })
  } catch (error) {
    access.reportError(error, 'call', roomId)
  }
}

/** Shows who speaks, and how the call stands. */
export function showAgent(core: CallCore): void {
  const { endpoint } = core.parts
  const { activeAgentId } = core
  if (activeAgentId !== null) {
    const agent = core.agents.get(activeAgentId)
    endpoint.show?.({
      type: 'agent',
      id: activeAgentId,
      name: agent?.name ?? activeAgentId,
      voice: voiceOf(core, activeAgentId) ?? null,
    })
  }
  showState(core)
}

/** Shows what both sides are doing. */
export function showState({ parts, user, agent, activeAgentId, mode }: CallCore): void {
  parts.endpoint.show?.({ type: 'state', agent, user, agentId: activeAgentId, mode })
}
