import { defineTool, ToolError, type AnyTool } from '@parley/spec'
import { z } from 'zod'
import { getAccount } from '../business/accounts.ts'
import { readLine, rebootModem } from '../business/line.ts'
import { openOutage } from '../business/outages.ts'
import { instantOf, type HarborServices } from './harbor-services.ts'
import { requireVerified } from './verification.ts'

const accountInput = z.strictObject({ accountId: z.string() })

/** Whether the area of an account has an outage. */
export function areaOutageTool({ database, clock }: HarborServices): AnyTool {
  return defineTool({
    name: 'area_outage',
    description: 'Tell whether there is a known outage where the customer lives. Ask this before any test.',
    effect: 'pure',
    input: accountInput,
    output: z.strictObject({
      firstName: z.string(),
      area: z.string(),
      outage: z
        .strictObject({
          id: z.string(),
          area: z.string(),
          cause: z.string(),
          startedAt: z.string(),
          expectedEnd: z.string(),
        })
        .nullable(),
    }),
    async run({ accountId }, context) {
      await requireVerified(context, accountId)
      const account = await getAccount(database, accountId)
      if (!account) throw new ToolError('There is no such account.')
      const outage = await openOutage(database, account.area, instantOf(clock))
      return { firstName: account.firstName, area: account.area, outage: outage ?? null }
    },
  })
}

const testSteps = ['measuring the attenuation', 'measuring the noise margin', 'counting drops of the last 24 hours']

/** Measures the line. It takes some seconds, so the conversation goes on meanwhile. */
export function runLineTestTool({ database, clock, lineTestMs }: HarborServices): AnyTool {
  return defineTool({
    name: 'run_line_test',
    description: 'Test the line of an account. Takes some seconds; the result comes later, you may go on talking.',
    effect: 'idempotent',
    background: true,
    input: accountInput,
    output: z.strictObject({
      attenuationDb: z.number(),
      noiseMarginDb: z.number(),
      drops24h: z.int(),
      verdict: z.enum(['good', 'bad']),
    }),
    async run({ accountId }, context) {
      await requireVerified(context, accountId)
      for (const step of testSteps) {
        context.progress(step)
        await clock.sleep(lineTestMs / testSteps.length, { signal: context.signal })
      }
      const reading = await readLine(database, accountId)
      if (!reading) throw new ToolError('There is no modem on this account, so its line cannot be tested.')
      return reading
    },
  })
}

/** Restarts the modem from here. */
export function rebootModemTool({ database, clock }: HarborServices): AnyTool {
  return defineTool({
    name: 'reboot_modem',
    description: 'Restart the modem of an account from here.',
    effect: 'idempotent',
    input: accountInput,
    output: z.strictObject({ restarted: z.literal(true), model: z.string() }),
    async run({ accountId }, context) {
      await requireVerified(context, accountId)
      const modem = await rebootModem(database, accountId, instantOf(clock))
      if (!modem) throw new ToolError('There is no modem on this account.')
      return { restarted: true, model: modem.model }
    },
  })
}
