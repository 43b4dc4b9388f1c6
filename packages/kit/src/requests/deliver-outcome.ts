import type { ChannelId, EventId, Json, RoomHandle, RequestOutcome } from '@parley/spec'
import type { DecidedRequest } from '../agent/run-decided-tool.ts'
import type { KitParts } from '../core/kit-parts.ts'
import type { RequestSpec } from '../core/turn-services.ts'

/** What an outcome belongs to. */
export interface OutcomeOf extends DecidedRequest {
  id?: string
  /** A result for a turn that was cut off. */
  isLate?: boolean
  /** The record of the decision: what caused the outcome. */
  closedBy?: EventId
}

/**
 * Commits what came of a detached request or a background tool as an internal event, and opens a turn of the agent
 * that is active then. In modes `human` and `paused` nobody is asked; it stays for the desk.
 */
export async function deliverOutcome(
  parts: KitParts,
  of: OutcomeOf,
  decided: RequestOutcome | Json,
  onDecided?: RequestSpec['onDecided'],
): Promise<void> {
  const isRequest = of.id !== undefined
  const outcome = isRequest ? (decided as RequestOutcome) : undefined // a request's outcome is what its waiter was given
  const result = outcome === undefined ? (decided as Json) : await resultOf(parts, of, outcome, onDecided)
  const status = outcome?.status ?? 'completed'
  const given = tellResult(result)
  const code = isRequest ? 'request_outcome' : 'tool_outcome'
  const data: Json = {
    ...(of.id === undefined ? {} : { requestId: of.id }),
    tool: of.tool ?? null,
    callId: of.callId ?? null,
    status,
    ...given,
    ...(outcome !== undefined && 'reason' in outcome && outcome.reason !== undefined ? { reason: outcome.reason } : {}),
  }
  const text = isRequest
    ? `The request for ${of.tool ?? 'a step'} was ${status}.`
    : `${of.tool ?? 'A tool'} has finished.`
  const asked = await parts.inRoom(of.roomId, async (locked) => {
    if (locked.room.status === 'closed' || locked.room.status === 'archived') return undefined
    const speaker = speakerOf(parts, locked.room, of.agentId)
    const draft = parts.systemDraft(locked.room, {
      type: 'system',
      content: { type: 'system', code, text, data },
      turnId: of.turnId,
      ...(of.closedBy === undefined ? {} : { causeId: of.closedBy }),
      ...(of.id === undefined ? {} : { metadata: { requestId: of.id } }),
    })
    const committed = await locked.commit([speaker === null ? draft : { ...draft, addressedTo: [speaker] }])
    const event = 'events' in committed ? committed.events[0] : undefined
    return event === undefined || speaker === null ? undefined : { event, speaker }
  })
  if (asked === undefined) return
  const told = of.isLate === true ? `${text} Say only what you have not said yet.` : text
  const opening = isRequest
    ? { kind: 'request' as const, requestId: of.id ?? '' }
    : { kind: 'notice' as const, text: told }
  parts.turns.ask({ roomId: of.roomId, agentId: asked.speaker, trigger: asked.event, opening })
}

/** A tool's outcome as the agent reads it: its value, or its error. */
function tellResult(result: Json): { result: Json; error?: Json } {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return { result }
  if (result['status'] === 'completed' && 'result' in result) return { result: result['result'] ?? null }
  if (result['status'] === 'failed' && 'error' in result) return { result: null, error: result['error'] ?? null }
  return { result }
}

/** The agent in charge; a plain room's outcome goes to the agent that asked. */
function speakerOf(
  parts: KitParts,
  room: Parameters<KitParts['orchestration']['speaker']>[0],
  agentId: ChannelId,
): ChannelId | null {
  const isPlain = room.conversation === undefined
  return isPlain ? agentId : parts.orchestration.speaker(room)
}

async function resultOf(
  parts: KitParts,
  of: OutcomeOf,
  outcome: RequestOutcome,
  onDecided: RequestSpec['onDecided'],
): Promise<Json> {
  if (onDecided !== undefined) return onDecided(outcome)
  const channel = parts.registry.get(of.agentId)
  if (channel === undefined || !('runDecided' in channel)) return null
  // After a restart the agent finds its tool again by name; agents of this package are the ones with `runDecided`.
  return (channel as typeof channel & RecoveringAgent).runDecided(of, outcome, parts.handle(of.roomId))
}

/** An agent that can run a decided call whose process has ended. */
interface RecoveringAgent {
  runDecided(of: OutcomeOf, decision: RequestOutcome, room: RoomHandle): Promise<Json>
}
