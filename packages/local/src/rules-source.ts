import { readFileSync, statSync } from 'node:fs'
import { ParleyError, toParleyError } from '@parley/spec'
import type { CompiledRules } from './compiled-rules.ts'
import { parseRules } from './parse-rules.ts'
import type { RulesDocument } from './rules-document.ts'

/** Gives the rules in force; a file that changed is read again first. */
export type RulesSource = () => CompiledRules

/**
 * Opens rules from an object, YAML text or the path of a `.yaml` or `.yml` file. A changed file that is faulty or gone
 * leaves the former rules in force and is told to `onError` once per change.
 * @throws {ParleyError} `rules_invalid` when the first reading fails
 */
export function openRules(
  rules: string | RulesDocument,
  lookups: readonly string[] | undefined,
  onError: (error: ParleyError) => void,
): RulesSource {
  if (!isRulesPath(rules)) {
    const compiled = parseRules(rules, lookups)
    return () => compiled
  }
  let mark = fileMark(rules)
  let current = readRules(rules, lookups)
  return () => {
    const found = fileMark(rules)
    if (found === mark) return current
    mark = found
    try {
      current = readRules(rules, lookups)
    } catch (error) {
      onError(toParleyError(error, { code: 'rules_invalid', message: 'The changed rules file cannot be read.' }))
    }
    return current
  }
}

function isRulesPath(rules: string | RulesDocument): rules is string {
  return typeof rules === 'string' && !rules.includes('\n') && /\.ya?ml$/u.test(rules.trim())
}

function fileMark(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats ? `${stats.mtimeMs} ${stats.size}` : 'gone'
}

function readRules(path: string, lookups: readonly string[] | undefined): CompiledRules {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ParleyError({
      code: 'rules_invalid',
      message: 'The rules file cannot be read. Check that it exists and may be read.',
      details: { faults: [{ path: '', expected: 'a file that can be read' }] },
      cause,
    })
  }
  return parseRules(text, lookups)
}
