import { matchesGlob, type ToolPolicy } from '@parley/spec'

/** A tool under the names it may be called by: its name and its address. */
export interface PolicySubject {
  name: string
  uri?: string | undefined
}

/** Whether a policy lets a tool be called, by someone of this role. `deny` wins; no `allow` allows all, `[]` none. */
export function isToolAllowed(policy: ToolPolicy | undefined, subject: PolicySubject, role?: string): boolean {
  if (policy === undefined) return true
  const names = subject.uri === undefined ? [subject.name] : [subject.name, subject.uri]
  const ofRole = role === undefined ? undefined : policy.roles?.[role]
  if (ofRole?.mode === 'replace') return passes(ofRole, names)
  return passes(policy, names) && (ofRole === undefined || passes(ofRole, names))
}

function passes(rule: { allow?: string[]; deny?: string[] }, names: readonly string[]): boolean {
  if (names.some((name) => matchesGlob(rule.deny ?? [], name))) return false
  return rule.allow === undefined || names.some((name) => matchesGlob(rule.allow ?? [], name))
}
