import { defineTool, ToolError, type AnyTool, type ToolContext } from '@parley/spec'
import { z } from 'zod'
import { getAccount } from '../business/accounts.ts'
import { findDuplicates, getInvoice, listInvoices, type Invoice } from '../business/invoices.ts'
import { creditResultSchema, creditWords, toCreditResult } from './credit-result.ts'
import type { HarborServices } from './harbor-services.ts'
import type { CreditCall } from '../workflows/credit-desk.ts'
import { requireVerified } from './verification.ts'

const invoiceSchema = z.strictObject({
  invoiceId: z.string(),
  month: z.string(),
  issuedOn: z.string(),
  dueOn: z.string(),
  totalCents: z.int(),
  paidCents: z.int(),
  creditedCents: z.int(),
  status: z.enum(['paid', 'open']),
})
const duplicateSchema = z.strictObject({
  invoiceId: z.string(),
  month: z.string(),
  cents: z.int(),
  firstPaidOn: z.string(),
  secondPaidOn: z.string(),
})

/** The invoices of an account, and payments that were taken twice. */
export function listInvoicesTool({ database }: HarborServices): AnyTool {
  return defineTool({
    name: 'list_invoices',
    description: 'List the invoices of an account, newest first, with payments taken twice.',
    effect: 'pure',
    input: z.strictObject({ accountId: z.string() }),
    output: z.strictObject({
      firstName: z.string(),
      invoices: z.array(invoiceSchema),
      duplicates: z.array(duplicateSchema),
      openCents: z.int(),
    }),
    async run({ accountId }, context) {
      await requireVerified(context, accountId)
      const account = await getAccount(database, accountId)
      if (!account) throw new ToolError('There is no such account.')
      const invoices = await listInvoices(database, accountId)
      const openCents = invoices.reduce(
        (sum, invoice) => sum + Math.max(0, invoice.totalCents - invoice.paidCents - invoice.creditedCents),
        0,
      )
      return {
        firstName: account.firstName,
        invoices: invoices.map(toResult),
        duplicates: await findDuplicates(database, accountId),
        openCents,
      }
    },
  })
}

/** The lines of one invoice. */
export function explainInvoiceTool(services: HarborServices): AnyTool {
  return defineTool({
    name: 'explain_invoice',
    description: 'Explain one invoice: its lines, pro-rata parts, and whether it was paid twice.',
    effect: 'pure',
    input: z.strictObject({ invoiceId: z.string() }),
    output: invoiceSchema.extend({
      lines: z.array(
        z.strictObject({ label: z.string(), cents: z.int(), kind: z.enum(['plan', 'proRata', 'discount', 'lateFee']) }),
      ),
      hasProRata: z.boolean(),
      duplicate: duplicateSchema.nullable(),
    }),
    async run({ invoiceId }, context) {
      const invoice = await invoiceOfCaller(services, invoiceId, context)
      const duplicates = await findDuplicates(services.database, invoice.accountId)
      return {
        ...toResult(invoice),
        lines: invoice.lines,
        hasProRata: invoice.lines.some(({ kind }) => kind === 'proRata'),
        duplicate: duplicates.find((duplicate) => duplicate.invoiceId === invoiceId) ?? null,
      }
    },
  })
}

/**
 * Credits an invoice by a run of `credit-approval`: small sums at once, larger ones when a colleague allowed them. The
 * desk's request of this call stands for the run's wait.
 */
export function issueCreditTool(services: HarborServices): AnyTool {
  const { clock, credits, tellCaller } = services
  return defineTool({
    name: 'issue_credit',
    description:
      'Credit an amount in cents to an invoice. Above 2500 cents per account in 30 days a colleague decides: the result is then pending.',
    effect: 'idempotent',
    input: z.strictObject({ invoiceId: z.string(), cents: z.int().positive(), reason: z.string().min(1).max(400) }),
    output: creditResultSchema,
    async run(terms, context) {
      const { accountId } = await invoiceOfCaller(services, terms.invoiceId, context)
      const outcome = await credits.ask({ ...terms, accountId }, callOf(context))
      if (outcome.status === 'waiting')
        return context.requestApproval({ timeoutMs: Math.max(0, outcome.untilMs - clock.now()) })
      if (outcome.status === 'failed') throw new ToolError('The credit could not be written. Ask for a colleague.')
      return toCreditResult(outcome)
    },
    async onDecision(decision, terms, context) {
      const result = toCreditResult(await credits.decide(decision, terms, callOf(context)))
      await tellCaller(context, creditWords(result))
      return result
    },
  })
}

async function invoiceOfCaller(
  { database }: HarborServices,
  invoiceId: string,
  context: ToolContext,
): Promise<NonNullable<Awaited<ReturnType<typeof getInvoice>>>> {
  const invoice = await getInvoice(database, invoiceId)
  if (!invoice) throw new ToolError(`There is no invoice ${invoiceId.slice(0, 20)}. List the invoices first.`)
  await requireVerified(context, invoice.accountId)
  return invoice
}

function callOf({ room, idempotencyKey }: ToolContext): CreditCall {
  return { roomId: room.id, idempotencyKey }
}

function toResult(invoice: Invoice): z.output<typeof invoiceSchema> {
  const { id, month, issuedOn, dueOn, totalCents, paidCents, creditedCents, status } = invoice
  return { invoiceId: id, month, issuedOn, dueOn, totalCents, paidCents, creditedCents, status }
}
