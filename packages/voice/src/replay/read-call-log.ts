import type { Kit } from '@parley/kit'
import type { Json, RoomId } from '@parley/spec'
import type { CallLog } from './call-log.ts'
import { parseCallLog } from './stored-log.ts'

/** Receipts that hold a stored log, in parts. */
export const CALL_LOG_KIND = 'voice.callLog'

/** Records read at a time. */
const PAGE = 200

/** A part of a stored log, as its receipt has it. */
export interface CallLogPart {
  callId: string
  /** From 0. */
  part: number
  parts: number
  text: string
}

/**
 * The log of a call that is over, as it was stored with its room: replay it with `replayCall`. `null` while the call
 * runs, where logs are not kept (`callLog: 'off'`), and where a part of it is missing.
 * @throws {ParleyError} `content_invalid`, `store_unavailable`
 */
export async function readCallLog(kit: Kit, roomId: RoomId, callId: string): Promise<CallLog | null> {
  const found = new Map<number, CallLogPart>()
  let after: string | undefined
  do {
    const { items, next } = await kit.store.receipts.list({
      roomId,
      kind: CALL_LOG_KIND,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    })
    for (const { data } of items) {
      const part = partOf(data)
      if (part?.callId === callId) found.set(part.part, part)
    }
    after = next
  } while (after !== undefined)
  const [one] = found.values()
  if (one === undefined || found.size < one.parts) return null
  return parseCallLog(Array.from({ length: one.parts }, (_, part) => found.get(part)?.text ?? '').join(''))
}

function partOf(data: Json): CallLogPart | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined
  const { callId, part, parts, text } = data
  if (typeof callId !== 'string' || typeof part !== 'number' || typeof parts !== 'number' || typeof text !== 'string')
    return undefined
  return { callId, part, parts, text }
}
