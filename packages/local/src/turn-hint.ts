import type { TurnHint } from '@parley/spec'
import type { CompiledRules, CompiledSlot } from './compiled-rules.ts'
import type { SlotType } from './rules-document.ts'
import type { Template } from './template.ts'

const expected: Readonly<Record<SlotType, TurnHint['expect']>> = {
  digits: 'digits',
  number: 'digits',
  amount: 'free',
  date: 'date',
  yesno: 'yesNo',
  choice: 'free',
  lookup: 'name',
  text: 'free',
}

/** The slot that a line of the agent asks for: the one whose question the line ends with. */
export function askedSlot(rules: CompiledRules, line: string): CompiledSlot | undefined {
  const said = line.trim()
  return [...rules.slots.values()].find(({ prompt, reprompt }) => endsWith(said, prompt) || endsWith(said, reprompt))
}

/** What kind of answer a slot takes. */
export function hintOfSlot({ type, length }: CompiledSlot): Pick<TurnHint, 'expect' | 'minLength' | 'maxLength'> {
  const expect = expected[type]
  return length === undefined || expect !== 'digits' ? { expect } : { expect, minLength: length, maxLength: length }
}

/** Whether a line ends as a template does: with its text after the last value it fills in. */
function endsWith(line: string, { segments }: Template): boolean {
  const last = segments.at(-1)
  return typeof last === 'string' && last.trim() !== '' && line.endsWith(last.trim())
}
