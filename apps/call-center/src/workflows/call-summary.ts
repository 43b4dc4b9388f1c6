import { z } from 'zod'

/** What is told of a conversation in words. */
export const callWordsSchema = z.strictObject({
  /** Why the caller came. */
  reason: z.string(),
  /** What was done. */
  resolution: z.string(),
  /** What happens next. */
  followUps: z.array(z.string()),
})

/** The label of a summary that no model wrote. */
export const rulesLabel = 'rules'

/** The summary of a conversation, as it is kept with its room and shown. */
export const callSummarySchema = callWordsSchema.extend({
  /** What wrote it: `rulesLabel`, or a model. */
  label: z.string(),
  /** Who answered, each once, in order. */
  agents: z.array(z.string()).min(1),
  /** The last thing that was said to the caller. */
  lastAnswer: z.string(),
  messageCount: z.int().min(1),
})
export type CallSummary = z.output<typeof callSummarySchema>

/** A summary in a room's metadata, with the run that wrote it. */
export const keptSummarySchema = callSummarySchema.extend({ runId: z.string(), writtenAt: z.string() })

/** What the page is told: written yet or not, and by whom. */
export const summaryReplySchema = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('ready'), summary: callSummarySchema }),
  /** `none`: the conversation goes on; `empty`: nobody answered, so there is nothing to sum up. */
  z.strictObject({ status: z.enum(['none', 'writing', 'empty', 'failed']) }),
])
export type SummaryReply = z.output<typeof summaryReplySchema>
