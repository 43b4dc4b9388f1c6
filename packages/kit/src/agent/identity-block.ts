/** Who an agent is, as its prompt says it. */
export interface AgentIdentity {
  role?: string | undefined
  description?: string | undefined
  scope?: string | undefined
  language?: string | undefined
}

/** The block that ends an agent's system prompt; null when it would have no line. An empty string counts as set. */
export function buildIdentityBlock({ role, description, scope, language }: AgentIdentity): string | null {
  const lines: string[] = []
  if (role !== undefined) lines.push(`Role: ${role}`)
  if (description !== undefined) lines.push(`Description: ${description}`)
  if (scope !== undefined) lines.push(`Scope: ${scope}`)
  if (language) lines.push(`Language: Always respond in ${language}`)
  return lines.length === 0 ? null : ['--- Agent Identity ---', ...lines].join('\n')
}
