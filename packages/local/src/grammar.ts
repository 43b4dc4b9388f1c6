import { ParleyError } from '@parley/spec'
import type { CompiledIntent, CompiledRules, CompiledSlot } from './compiled-rules.ts'
import { foldWords } from './fold-sentence.ts'
import type { Lookup } from './lookups.ts'
import { numberWords } from './number-words.ts'
import type { Pattern } from './pattern.ts'
import { dateWords } from './read-date.ts'
import { yesNoWords } from './read-slot.ts'

/** Which part of a document a grammar is for. */
export interface GrammarOptions {
  /** Only intents of this phase. @default all */
  phase?: string
  /** Only answers to the question for this slot. */
  slot?: string
}

/** What a recognizer should expect. */
export interface Grammar {
  /** A grammar in the Java Speech Grammar Format; `<utterance>` is what may be said. */
  jsgf: string
  /** All words of it, sorted. */
  words: string[]
}

type Lookups = Readonly<Record<string, Lookup>>

const digitWords = [
  'zero',
  'oh',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'double',
  'triple',
]
const always = ['agent', 'repeat']

/**
 * Builds the grammar of a phase or of one slot. Digits, yes and no, `agent` and `repeat` always belong to it, names of
 * lookups when the lookup answers at once.
 * @throws {ParleyError} `invalid_options` for a slot that is not declared
 */
export function buildGrammar(rules: CompiledRules, { phase, slot }: GrammarOptions, lookups: Lookups): Grammar {
  const bodies = slot === undefined ? phaseBodies(rules, phase, lookups) : slotBodies(slotOf(rules, slot), lookups)
  const definitions = new Map<string, string>([
    ['digit', digitWords.join(' | ')],
    ['digits', '<digit> +'],
    ['yesno', yesNoWords.join(' | ')],
    ['number', numberWords.join(' | ')],
    ['date', [...dateWords, ...numberWords].join(' | ')],
  ])
  const branches = ['<digits>', '<yesno>', ...always]
  for (const [name, body] of bodies) {
    definitions.set(name, body)
    branches.push(`<${name}>`)
  }
  const lines = [...definitions].map(([name, body]) => `<${name}> = ${body};`)
  const jsgf = ['#JSGF V1.0;', 'grammar parley;', `public <utterance> = ${branches.join(' | ')};`, ...lines].join('\n')
  const words = new Set(
    [...definitions.values(), always.join(' ')].flatMap(
      (body) => body.replace(/<[^>]*>/gu, ' ').match(/[\p{L}\p{N}$]+/gu) ?? [],
    ),
  )
  return { jsgf: `${jsgf}\n`, words: [...words].toSorted() }
}

function slotOf(rules: CompiledRules, id: string): CompiledSlot {
  const slot = rules.slots.get(id)
  if (slot) return slot
  throw new ParleyError({
    code: 'invalid_options',
    message: `The rules of "${rules.agent}" have no slot "${id}".`,
    details: { path: 'slot', expected: [...rules.slots.keys()].join(', ') },
  })
}

function phaseBodies(rules: CompiledRules, phase: string | undefined, lookups: Lookups): [string, string][] {
  const bodies = new Map<string, string>()
  const intents = rules.intents.filter(
    (intent) => phase === undefined || !intent.phases || intent.phases.includes(phase),
  )
  for (const intent of intents) bodies.set(`intent_${ruleName(intent.id)}`, intentBody(intent, rules, lookups))
  for (const slot of rules.slots.values()) for (const [name, body] of slotBodies(slot, lookups)) bodies.set(name, body)
  const menus = rules.fallback.flatMap((action) => (action.kind === 'menu' ? action.entries : []))
  if (menus.length > 0) bodies.set('menu', menus.map(({ words }) => words.join(' ')).join(' | '))
  return [...bodies].filter(([, body]) => body !== '')
}

function slotBodies(slot: CompiledSlot, lookups: Lookups): [string, string][] {
  const body = slotBody(slot, lookups)
  return body === '' ? [] : [[`slot_${ruleName(slot.id)}`, body]]
}

function slotBody(slot: CompiledSlot, lookups: Lookups): string {
  if (slot.type === 'number') return '<number> +'
  if (slot.type === 'amount') return '<number> + [(dollars | dollar | cents | cent) [<number> + [cents]]]'
  if (slot.type === 'date') return '<date> +'
  if (slot.type === 'choice')
    return alternatives(slot.choices.flatMap(({ phrases }) => phrases.map((phrase) => phrase.join(' '))))
  if (slot.type === 'lookup') return alternatives(namesOf(slot, lookups))
  return ''
}

/** Names are only known ahead when the lookup gives all of them for an empty text, at once. */
function namesOf({ lookup }: CompiledSlot, lookups: Lookups): string[] {
  const ask = lookup === undefined ? undefined : lookups[lookup]
  const entries = ask?.({ text: '', signal: new AbortController().signal })
  if (!Array.isArray(entries)) return []
  return entries.flatMap(({ names }) => names.map((name) => foldWords(name).join(' ')))
}

function intentBody({ patterns }: CompiledIntent, rules: CompiledRules, lookups: Lookups): string {
  return alternatives(patterns.map((pattern) => patternBody(pattern, rules, lookups)))
}

/** A pattern's steps as JSGF; a gap is left out, because a grammar cannot take any word. */
function patternBody({ steps }: Pattern, rules: CompiledRules, lookups: Lookups): string {
  const write = (from: number, to: number): string => {
    const parts: string[] = []
    let at = from
    while (at < to) {
      const step = steps[at]
      if (!step || step.op === 'end') break
      if (step.op === 'word') parts.push(step.word)
      if (step.op === 'slot') parts.push(slotReference(step.slot, rules, lookups))
      if (step.op !== 'split') {
        at += 1
        continue
      }
      const ends = [...step.targets.slice(1), endOf(steps, step.targets.at(-1) ?? at)]
      const branches = step.targets.map((target, index) => write(target, (ends[index] ?? to) - 1))
      const words = branches.filter((branch) => branch !== '')
      if (words.length > 0)
        parts.push(words.length < branches.length ? `[${words.join(' | ')}]` : `(${words.join(' | ')})`)
      at = ends.at(-1) ?? to
    }
    return parts.join(' ')
  }
  return write(0, steps.length)
}

/** Where a choice goes on after its last branch, whose first own-level jump says so. */
function endOf(steps: Pattern['steps'], lastTarget: number): number {
  let at = lastTarget
  for (;;) {
    const step = steps[at]
    if (!step) return steps.length
    if (step.op === 'jump') return step.to
    at = step.op === 'split' ? endOf(steps, step.targets.at(-1) ?? at) : at + 1
  }
}

function slotReference(id: string, rules: CompiledRules, lookups: Lookups): string {
  const slot = rules.slots.get(id)
  if (!slot || slot.type === 'text') return ''
  if (slot.type === 'digits') return '<digits>'
  if (slot.type === 'yesno') return '<yesno>'
  return slotBody(slot, lookups) === '' ? '' : `<slot_${ruleName(id)}>`
}

function alternatives(list: readonly string[]): string {
  return [...new Set(list.filter((entry) => entry !== ''))].join(' | ')
}

function ruleName(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_]/gu, '_')
}
