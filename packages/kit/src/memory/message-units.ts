import type { ChatMessage } from '@parley/spec'

/** Messages that stay or leave together: a call of tools with its results, or one message. */
export function messageUnits(messages: readonly ChatMessage[]): ChatMessage[][] {
  const units: ChatMessage[][] = []
  for (const message of messages) {
    const open = units.at(-1)
    const last = open?.at(-1)
    const belongs = message.role === 'tool' && last?.role === 'assistant' && last.toolCalls !== undefined
    if (belongs && open !== undefined) open.push(message)
    else units.push([message])
  }
  return units
}

/** The newest whole units that fit into a number of tokens; the last one always stays. */
export function newestWithin(
  messages: readonly ChatMessage[],
  budgetTokens: number,
  tokensOf: (message: ChatMessage) => number,
): ChatMessage[] {
  const units = messageUnits(messages)
  const kept: ChatMessage[][] = []
  let left = budgetTokens
  for (const unit of units.reverse()) {
    left -= unit.reduce((sum, message) => sum + tokensOf(message), 0)
    if (left < 0 && kept.length > 0) break
    kept.push(unit)
  }
  return kept.reverse().flat()
}
