import type { ConversationStateJson, Json } from '@parley/spec'
import { fieldsOf } from './read-event.ts'
import type { Timeline } from './timeline.ts'

/** Who has the conversation at the moment. */
export interface Conversation {
  phase: string
  mode: 'agent' | 'human' | 'paused'
  agentId: string | null
  previousAgentId: string | null
  /** A person was asked for, or has it. */
  human?: { status: 'waiting' | 'active'; name?: string; id?: string; since: string }
}

/** What a card shows below the name. */
export type AgentLine =
  | {
      state:
        | 'listening'
        | 'thinking'
        | 'answering'
        | 'speaking'
        | 'waiting-for-you'
        | 'waiting-for-colleague'
        | 'helping'
        | 'paused'
    }
  | { state: 'checking'; tool: string; startedMs: number }

/** How long an answer is expected before the line goes back to listening. */
const thinkingMs = 20_000

/** Reads it from the state of a room. */
export function readConversation(state: ConversationStateJson): Conversation {
  const { phase, mode, activeAgentId, previousAgentId, human } = state
  return {
    phase,
    mode,
    agentId: activeAgentId,
    previousAgentId,
    ...(human === undefined
      ? {}
      : {
          human: {
            status: human.status,
            since: human.claimedAt ?? human.requestedAt,
            ...(human.claimedBy === undefined ? {} : { id: human.claimedBy }),
          },
        }),
  }
}

/** Takes the passing event that tells who is in charge now, ahead of the state itself. */
export function applyConversation(current: Conversation | undefined, data: Json, at: string): Conversation | undefined {
  const { phase, mode, activeAgentId, name } = fieldsOf(data)
  if (typeof phase !== 'string' || (mode !== 'agent' && mode !== 'human' && mode !== 'paused')) return current
  const agentId = typeof activeAgentId === 'string' ? activeAgentId : null
  const isClaimed = mode === 'human' && typeof name === 'string'
  return {
    phase,
    mode,
    agentId,
    previousAgentId: current?.agentId ?? current?.previousAgentId ?? null,
    ...(mode === 'human'
      ? { human: { status: isClaimed ? 'active' : 'waiting', since: at, ...(isClaimed ? { id: name } : {}) } }
      : {}),
  }
}

/** What the one in charge is doing, as far as events say so. */
export function agentLine(
  conversation: Conversation,
  timeline: Timeline,
  me: string | undefined,
  nowMs: number,
): AgentLine {
  const { mode, human } = conversation
  if (mode === 'paused') return { state: 'paused' }
  if (mode === 'human') return { state: human?.status === 'active' ? 'helping' : 'waiting-for-colleague' }
  if (timeline.requests.length > 0) return { state: 'waiting-for-you' }
  const tool = timeline.rows.findLast((row) => row.kind === 'tool' && row.status === 'running')
  if (tool?.kind === 'tool') return { state: 'checking', tool: tool.name, startedMs: tool.startedMs }
  if (timeline.live.length > 0) return { state: 'answering' }
  const last = timeline.rows.findLast((row) => row.kind === 'message' || row.kind === 'handoff' || row.kind === 'tool')
  if (last === undefined) return { state: 'listening' }
  const atMs = last.kind === 'tool' ? last.startedMs + (last.durationMs ?? 0) : Date.parse(last.at)
  const isAwaited = last.kind !== 'message' || last.speaker.id === me
  return { state: isAwaited && nowMs - atMs < thinkingMs ? 'thinking' : 'listening' }
}

/** The same in a call, which knows what is audible. */
export function voiceLine(line: AgentLine, agentState: string): AgentLine {
  if (!['listening', 'thinking', 'answering'].includes(line.state)) return line
  if (agentState === 'speaking') return { state: 'speaking' }
  return { state: agentState === 'thinking' ? 'thinking' : 'listening' }
}
