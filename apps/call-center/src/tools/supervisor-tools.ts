import { defineTool, type AnyTool } from '@parley/spec'
import { z } from 'zod'
import { readVerification } from './verification.ts'

/** A remark only colleagues see. */
export function noteTool(): AnyTool {
  return defineTool({
    name: 'note',
    description: 'Leave a note that only colleagues see.',
    effect: 'effectful',
    input: z.strictObject({ text: z.string().min(1).max(400) }),
    output: z.strictObject({ noted: z.literal(true) }),
    async run({ text }, { room }) {
      await room.send({ type: 'note', content: { type: 'note', text }, visibility: 'internal' })
      return { noted: true }
    },
  })
}

/** Asks for a colleague at the desk. */
export function requestHumanTool(): AnyTool {
  return defineTool({
    name: 'request_human',
    description: 'Ask for a colleague at the desk to take the conversation.',
    effect: 'effectful',
    endsTurn: true,
    input: z.strictObject({
      reason: z.string().min(1).max(200),
      urgency: z.enum(['normal', 'high']),
      tried: z.array(z.string()).max(20),
      summary: z.string().min(1).max(400),
    }),
    output: z.strictObject({ asked: z.boolean(), code: z.string().optional() }),
    async run({ reason, urgency, tried, summary }, { room, agentId, signal }) {
      const { accountId = null } = await readVerification(room)
      const result = await room.handoff(
        {
          target: 'human',
          reason,
          summary,
          urgent: urgency === 'high',
          payload: { accountId, urgency, reason, tried, summary },
        },
        { by: { kind: 'agent', id: agentId }, signal },
      )
      return result.accepted ? { asked: true } : { asked: false, code: result.code }
    },
  })
}
