import type { Fault } from './check-schema.ts'
import { compileActions } from './compile-actions.ts'
import { createCompileScope, type CompileScope } from './compile-scope.ts'
import type { CompiledIntent, CompiledRule, CompiledRules, CompiledSlot, CompiledTrigger } from './compiled-rules.ts'
import { defaultFallback } from './default-fallback.ts'
import { foldWords } from './fold-sentence.ts'
import { withImplicitSlots } from './implicit-slots.ts'
import { compilePattern, PatternFault, type Pattern, type PatternNames } from './pattern.ts'
import type { IntentRule, Rule, RulesDocument, RuleTrigger, SlotRule } from './rules-document.ts'

/**
 * Compiles a document whose form was checked. All faults of meaning are found at once: unknown slots, intents, groups,
 * results and lookups, and what cannot be read as a pattern, template or condition.
 */
export function compileRules(
  source: RulesDocument,
  lookups: readonly string[] | undefined,
): { rules: CompiledRules; faults: Fault[] } {
  const document = withImplicitSlots(source)
  const scope = createCompileScope(document)
  const groups = compileGroups(document)
  const names: PatternNames = { groups, slots: new Set(Object.keys(document.slots ?? {})) }
  const slots = compileSlots(document, groups, lookups, scope)
  const intents = Object.entries(document.intents ?? {}).map(([id, intent]) => compileIntent(id, intent, names, scope))
  const rules = document.rules.map((rule, index) => compileRule(rule, index, scope))
  const fallback = document.fallback
    ? compileActions(document.fallback, ['fallback'], scope)
    : compileActions(defaultFallback(document), ['fallback'], scope)
  return {
    rules: { agent: document.agent, slots, intents, rules, fallback, savesOf: scope.savesOf },
    faults: scope.faults,
  }
}

function compileGroups(document: RulesDocument): Map<string, string[][]> {
  const groups = new Map<string, string[][]>()
  for (const [name, phrases] of Object.entries(document.synonyms ?? {})) {
    const folded = [name.replaceAll('_', ' '), ...phrases].map(foldWords).filter((words) => words.length > 0)
    groups.set(name, folded)
  }
  return groups
}

function compileSlots(
  document: RulesDocument,
  groups: ReadonlyMap<string, readonly (readonly string[])[]>,
  lookups: readonly string[] | undefined,
  scope: CompileScope,
): Map<string, CompiledSlot> {
  const entries = Object.entries(document.slots ?? {})
  return new Map(
    entries.map(([id, slot]) => {
      const isShared = entries.some(([other, each]) => other !== id && isSameKind(each, slot))
      return [id, compileSlot(id, slot, isShared, groups, lookups, scope)]
    }),
  )
}

function isSameKind(a: SlotRule, b: SlotRule): boolean {
  if (a.type !== b.type || a.type === 'choice') return false
  return a.length === b.length && a.lookup === b.lookup
}

function compileSlot(
  id: string,
  slot: SlotRule,
  isShared: boolean,
  groups: ReadonlyMap<string, readonly (readonly string[])[]>,
  lookups: readonly string[] | undefined,
  scope: CompileScope,
): CompiledSlot {
  const path = ['slots', id]
  const { type, lookup } = slot
  if (type === 'choice' && slot.choices === undefined) scope.fault(path, 'the key "choices", for a slot of type choice')
  if (type === 'lookup' && lookup === undefined) scope.fault(path, 'the key "lookup", for a slot of type lookup')
  if (type === 'lookup' && lookup !== undefined && lookups && !lookups.includes(lookup)) {
    scope.fault([...path, 'lookup'], `one of the lookups given to the model (${lookups.join(', ') || 'none'})`)
  }
  if (slot.min !== undefined && slot.max !== undefined && slot.min > slot.max) {
    scope.fault([...path, 'max'], `at least min (${slot.min})`)
  }
  const prompt = scope.template(slot.prompt, [...path, 'prompt'], 'spoken')
  const choices = Array.isArray(slot.choices)
    ? slot.choices.map((choice) => [choice, []] as const)
    : Object.entries(slot.choices ?? {})
  return {
    id,
    type,
    prompt,
    reprompt: slot.reprompt === undefined ? prompt : scope.template(slot.reprompt, [...path, 'reprompt'], 'spoken'),
    retries: slot.retries ?? 2,
    choices: choices.map(([choice, phrases]) => ({
      id: choice,
      phrases: [
        foldWords(choice.replaceAll('_', ' ')),
        ...phrases.map(foldWords),
        ...(groups.get(choice) ?? []),
      ].filter((words) => words.length > 0),
    })),
    sensitive: slot.sensitive ?? false,
    names: [foldWords(id.replaceAll('_', ' ')), ...(groups.get(id) ?? [])],
    isShared,
    ...(slot.length === undefined ? {} : { length: slot.length }),
    ...(slot.min === undefined ? {} : { min: slot.min }),
    ...(slot.max === undefined ? {} : { max: slot.max }),
    ...(lookup === undefined ? {} : { lookup }),
  }
}

function compileIntent(id: string, intent: IntentRule, names: PatternNames, scope: CompileScope): CompiledIntent {
  const patterns = intent.patterns.flatMap((source, index): Pattern[] => {
    try {
      return [compilePattern(source, names)]
    } catch (error) {
      if (!(error instanceof PatternFault)) throw error
      scope.fault(['intents', id, 'patterns', index], error.message)
      return []
    }
  })
  return {
    id,
    patterns,
    priority: intent.priority ?? 0,
    set: intent.set ?? {},
    examples: intent.examples ?? [],
    ...(intent.phases === undefined ? {} : { phases: intent.phases }),
  }
}

function compileRule(rule: Rule, index: number, scope: CompileScope): CompiledRule {
  const path = ['rules', index]
  const need = rule.need ?? []
  need.forEach((slot, position) => scope.declaredSlot(slot, [...path, 'need', position]))
  return {
    need,
    actions: compileActions(rule.do, [...path, 'do'], scope),
    ...(rule.when === undefined ? {} : { when: compileTrigger(rule.when, [...path, 'when'], scope) }),
  }
}

function compileTrigger(when: RuleTrigger, path: (string | number)[], scope: CompileScope): CompiledTrigger {
  if (when.intent !== undefined) scope.intent(when.intent, [...path, 'intent'])
  if (when.after !== undefined) scope.result(when.after, [...path, 'after'])
  const slots = Array.isArray(when.slots)
    ? when.slots.map((slot) => ({ slot }))
    : Object.entries(when.slots ?? {}).map(([slot, value]) => ({ slot, value }))
  slots.forEach(({ slot }, index) => scope.slot(slot, [...path, 'slots', Array.isArray(when.slots) ? index : slot]))
  return {
    slots,
    ...(when.intent === undefined ? {} : { intent: when.intent }),
    ...(when.if === undefined ? {} : { condition: scope.condition(when.if, [...path, 'if']) }),
    ...(when.after === undefined ? {} : { after: when.after }),
    ...(when.opening === undefined ? {} : { opening: when.opening }),
  }
}
