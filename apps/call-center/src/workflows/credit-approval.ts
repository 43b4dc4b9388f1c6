import { ParleyError, type Clock, type IdSource, type SqlDatabase } from '@parley/spec'
import { Step, wait, Workflow } from '@parley/workflow'
import { z } from 'zod'
import { creditRoom, giveCredit } from '../business/give-credit.ts'

/** Seconds a colleague has to decide. */
const decisionSeconds = 600

/** What a colleague may change when they approve. */
const termsSchema = z.strictObject({
  invoiceId: z.string().min(1),
  cents: z.int().positive(),
  reason: z.string().min(1).max(400),
})

/** What an agent wants to credit, and to whom. */
export const creditWishSchema = termsSchema.extend({ accountId: z.string().min(1) })
export type CreditWish = z.output<typeof creditWishSchema>

const checkSchema = z.strictObject({
  /** What is left of the invoice. */
  mostCents: z.int().min(0),
  /** What an agent may give without asking. */
  freeCents: z.int().min(0),
  needsColleague: z.boolean(),
})

/** The receipt of a payment, or how much could be paid. */
export const paymentSchema = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('credited'),
    creditId: z.string(),
    invoiceId: z.string(),
    cents: z.int().positive(),
    approvedBy: z.string().nullable(),
    creditedAt: z.string(),
  }),
  z.strictObject({
    status: z.literal('refused'),
    field: z.literal('cents'),
    mostCents: z.int().min(0),
    message: z.string(),
  }),
])

/** What the steps work with. */
export interface CreditApprovalParts {
  database: SqlDatabase
  clock: Clock
  ids: IdSource
}

/** Name under which runs are kept. */
export const creditApprovalName = 'credit-approval'

/**
 * Credits an invoice: the wish is checked, a colleague decides where it is above what an agent may give, and it is paid
 * once. A refusal and a wait that nobody answers end the run without a payment.
 */
export function creditApproval({ database, clock, ids }: CreditApprovalParts): Workflow {
  const check = new Step({
    name: 'check',
    effect: 'pure',
    inputContract: creditWishSchema,
    outputContract: checkSchema,
    async action({ input }) {
      const wish = creditWishSchema.parse(input)
      const room = await creditRoom(database, wish, clock)
      if (room === undefined) {
        throw new ParleyError({
          code: 'tool_denied',
          message: `Account ${wish.accountId} has no invoice ${wish.invoiceId.slice(0, 20)}. Credit one of its own.`,
          details: { accountId: wish.accountId },
        })
      }
      // A credit that will be refused anyway is nobody's decision.
      return { ...room, needsColleague: wish.cents <= room.mostCents && wish.cents > room.freeCents }
    },
  })
  const review = new Step({
    name: 'review',
    dependsOn: ['check'],
    condition: 'steps.check.output.needsColleague == true',
    action: wait.approval({
      schema: termsSchema,
      show: 'Credit {{input.cents}} cents to invoice {{input.invoiceId}}? {{input.reason}}',
      timeout: decisionSeconds,
      onTimeout: 'reject',
    }),
  })
  const pay = new Step({
    name: 'pay',
    dependsOn: ['check', 'review'],
    // The credit has a key of its run, so a second attempt finds what the first one wrote.
    effect: 'idempotent',
    outputContract: paymentSchema,
    async action({ input, inputs, runId }) {
      const wish = creditWishSchema.parse(input)
      const decision = decisionSchema.parse(inputs['review'])
      const order = { ...wish, ...decision?.data, idempotencyKey: `${creditApprovalName}:${runId}` }
      const given = await giveCredit(database, decision === null ? order : { ...order, approvedBy: decision.by }, {
        clock,
        ids,
      })
      if (given.outcome === 'refused') {
        const { mostCents, message } = given
        return { status: 'refused', field: 'cents', mostCents, message }
      }
      const { id: creditId, invoiceId, cents, createdAt } = given.credit
      return { status: 'credited', creditId, invoiceId, cents, approvedBy: decision?.by ?? null, creditedAt: createdAt }
    },
  })
  return new Workflow({
    name: creditApprovalName,
    description: 'Credits an invoice; above the limit of agents a colleague decides.',
    input: creditWishSchema,
    steps: [check, review, pay],
  })
}

/** What the wait gives: nothing where nobody had to decide. */
const decisionSchema = z.object({ data: termsSchema, by: z.string() }).nullable()
