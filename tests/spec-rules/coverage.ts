import { groups, type Group, type Rule } from './rules.ts'
import type { NamedTest } from './test-titles.ts'

/** The packages a group of DESIGN.md consists of; the group is there when all of them are. */
const packagesOfGroup: Readonly<Record<Group, readonly string[]>> = {
  voice: ['audio', 'voice'],
  mcp: ['mcp'],
  scale: ['redis', 'dbos'],
  vendors: ['openai', 'google', 'elevenlabs', 'ai-sdk'],
  platform: ['postgres', 'server', 'client', 'rag'],
}

/** Groups whose packages all exist. */
export function presentGroups(packages: ReadonlySet<string>): Set<Group> {
  return new Set(groups.filter((group) => packagesOfGroup[group].every((name) => packages.has(name))))
}

/**
 * The pages name their rules independently, so `P-1` is a rule of two of them. Where an id is on several pages, a
 * test counts for the page whose packages it lies in.
 */
const packagesOfPage: Readonly<Record<string, RegExp>> = {
  'platform.md': /^packages\/(kit|postgres|rag|server|client|mcp|otel)\//,
  'voice.md': /^packages\/(audio|voice|local|livekit)\//,
  'workflows.md': /^packages\/(workflow|dbos)\//,
}

/** A rule with the tests that name it. */
export interface RuleCoverage {
  readonly rule: Rule
  readonly tests: readonly NamedTest[]
  /** `named`: a test names it. `missing`: it is due and none does. `waiting`: a group it needs is not there yet. */
  readonly status: 'named' | 'missing' | 'waiting'
}

/** Joins rules with the tests that name them. */
export function coverRules(
  rules: readonly Rule[],
  tests: readonly NamedTest[],
  present: ReadonlySet<Group>,
): RuleCoverage[] {
  const pagesOfId = Map.groupBy(rules, ({ id }) => id)
  return rules.map((rule) => {
    const isShared = (pagesOfId.get(rule.id)?.length ?? 0) > 1
    const named = tests.filter(
      (test) => test.rules.includes(rule.id) && (!isShared || packagesOfPage[rule.page]?.test(test.path) === true),
    )
    const isWaiting = rule.needs.some((group) => !present.has(group))
    return { rule, tests: named, status: named.length > 0 ? 'named' : isWaiting ? 'waiting' : 'missing' }
  })
}

/** Titles that name a rule which no page has: a slip of the pen that would otherwise look like proof. */
export function unknownRules(rules: readonly Rule[], tests: readonly NamedTest[]): { id: string; test: NamedTest }[] {
  const known = new Set(rules.map(({ id }) => id))
  return tests.flatMap((test) => test.rules.filter((id) => !known.has(id)).map((id) => ({ id, test })))
}
