import { isUnderstood, learn } from './choose-rule.ts'
import type { CompiledMenuEntry, CompiledSlot } from './compiled-rules.ts'
import { fillSlot } from './dialogue-memory.ts'
import {
  nextTurn,
  say,
  speak,
  unheard,
  type Dialogue,
  type DialogueScope,
  type Flow,
  type TurnInput,
} from './dialogue-step.ts'
import type { LookupEntry } from './lookups.ts'
import { readAnswer, readPlace, readYesNo } from './read-slot.ts'
import type { Template } from './template.ts'

const MAX_CONFIRM_ASKS = 2

/** Asks for a slot until it is filled, its retries are used up or the person goes on to something else. */
export function* askSlot(slot: CompiledSlot, scope: DialogueScope): Dialogue<Flow> {
  const { memory } = scope
  for (let attempt = 0; attempt <= slot.retries; attempt += 1) {
    const several = memory.candidates.get(slot.id)
    if (several) yield* speak(whichOne(several), memory)
    else {
      const asked = yield* say(attempt === 0 ? slot.prompt : slot.reprompt, scope)
      if (asked.kind !== 'done') return asked
    }
    const input = yield* hearAnswer(scope, slot)
    if ('flow' in input) return input.flow
    for (const { sentence } of input.lines.toReversed()) {
      const reading = readAnswer(slot, sentence, several)
      if (reading.kind === 'value') {
        fillSlot(memory, slot, reading.value)
        memory.misses = 0
        return { kind: 'done', wasAsked: true }
      }
      if (reading.kind === 'several') memory.candidates.set(slot.id, reading.entries)
    }
    if (isUnderstood(scope, input)) return { kind: 'redirect', input }
    if (!several && memory.candidates.has(slot.id)) attempt -= 1
  }
  memory.candidates.delete(slot.id)
  return unheard
}

function whichOne(entries: readonly LookupEntry[]): string {
  const names = entries.slice(0, 5).map(({ id, names: [first] }) => first ?? id)
  const last = names.pop() ?? ''
  return `Which one: ${names.join(', ')} or ${last}?`
}

/** Waits for the answer to a question; outcomes are told meanwhile, a wish to hear it again is met. */
function* hearAnswer(scope: DialogueScope, slot?: CompiledSlot): Dialogue<TurnInput | { flow: Flow }> {
  for (;;) {
    const input = yield* nextTurn(scope.memory)
    learn(scope, input, slot)
    const hasLines = input.lines.some(({ isOverheard }) => !isOverheard)
    if (input.isOpening) return { flow: { kind: 'redirect', input } }
    if (!hasLines) {
      const flow = yield* scope.answer(input)
      if (flow.kind !== 'done' && flow.kind !== 'end') return { flow }
    } else if (slot?.type !== 'text' && input.lastSaid !== '' && asksToRepeat(input)) {
      yield* speak(input.lastSaid, scope.memory)
    } else return input
  }
}

/** Asks for yes or no. */
export function* askYesNo(text: Template, scope: DialogueScope): Dialogue<{ isYes: boolean } | { flow: Flow }> {
  for (let asked = 0; asked < MAX_CONFIRM_ASKS; asked += 1) {
    const said = yield* say(text, scope)
    if (said.kind !== 'done') return { flow: said }
    const input = yield* hearAnswer(scope)
    if ('flow' in input) return input
    const isYes = readYesNo(input.lines.at(-1)?.sentence.words ?? [])
    if (isYes === undefined && isUnderstood(scope, input)) return { flow: { kind: 'redirect', input } }
    if (isYes === undefined) continue
    scope.memory.misses = 0
    return { isYes }
  }
  return { flow: unheard }
}

/** Offers a menu; the answer goes on as the chosen intent. */
export function* offerMenu(entries: readonly CompiledMenuEntry[], scope: DialogueScope): Dialogue<Flow> {
  yield* speak(menuText(entries), scope.memory)
  const input = yield* hearAnswer(scope)
  if ('flow' in input) return input.flow
  const words = input.lines.at(-1)?.sentence.words ?? []
  const chosen = chooseEntry(entries, words)
  if (chosen) return { kind: 'redirect', input: { ...input, chosen: chosen.intent } }
  return isUnderstood(scope, input) ? { kind: 'redirect', input } : unheard
}

/** How a menu is spoken. */
export function menuText(entries: readonly CompiledMenuEntry[]): string {
  const parts = entries.map(({ say: phrase, key }) => `say ${phrase}, or press ${key}`)
  return `You can ${parts.join('; ')}.`
}

function chooseEntry(entries: readonly CompiledMenuEntry[], words: readonly string[]): CompiledMenuEntry | undefined {
  const joined = ` ${words.join(' ')} `
  const named = entries.filter((entry) => entry.words.length > 0 && joined.includes(` ${entry.words.join(' ')} `))
  const longest = named.toSorted((a, b) => b.words.length - a.words.length)[0]
  if (longest) return longest
  const place = words.length <= 3 ? readPlace(words) : undefined
  return place === undefined ? undefined : entries.find(({ key }) => key === String(place))
}

/** Whether the person wants to hear the last words again. */
const repeatWishes = new Set([
  'repeat',
  'repeat that',
  'repeat please',
  'please repeat',
  'repeat it',
  'say that again',
  'say it again',
  'pardon',
  'come again',
  'what did you say',
  'can you repeat that',
  'could you repeat that',
])

/** Whether the person wants to hear the last words again. */
export function asksToRepeat({ lines }: TurnInput): boolean {
  return repeatWishes.has(lines.at(-1)?.sentence.words.join(' ') ?? '')
}
