import type { CompiledAction, CompiledRules } from './compiled-rules.ts'
import { lastResort } from './dialogue.ts'
import { menuText } from './ask-person.ts'
import type { Template } from './template.ts'

/** The fixed texts by which the fallback of a document can be recognized in what was said. */
export function ladderTexts({ fallback, slots }: CompiledRules): string[] {
  const texts = fallback.flatMap((action) => {
    const text = textOf(action, (slot) => slots.get(slot)?.prompt)
    return text === '' ? [] : [text]
  })
  return [...texts, lastResort]
}

function textOf(action: CompiledAction, promptOf: (slot: string) => Template | undefined): string {
  if (action.kind === 'reply' || action.kind === 'confirm') return longestFixed(action.text)
  if (action.kind === 'menu') return menuText(action.entries)
  const prompt = action.kind === 'ask' ? promptOf(action.slot) : undefined
  return prompt ? longestFixed(prompt) : ''
}

function longestFixed({ segments }: Template): string {
  const fixed = segments.flatMap((segment) => (typeof segment === 'string' ? [segment.trim()] : []))
  return fixed.toSorted((a, b) => b.length - a.length)[0] ?? ''
}
