import { defineTool, ToolError, type AnyTool } from '@parley/spec'
import { z } from 'zod'
import { getAccount } from '../business/accounts.ts'
import { dayOf, firstOfMonth } from '../business/calendar.ts'
import { listPlans, offersFor, setOffer, setPlan } from '../business/offers.ts'
import type { HarborServices } from './harbor-services.ts'
import { requireVerified } from './verification.ts'

const offerSchema = z.strictObject({
  offerId: z.string(),
  name: z.string(),
  description: z.string(),
  currentCents: z.int(),
  monthlyCents: z.int(),
  months: z.int(),
  planId: z.string().nullable(),
})

/** What may be offered to somebody who thinks of leaving. */
export function listOffersTool({ database }: HarborServices): AnyTool {
  return defineTool({
    name: 'list_offers',
    description:
      'List offers for a customer who thinks of leaving, fitting the reason, with old and new monthly price.',
    effect: 'pure',
    input: z.strictObject({
      accountId: z.string(),
      reason: z.enum(['price', 'moving', 'quality', 'competitor']).optional(),
    }),
    output: z.strictObject({ firstName: z.string(), planName: z.string(), offers: z.array(offerSchema) }),
    async run({ accountId, reason }, context) {
      await requireVerified(context, accountId)
      const account = await getAccount(database, accountId)
      if (!account) throw new ToolError('There is no such account.')
      const offers = await offersFor(database, accountId, reason)
      return { firstName: account.firstName, planName: account.planName, offers }
    },
  })
}

/** Puts an offer on the account; the customer is asked first. */
export function applyOfferTool({ database, clock }: HarborServices): AnyTool {
  return defineTool({
    name: 'apply_offer',
    description: 'Apply an offer to the account. Needs a clear yes of the customer.',
    effect: 'effectful',
    confirm: true,
    input: z.strictObject({ accountId: z.string(), offerId: z.string() }),
    output: z.strictObject({
      applied: z.literal(true),
      offerId: z.string(),
      name: z.string(),
      monthlyCents: z.int(),
      until: z.string(),
    }),
    async run({ accountId, offerId }, context) {
      await requireVerified(context, accountId)
      const offer = (await offersFor(database, accountId)).find((candidate) => candidate.offerId === offerId)
      if (!offer) throw new ToolError('There is no such offer for this account. List the offers first.')
      const until = firstOfMonth(dayOf(clock.now()), offer.months)
      await setOffer(database, { accountId, offer, until })
      return { applied: true, offerId, name: offer.name, monthlyCents: offer.monthlyCents, until }
    },
  })
}

/** Moves the account to another plan; the customer is asked first. */
export function changePlanTool({ database }: HarborServices): AnyTool {
  return defineTool({
    name: 'change_plan',
    description: 'Change the plan of the account. Needs a clear yes of the customer.',
    effect: 'effectful',
    confirm: true,
    input: z.strictObject({ accountId: z.string(), planId: z.string().describe('Such as fiber-100') }),
    output: z.strictObject({ changed: z.literal(true), planName: z.string(), monthlyCents: z.int() }),
    async run({ accountId, planId }, context) {
      await requireVerified(context, accountId)
      const plans = await listPlans(database)
      const plan = plans.find((candidate) => candidate.planId === planId)
      if (!plan)
        throw new ToolError(`There is no such plan. The plans are ${plans.map((known) => known.planId).join(', ')}.`)
      await setPlan(database, accountId, planId)
      return { changed: true, planName: plan.name, monthlyCents: plan.monthlyCents }
    },
  })
}
