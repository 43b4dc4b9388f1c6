import { toNanoUsd } from '@parley/spec'
import { z } from 'zod'

/** An amount of US dollars with at most nine places. */
export const usdShape: z.ZodType<number> = z.number().superRefine((usd, context) => {
  try {
    toNanoUsd(usd)
  } catch {
    // Why it is refused, the message says; the arithmetic has only one reason.
    context.addIssue({
      code: 'custom',
      message: `${usd} is no amount of US dollars from 0 up with at most nine places`,
      params: { code: 'budget_invalid' },
    })
  }
})
