import { defineTool, ToolError, type AnyTool } from '@parley/spec'
import { z } from 'zod'
import { dayOf } from '../business/calendar.ts'
import { getTicket, openTicket } from '../business/tickets.ts'
import { bookVisit, freeSlots, slotState } from '../business/visits.ts'
import { instantOf, type HarborServices } from './harbor-services.ts'
import { requireVerified } from './verification.ts'

const slotSchema = z.strictObject({
  slotId: z.string(),
  day: z.string(),
  dayName: z.string(),
  starts: z.string(),
  ends: z.string(),
  part: z.enum(['morning', 'afternoon']),
})

/** Something for people to do. No agent cancels a service: cancelling is a ticket. */
export function openTicketTool({ database, clock }: HarborServices): AnyTool {
  return defineTool({
    name: 'open_ticket',
    description: 'Open a ticket for colleagues. Cancelling a service is always a ticket, never done by you.',
    effect: 'idempotent',
    input: z.strictObject({
      accountId: z.string(),
      kind: z.enum(['line', 'notify', 'cancellation', 'move', 'other']),
      summary: z.string().min(1).max(400),
    }),
    output: z.strictObject({ ticketId: z.string(), kind: z.string(), summary: z.string() }),
    async run({ accountId, kind, summary }, context) {
      await requireVerified(context, accountId)
      const { idempotencyKey } = context
      const ticket = await openTicket(database, {
        accountId,
        kind,
        summary,
        createdAt: instantOf(clock),
        idempotencyKey,
      })
      return { ticketId: ticket.id, kind: ticket.kind, summary: ticket.summary }
    },
  })
}

/** Free times of technicians. */
export function listSlotsTool({ database, clock }: HarborServices): AnyTool {
  return defineTool({
    name: 'list_slots',
    description: 'List the next free times of technicians, soonest first.',
    effect: 'pure',
    input: z.strictObject({ part: z.enum(['morning', 'afternoon']).optional() }),
    output: z.strictObject({ slots: z.array(slotSchema) }),
    async run({ part }) {
      const slots = await freeSlots(database, dayOf(clock.now()), 20)
      return { slots: slots.filter((slot) => part === undefined || slot.part === part).slice(0, 6) }
    },
  })
}

/** Books a technician. Whoever comes second to a time is offered the next ones. */
export function scheduleVisitTool({ database, clock, ids }: HarborServices): AnyTool {
  return defineTool({
    name: 'schedule_visit',
    description: 'Book a technician for a ticket at a free time. If somebody else was faster, other times come back.',
    effect: 'idempotent',
    input: z.strictObject({ ticketId: z.string(), slotId: z.string() }),
    output: z.union([
      slotSchema.extend({
        booked: z.literal(true),
        visitId: z.string(),
        ticketId: z.string(),
        technician: z.string(),
      }),
      z.strictObject({ booked: z.literal(false), nextSlots: z.array(slotSchema) }),
    ]),
    async run({ ticketId, slotId }, context) {
      const ticket = await getTicket(database, ticketId)
      if (!ticket) throw new ToolError('There is no such ticket. Open one first.')
      await requireVerified(context, ticket.accountId)
      if ((await slotState(database, slotId)) === 'unknown')
        throw new ToolError('There is no such time. List the free times first.')
      const { accountId } = ticket
      const visit = await bookVisit(database, { ticketId, slotId, accountId, createdAt: instantOf(clock) }, ids)
      if (visit) return { booked: true, ...visit }
      return { booked: false, nextSlots: await freeSlots(database, dayOf(clock.now())) }
    },
  })
}
