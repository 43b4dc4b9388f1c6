import { ToolError, type Json, type RoomHandle, type ToolContext } from '@parley/spec'

/** PINs a caller may try in one room. */
export const pinAttempts = 3

/** Who the caller has shown to be. Kept in the conversation's context, so a restart changes nothing. */
export interface Verification {
  attempts: number
  accountId?: string
}

/** Reads the verification of a room. */
export async function readVerification(room: RoomHandle): Promise<Verification> {
  const { context } = await room.state()
  return toVerification(context['verification'])
}

/** The verification in a conversation's context. */
export function toVerification(stored: Json | undefined): Verification {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return { attempts: 0 }
  const { attempts, accountId } = stored
  return {
    attempts: typeof attempts === 'number' ? attempts : 0,
    ...(typeof accountId === 'string' ? { accountId } : {}),
  }
}

/** Stores it; a verified account also becomes part of what handoffs carry. */
export async function saveVerification(room: RoomHandle, { attempts, accountId }: Verification): Promise<void> {
  await room.updateState((state) =>
    state.with({
      context: {
        ...state.context,
        verification: { attempts, ...(accountId === undefined ? {} : { accountId }) },
        ...(accountId === undefined ? {} : { accountId, verified: true }),
      },
    }),
  )
}

/**
 * Lets a tool go on only for the account the caller is verified for. An agent's word for it is not enough.
 * @throws {ToolError} when the caller is not verified for the account
 */
export async function requireVerified({ room }: ToolContext, accountId: string): Promise<void> {
  const verification = await readVerification(room)
  if (verification.accountId === accountId) return
  throw new ToolError('The caller is not verified for this account. Hand over to intake to verify first.')
}
