import { orchestrationOf, type CallLine } from '@parley/kit'
import type { Disposer } from '@parley/spec'
import { readWrittenCalls } from '../text/written-calls.ts'
import type { CallHost } from './assemble-call.ts'
import { noteReceipt, type CallCore } from './call-core.ts'
import { createCallHandoffs } from './call-handoffs.ts'
import { speakProgress } from './call-progress.ts'
import { openVoice, readRoom, showAgent } from './call-room.ts'
import { sayFarewell } from './farewell.ts'

/** Greetings, handoffs and languages of the room go through the call from now on. */
export function joinRoom(core: CallCore, host: CallHost): Disposer[] {
  const { access, kit, roomId } = core.parts
  const orchestration = orchestrationOf(kit)
  const said = new Set<string>()
  return [
    speakProgress(core, host),
    access.joinCalls(roomId, {
      say: (line) => sayLine(core, host, line, said),
      ...(core.parts.filters.toolCallText === false ? {} : { writtenCalls: readWrittenCalls }),
      sparing: () => ({
        usesFallbackModel: core.account.isDowngraded || core.metrics.takes('fallbackModel'),
        isContextShort: core.metrics.takes('shorterContext'),
      }),
    }),
    kit.joinHandoffs(
      roomId,
      createCallHandoffs({
        clock: access.clock,
        feed: (event) => core.driver.feed(event),
        canSpeak: (agentId) => core.agents.get(agentId)?.isConfigOnly !== true,
        readyVoice: async (agentId) => {
          await readRoom(core)
          if (core.voices !== undefined) await openVoice(core, agentId)
        },
        quiet: () => quiet(core),
        interrupt: () => host.interrupt(),
        farewell: (plan, limits) => sayFarewell(core, host, plan, limits),
        switchTo: (plan) => {
          core.activeAgentId = plan.to
          const { from, to, toPhase, request } = plan
          core.parts.endpoint.show?.({ type: 'handoff', from, to, phase: toPhase, reason: request.reason })
          core.emitter.emit({ type: 'handoff', from, to })
          noteReceipt(core, 'switched', { from, to, handoffId: plan.handoffId })
          core.metrics.switched(to)
          showAgent(core)
          host.refresh()
        },
      }),
    ),
    kit.observe('onUserInputRequired', ({ request }) => core.requests.asked(request), { roomId }),
    kit.observe('onModeChanged', () => host.refresh(), { roomId }),
    kit.observe('onPhaseTransition', () => host.refresh(), { roomId }),
    orchestration.joinLanguages(roomId, {
      refuses: (language) => core.languages.refuses(language),
      apply: async (language) => {
        core.language = language
        core.driver.feed({ type: 'language', language })
        await core.hearing.expect({ language })
        core.parts.endpoint.show?.({ type: 'language', language })
        core.emitter.emit({ type: 'language', language })
      },
    }),
  ]
}

function sayLine(
  core: CallCore,
  host: CallHost,
  { agentId, text, kind, idempotencyKey }: CallLine,
  said: Set<string>,
): boolean {
  if (core.isEnding) return false
  // It may be spoken at this moment, and be in the log only when it was heard.
  if (idempotencyKey !== undefined && said.has(idempotencyKey)) return true
  if (idempotencyKey !== undefined) said.add(idempotencyKey)
  const { greeting, roomId } = core.parts
  const isRecorded = core.recording?.state === 'on'
  const spoken = kind === 'greeting' ? (greeting?.({ roomId, agentId, text, isRecorded }) ?? text) : text
  void host.say(spoken, { agentId, kind, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) })
  return true
}

/** Resolves when what the agent has said so far was heard, and nothing of it is left in the output. */
async function quiet(core: CallCore): Promise<void> {
  const { parts, speaking } = core
  // What was written before the handoff was asked for is on its way from the turn to the call.
  await parts.access.clock.sleep(0, { signal: parts.abort.signal })
  await Promise.all(speaking.open.map(({ utterance }) => utterance.saidSoFar()))
}
