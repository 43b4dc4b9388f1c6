import { defineTool, ToolError, type AnyTool, type ToolContext } from '@parley/spec'
import { z } from 'zod'
import { findByName, findByNumber, findByPhone, getPinHash, type Account } from '../business/accounts.ts'
import { isPin } from '../business/pin.ts'
import { phoneLine } from '../voice/phone-line.ts'
import type { HarborServices } from './harbor-services.ts'
import { pinAttempts, readVerification, saveVerification } from './verification.ts'

const foundSchema = z.union([
  z.strictObject({ accountId: z.string(), firstName: z.string().optional() }),
  z.strictObject({ matches: z.array(z.strictObject({ initials: z.string(), city: z.string() })) }),
])

/** Finds a customer: by exact number, else by name or phone. Several matches give initials and city only. */
export function findAccountTool({ database }: HarborServices): AnyTool {
  return defineTool({
    name: 'find_account',
    description:
      'Find a customer by account number, or by name or phone number. Ask for the number if several match. On the phone call it without arguments: the caller keys the number in, and nobody reads it.',
    effect: 'pure',
    input: z.strictObject({
      number: z.string().optional().describe('Account number, six digits'),
      name: z.string().optional().describe('First, last or full name'),
      phone: z.string().optional(),
    }),
    output: foundSchema,
    async run(given, context) {
      const { name, phone } = given
      const number = hasNone(given) ? await keyedNumber(context) : given.number
      if (number !== undefined && number !== '') {
        const account = await findByNumber(database, number.replaceAll(/\D/g, ''))
        if (account) return { accountId: account.id, firstName: account.firstName }
      }
      const found = await findByNameOrPhone({ name, phone }, database)
      const [only] = found
      if (!only) throw new ToolError('No account was found. Ask for the six-digit account number.')
      if (found.length === 1) return { accountId: only.id }
      return {
        matches: found.map(({ firstName, lastName, city }) => ({ initials: `${firstName[0]}. ${lastName[0]}.`, city })),
      }
    },
  })
}

/** The account number by keypad or voice: on the phone it goes from the caller to this tool and nowhere else. */
async function keyedNumber({ room, requestInput }: ToolContext): Promise<string | undefined> {
  const { context } = await room.state()
  if (context['line'] !== phoneLine) return undefined
  const answer = await requestInput({
    schema: z.string().regex(/^\d{6}$/, 'six digits'),
    prompt: 'Please key in your six-digit account number.',
    sensitive: true,
  })
  return answer.status === 'answered' && typeof answer.value === 'string' ? answer.value : undefined
}

function hasNone(given: Readonly<Record<string, string | undefined>>): boolean {
  return Object.values(given).every((value) => value === undefined || value === '')
}

async function findByNameOrPhone(
  { name, phone }: { name: string | undefined; phone: string | undefined },
  database: HarborServices['database'],
): Promise<Account[]> {
  if (name !== undefined && name !== '') return findByName(database, name)
  if (phone !== undefined && phone !== '') return findByPhone(database, phone)
  return []
}

/**
 * Asks the caller for the PIN and compares it. The digits go from the caller to this function and nowhere else; the
 * result says only whether it was right and how many tries are left.
 */
export function verifyCallerTool({ database }: HarborServices): AnyTool {
  return defineTool({
    name: 'verify_caller',
    description: 'Ask the caller for the PIN of an account and check it. Never ask for the PIN yourself.',
    effect: 'effectful',
    // The account's id is no secret; the PIN is asked for as a sensitive input.
    input: z.strictObject({ accountId: z.string() }),
    output: z.strictObject({ verified: z.boolean(), attemptsLeft: z.int() }),
    timeoutMs: 600_000,
    async run({ accountId }, context) {
      let verification = await readVerification(context.room)
      if (verification.accountId === accountId) return result(true, verification.attempts)
      const hash = await getPinHash(database, accountId)
      if (hash === undefined) throw new ToolError('There is no such account. Find the account first.')
      while (verification.attempts < pinAttempts) {
        const answer = await context.requestInput({
          schema: z.string().regex(/^\d{4}$/, 'four digits'),
          prompt: promptFor(verification.attempts),
          sensitive: true,
        })
        if (answer.status !== 'answered') return result(false, verification.attempts)
        const isRight = typeof answer.value === 'string' && isPin(accountId, answer.value, hash)
        verification = { attempts: verification.attempts + (isRight ? 0 : 1), ...(isRight ? { accountId } : {}) }
        await saveVerification(context.room, verification)
        if (isRight) return result(true, verification.attempts)
      }
      return result(false, verification.attempts)
    },
  })
}

function result(verified: boolean, attempts: number): { verified: boolean; attemptsLeft: number } {
  return { verified, attemptsLeft: Math.max(0, pinAttempts - attempts) }
}

function promptFor(attempts: number): string {
  const left = pinAttempts - attempts
  if (attempts === 0) return 'Please enter your four-digit PIN.'
  return `That PIN was not right. Please try again: ${left === 1 ? 'one try' : `${left} tries`} left.`
}
