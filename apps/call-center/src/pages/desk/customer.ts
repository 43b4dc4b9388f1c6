import { z } from 'zod'

const cents = z.number()
const customerSchema = z.object({
  account: z.object({
    id: z.string(),
    number: z.string(),
    firstName: z.string(),
    lastName: z.string(),
    city: z.string(),
    area: z.string(),
    planName: z.string(),
    monthlyCents: cents,
    offerName: z.string().nullable(),
  }),
  balanceCents: cents,
  invoices: z.array(
    z.object({
      id: z.string(),
      month: z.string(),
      dueOn: z.string(),
      totalCents: cents,
      paidCents: cents,
      creditedCents: cents,
      status: z.enum(['paid', 'open']),
    }),
  ),
  duplicates: z.array(
    z.object({ invoiceId: z.string(), month: z.string(), cents, firstPaidOn: z.string(), secondPaidOn: z.string() }),
  ),
  credits: z.array(z.object({ id: z.string(), invoiceId: z.string(), cents, createdAt: z.string() })),
  line: z
    .object({
      attenuationDb: z.number(),
      noiseMarginDb: z.number(),
      drops24h: z.number(),
      verdict: z.enum(['good', 'bad']),
    })
    .nullable(),
  tickets: z.array(
    z.object({ id: z.string(), kind: z.string(), summary: z.string(), status: z.enum(['open', 'closed']) }),
  ),
  visits: z.array(
    z.object({
      visitId: z.string(),
      dayName: z.string(),
      starts: z.string(),
      ends: z.string(),
      technician: z.string(),
    }),
  ),
})

/** What the business knows of a customer. */
export type Customer = z.infer<typeof customerSchema>

/** Reads the answer of the app's route. @throws {Error} when it has another shape */
export function parseCustomer(value: unknown): Customer {
  return customerSchema.parse(value)
}
