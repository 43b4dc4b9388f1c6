import type { WrittenCalls } from '@parley/kit'
import { createHiddenTextFilter } from './hidden-text.ts'

/** Parts the text of a model into what people may read and the calls of tools it wrote instead of making them (S-2). */
export function readWrittenCalls(text: string): WrittenCalls {
  const filter = createHiddenTextFilter({ toolCallText: true, reasoning: false })
  const parts = [...filter.push(text), ...filter.end()]
  return {
    text: parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    calls: parts.flatMap((part) => (part.type === 'toolCall' ? [part.toolCall] : [])),
  }
}
