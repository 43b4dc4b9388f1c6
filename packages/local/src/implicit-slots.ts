import type { RulesDocument, SlotRule, SlotType } from './rules-document.ts'

const prompts: Partial<Record<SlotType, string>> = {
  digits: 'What is the number?',
  number: 'How many?',
  date: 'Which day?',
  amount: 'How much?',
  yesno: 'Yes or no?',
  text: 'What is it?',
}

/** Adds a slot for each type that a pattern names without a declaration: `{amount}` alone fills `slots.amount`. */
export function withImplicitSlots(document: RulesDocument): RulesDocument {
  const patterns = Object.values(document.intents ?? {}).flatMap((intent) => intent.patterns)
  const named = new Set(
    patterns.flatMap((pattern) => [...pattern.matchAll(/\{\s*(\w+)\s*\}/gu)].map(([, name]) => name)),
  )
  const slots: Record<string, SlotRule> = { ...document.slots }
  for (const [type, prompt] of Object.entries(prompts)) {
    // The keys of `prompts` are slot types.
    if (named.has(type) && !Object.hasOwn(slots, type)) slots[type] = { type: type as SlotType, prompt }
  }
  return { ...document, slots }
}
