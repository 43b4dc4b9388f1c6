import type { CompiledAction, CompiledRules } from './compiled-rules.ts'
import { lastResort } from './dialogue.ts'
import { menuText } from './ask-person.ts'
import type { Template } from './template.ts'

/** The fixed texts by which the fallback of a document can be recognized in what was said. */
export function ladderTexts(rules: CompiledRules): string[] {
  const texts = rules.fallback.map((action) => spokenText(action, rules)).filter((text) => text !== '')
  return [...texts, lastResort]
}

/** The longest fixed text that an action speaks; empty when it speaks none. */
export function spokenText(action: CompiledAction, { slots }: CompiledRules): string {
  if (action.kind === 'reply' || action.kind === 'confirm') return longestFixed(action.text)
  if (action.kind === 'menu') return menuText(action.entries)
  const prompt = action.kind === 'ask' ? slots.get(action.slot)?.prompt : undefined
  return prompt ? longestFixed(prompt) : ''
}

function longestFixed({ segments }: Template): string {
  const fixed = segments.flatMap((segment) => (typeof segment === 'string' ? [segment.trim()] : []))
  return fixed.toSorted((a, b) => b.length - a.length)[0] ?? ''
}
