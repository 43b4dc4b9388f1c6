import type { AnyTool, Contract, JsonSchema } from '@parley/spec'
import { reject } from './rejections.ts'
import { HANDOFF_TOOL_NAME } from '../../agent/shown-handoff.ts'

const description =
  "Transfer this conversation to another agent or specialist. Use when: the user asks to speak with someone else, the user wants to be transferred or go back to a previous agent, the conversation needs expertise you don't have, or your task is complete and the next step requires a different agent. Always provide a clear summary of the conversation so far."

const targetDescription = "Target agent ID or alias (e.g., 'agent-advisor', 'agent-coder', 'human')"

const parameters: JsonSchema = {
  type: 'object',
  properties: {
    target: { type: 'string', description: targetDescription },
    reason: { type: 'string', description: 'Why the handoff is needed' },
    summary: {
      type: 'string',
      description: 'Summary of the conversation so far and what the next agent needs to know to continue effectively',
    },
    next_phase: {
      type: 'string',
      description: "Optional: conversation phase to transition to (e.g., 'handling', 'review', 'escalation')",
    },
    channel_escalation: {
      type: 'string',
      enum: ['same', 'voice', 'email', 'sms'],
      description: "Whether to escalate to a different channel. 'same' keeps the current channel.",
    },
  },
  required: ['target', 'reason', 'summary'],
}

/**
 * Takes anything: the arguments of a handoff are read by the handoff itself, so that what is wrong with them is said in
 * its own words.
 */
const anyArguments: Contract = { '~standard': { version: 1, vendor: 'parley', validate: (value) => ({ value }) } }

/** The generic handoff tool, with the commissioned name and texts. Bound to a room by `setupHandoff`. */
export const HANDOFF_TOOL: AnyTool = Object.freeze({
  name: HANDOFF_TOOL_NAME,
  description,
  input: anyArguments,
  inputJsonSchema: parameters,
  effect: 'effectful',
  background: false,
  confirm: false,
  approval: false,
  // Its words are for colleagues: the log keeps them in the `handoff` record, no transport gets them.
  sensitive: true,
  endsTurn: false,
  timeoutMs: 30_000,
  run: () => reject('handoff_no_room'),
})

/**
 * The handoff tool for given targets: `target` becomes an enum of exactly these ids, each listed with its description.
 * Without targets it is `HANDOFF_TOOL` itself.
 */
export function buildHandoffTool(targets: readonly (readonly [id: string, description: string | null])[]): AnyTool {
  if (targets.length === 0) return HANDOFF_TOOL
  return narrowTool(HANDOFF_TOOL, targets)
}

/** A tool with its `target` narrowed to an enum. */
export function narrowTool(
  tool: AnyTool,
  targets: readonly (readonly [id: string, description: string | null])[],
): AnyTool {
  const lines = targets.map(([id, text]) => (text === null ? `- ${id}` : `- ${id}: ${text}`))
  const target = {
    type: 'string',
    enum: targets.map(([id]) => id),
    description: `Target agent. One of:\n${lines.join('\n')}`,
  }
  const { inputJsonSchema } = tool
  const properties = { ...propertiesOf(inputJsonSchema), target }
  return { ...tool, inputJsonSchema: { ...inputJsonSchema, properties } }
}

/** A tool with one more property for what the contracts of its targets ask for. */
export function withPayload(tool: AnyTool, payload: JsonSchema): AnyTool {
  const { inputJsonSchema } = tool
  return { ...tool, inputJsonSchema: { ...inputJsonSchema, properties: { ...propertiesOf(inputJsonSchema), payload } } }
}

function propertiesOf(schema: JsonSchema): JsonSchema {
  const { properties } = schema
  return typeof properties === 'object' && properties !== null && !Array.isArray(properties) ? properties : {}
}
