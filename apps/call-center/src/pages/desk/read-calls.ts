import type { Client } from '@parley/client'
import { ParleyError, type LiveCallInfo } from '@parley/spec'

/** The live calls; none on a server without voice, which has no address to ask for them. */
export async function readCalls(
  { calls }: { calls: Pick<Client['calls'], 'list'> },
  signal: AbortSignal,
): Promise<LiveCallInfo[]> {
  try {
    return await calls.list({ signal })
  } catch (error) {
    if (ParleyError.isInstance(error) && error.code === 'not_found') return []
    throw error
  }
}
