import type { ChatRequest } from './chat-model.ts'
import type { IdSource } from './world.ts'

/** Gives every tool call of an answer an id that no other call of the conversation has. */
export interface CallIds {
  /** The vendor's own id when it is usable, else a new one. */
  take(vendorId: string | null | undefined): string
}

/** Call ids for one answer: those already used in the request are taken. */
export function createCallIds(request: ChatRequest, ids: IdSource): CallIds {
  const used = new Set<string>()
  for (const message of request.messages) {
    if (message.role === 'assistant') for (const call of message.toolCalls ?? []) used.add(call.callId)
  }
  return {
    take(vendorId) {
      const callId = vendorId && !used.has(vendorId) ? vendorId : ids.next('call')
      used.add(callId)
      return callId
    },
  }
}
