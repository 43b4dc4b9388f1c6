import type { CompiledIntent, CompiledRules } from './compiled-rules.ts'

/** What a rules document understands. */
export interface RulesDescription {
  intents: { id: string; examples: string[] }[]
}

/** Describes the intents by their examples, or by what their patterns stand for where they have none. */
export function describeRules({ intents }: CompiledRules): RulesDescription {
  return { intents: intents.map((intent) => ({ id: intent.id, examples: examplesOf(intent) })) }
}

function examplesOf({ examples, patterns }: CompiledIntent): string[] {
  return examples.length > 0 ? [...examples] : patterns.slice(0, 3).map(({ source }) => sketch(source))
}

/** A pattern as a person would write it down: gaps as dots, options left out, the first of several words. */
function sketch(source: string): string {
  let text = source
  for (let before = ''; before !== text;) {
    before = text
    text = text.replace(/\[[^[\]()]*\]/gu, ' ').replace(/\(([^[\]()|]*)(?:\|[^[\]()]*)?\)/gu, ' $1 ')
  }
  return text
    .replace(/\*/gu, ' ... ')
    .replace(/[<{]\s*([^>}]*?)\s*[>}]/gu, (_, name: string) => ` ${name.replaceAll('_', ' ')} `)
    .replace(/\s+/gu, ' ')
    .trim()
}
