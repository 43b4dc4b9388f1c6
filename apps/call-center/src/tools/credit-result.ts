import { z } from 'zod'
import type { CreditOutcome } from '../workflows/credit-desk.ts'

const endedSchema = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('credited'), creditId: z.string(), invoiceId: z.string(), cents: z.int() }),
  z.strictObject({
    status: z.literal('refused'),
    field: z.literal('cents'),
    mostCents: z.int(),
    message: z.string(),
  }),
  z.strictObject({ status: z.enum(['rejected', 'cancelled']), reason: z.string().optional() }),
  z.strictObject({ status: z.literal('expired') }),
  z.strictObject({ status: z.literal('failed') }),
])

/** What an agent is told of a credit it asked for. */
export const creditResultSchema = z.union([
  endedSchema,
  z.strictObject({ status: z.literal('pending'), requestId: z.string() }),
])

/** What an agent is told of a credit that is decided. */
export type CreditResult = z.output<typeof endedSchema>

/** The outcome of a run without what agents need not know: who approved, and what went wrong inside. */
export function toCreditResult(outcome: CreditOutcome): CreditResult {
  switch (outcome.status) {
    case 'credited': {
      const { status, creditId, invoiceId, cents } = outcome
      return { status, creditId, invoiceId, cents }
    }
    case 'failed':
      return { status: 'failed' }
    case 'refused':
    case 'rejected':
    case 'cancelled':
    case 'expired':
      return outcome
  }
}

/** The result in words for a caller whom no agent can tell. */
export function creditWords(result: CreditResult): string {
  switch (result.status) {
    case 'credited':
      return `Good news: ${dollars(result.cents)} is credited to invoice ${result.invoiceId}.`
    case 'refused':
      return `I could credit at most ${dollars(result.mostCents)}, so nothing was credited. Write here to go on.`
    case 'expired':
      return 'Nobody could decide on the credit in time, so it was not given. Write here to ask again.'
    case 'rejected':
    case 'cancelled':
      return result.reason === undefined
        ? 'My colleague did not approve the credit.'
        : `My colleague did not approve the credit and noted: ${result.reason}`
    case 'failed':
      return 'The credit could not be written. Write here to ask for a colleague.'
  }
}

function dollars(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`
}
