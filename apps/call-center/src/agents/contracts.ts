import type { HandoffContract } from '@parley/spec'
import { z } from 'zod'

const accountId = z.string().describe('From find_account')
const verified = z.literal(true).describe('verify_caller said so')
const summary = z.string().min(1).max(400).describe('What happened so far, in one or two sentences')

const billingSchema = z.object({
  accountId,
  verified,
  topic: z.enum(['charge', 'payment', 'plan']),
  invoiceId: z.string().optional(),
  cents: z.int().optional().describe('The amount in question, in cents'),
  callerWords: z.string().describe('What the caller said, word for word'),
  summary,
})

const technicalSchema = z.object({
  accountId,
  verified,
  symptom: z.enum(['none', 'slow', 'drops', 'wifi', 'device']).describe('none: no internet at all'),
  since: z.string().min(1).describe('Since when, in the words of the caller'),
  outage: z.string().optional().describe('A known outage, if one was found'),
  summary,
})

const retentionSchema = z.object({
  accountId,
  verified,
  reason: z.enum(['price', 'moving', 'quality', 'competitor']).describe('Why they think of leaving'),
  summary,
})

const humanSchema = z.object({
  accountId: z.string().nullable().default(null).describe('null when it is not known'),
  urgency: z.enum(['normal', 'high']),
  reason: z.string().min(1),
  tried: z.array(z.string()).describe('What the agents did so far'),
  summary,
})

// Established by verify_caller and kept in the conversation's context, so no agent has to ask again.
const carry = ['accountId', 'verified']

/** What each receiver must be given; a handoff without it is refused, and the sender asks the caller. */
export const contracts: {
  readonly billing: HandoffContract<z.output<typeof billingSchema>>
  readonly technical: HandoffContract<z.output<typeof technicalSchema>>
  readonly retention: HandoffContract<z.output<typeof retentionSchema>>
  readonly human: HandoffContract<z.output<typeof humanSchema>>
} = {
  billing: { schema: billingSchema, carry },
  technical: { schema: technicalSchema, carry },
  retention: { schema: retentionSchema, carry },
  human: { schema: humanSchema, carry: ['accountId'] },
}
