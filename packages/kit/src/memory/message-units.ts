import type { ChatMessage } from '@parley/spec'

/** Messages that stay or leave together: a call of tools with its results, or one message. */
export function messageUnits(messages: readonly ChatMessage[]): ChatMessage[][] {
  const units: ChatMessage[][] = []
  for (const message of messages) {
    const open = units.at(-1)
    if (open !== undefined && belongsToOneBefore(message, open.at(-1))) open.push(message)
    else units.push([message])
  }
  return units
}

function belongsToOneBefore(message: ChatMessage, before: ChatMessage | undefined): boolean {
  return message.role === 'tool' && before?.role === 'assistant' && before.toolCalls !== undefined
}

/** The newest whole units that fit into a number of tokens; the last one always stays. */
export function newestWithin(
  messages: readonly ChatMessage[],
  budgetTokens: number,
  tokensOf: (message: ChatMessage) => number,
): ChatMessage[] {
  let from = messages.length
  let left = budgetTokens
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at]
    if (message === undefined) break
    left -= tokensOf(message)
    if (left < 0 && from < messages.length) break
    if (!belongsToOneBefore(message, messages[at - 1])) from = at
  }
  return messages.slice(from)
}
