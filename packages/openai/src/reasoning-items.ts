import type { Json } from '@parley/spec'

/** A reasoning item of a former answer and how many tool calls of that answer came before it. */
export interface ReasoningItem {
  before: number
  item: { [key: string]: Json }
}

/** Packs reasoning items as the opaque value that callers put on the assistant message. */
export function packReasoning(items: readonly ReasoningItem[]): Json | undefined {
  if (items.length === 0) return undefined
  return { vendor: 'openai', items: items.map(({ before, item }) => ({ before, item })) }
}

/** Unpacks what `packReasoning` made; anything else, such as another vendor's value, gives none. */
export function unpackReasoning(value: Json | undefined): ReasoningItem[] {
  if (!isObject(value) || value['vendor'] !== 'openai' || !Array.isArray(value['items'])) return []
  return value['items'].flatMap((entry) => {
    if (!isObject(entry)) return []
    const { before, item } = entry
    return typeof before === 'number' && isObject(item) && item['type'] === 'reasoning' ? [{ before, item }] : []
  })
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
