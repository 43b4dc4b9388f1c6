import { z } from 'zod'
import type { ChannelId, ConversationState, DelegationResult } from '@parley/spec'

/** Where a room's state keeps results that an agent has not read. */
export const NOTES_KEY = 'delegationNotes'

/** Characters of a note, all told. */
export const NOTE_LENGTH = 4_000

/** The tool that reads on in a result that was cut. */
export const READ_RESULT = 'read_delegation_result'

/** A result that waits for the next turn of an agent. */
export interface DelegationNote {
  delegationId: string
  /** Who reads it. */
  agentId: ChannelId
  text: string
}

const schema = z.array(z.object({ delegationId: z.string(), agentId: z.string(), text: z.string() }))

/** The notes of a state, oldest first. */
export function notesOf(state: ConversationState): DelegationNote[] {
  const parsed = schema.safeParse(state.toJSON()[NOTES_KEY] ?? [])
  return parsed.success ? parsed.data : []
}

/** The state with one more note; one per delegation. */
export function withNote(state: ConversationState, note: DelegationNote): ConversationState {
  const others = notesOf(state).filter(({ delegationId }) => delegationId !== note.delegationId)
  return state.with({ [NOTES_KEY]: [...others, note] })
}

/** The state without notes that were read. */
export function withoutNotes(state: ConversationState, read: readonly DelegationNote[]): ConversationState {
  const ids = new Set(read.map(({ delegationId }) => delegationId))
  const left = notesOf(state).filter(({ delegationId }) => !ids.has(delegationId))
  if (left.length === notesOf(state).length) return state
  return state.with({ [NOTES_KEY]: left.length === 0 ? undefined : left })
}

/**
 * What the agent reads of a result, at most 4 000 characters. A cut one says how to read on; `isCut` says that the full
 * text must be kept for it.
 */
export function noteText(
  result: DelegationResult,
  { id, workerName, task }: { id: string; workerName: string; task: string },
): { text: string; isCut: boolean } {
  const head = `[Result of the task given to ${workerName} ("${firstLine(task)}"): ${result.status}]`
  const body =
    result.status === 'completed'
      ? fullText(result)
      : [result.error.message, result.text ?? ''].filter((part) => part !== '').join('\n')
  const whole = `${head}\n${body}`
  if (whole.length <= NOTE_LENGTH) return { text: whole, isCut: false }
  const tail = `\n[Cut. Read on with ${READ_RESULT} { "id": "${id}", "offset": OFFSET }.]`
  const room = NOTE_LENGTH - head.length - 1 - tail.length - 4
  return { text: `${head}\n${body.slice(0, room)}${tail.replace('OFFSET', String(room))}`, isCut: true }
}

/** All a completed result says: the words, then the value. */
export function fullText(result: Extract<DelegationResult, { status: 'completed' }>): string {
  return result.value === undefined ? result.text : `${result.text}\n${JSON.stringify(result.value)}`
}

function firstLine(task: string): string {
  const [line = ''] = task.split('\n')
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`
}
