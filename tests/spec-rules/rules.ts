/** What a rule may wait for: see the head of docs/spec/rooms.md. */
export const groups = ['voice', 'mcp', 'scale', 'vendors', 'platform'] as const
export type Group = (typeof groups)[number]

/** One numbered requirement of a page of docs/spec. */
export interface Rule {
  readonly id: string
  readonly page: string
  readonly line: number
  /** Groups that must exist before the rule as a whole is due; a mark that holds for a part only is not listed. */
  readonly needs: readonly Group[]
}

const ruleId = /^([A-Z]{1,3}-?\d+[a-z]?)(?=\s|$)/
const listed = /^- \*\*([A-Z]{1,3}-?\d+[a-z]?)\*\* /
const mark = /`needs: ([^`]+)`((?:\s*(?:,|and)\s*`[a-z]+`)*)\s*(\([^)]*\))?/g

/**
 * Reads the numbered rules of one page. A rule is a table cell that begins with an id (`| RM-1 | ...`, or
 * `| retry | ... | RS-1 ... |`), or an entry of a list that does (`- **F-1** ...`); text in code fences holds none.
 */
export function parseRules(page: string, markdown: string): Rule[] {
  const rules: Rule[] = []
  let isCode = false
  for (const [index, line] of markdown.split('\n').entries()) {
    if (line.startsWith('```')) isCode = !isCode
    if (isCode) continue
    const entry = listed.exec(line)?.[1]
    if (entry !== undefined) rules.push({ id: entry, page, line: index + 1, needs: marksOf(line) })
    if (!line.startsWith('|')) continue
    for (const cell of line.split(/(?<!\\)\|/).slice(1, -1)) {
      const id = ruleId.exec(cell.trim())?.[1]
      if (id !== undefined) rules.push({ id, page, line: index + 1, needs: marksOf(line) })
    }
  }
  return rules
}

function marksOf(line: string): Group[] {
  const found = new Set<Group>()
  for (const [, first = '', others = '', part] of line.matchAll(mark)) {
    const names = [first, ...Array.from(others.matchAll(/`([a-z]+)`/g), (match) => match[1] ?? '')]
    for (const name of names.flatMap((text) => text.split(/[,\s]+/)).filter((text) => text !== '')) {
      const group = groups.find((known) => known === name)
      if (group === undefined) throw new Error(`A rule needs '${name}', which is none of ${groups.join(', ')}: ${line}`)
      if (part === undefined) found.add(group)
    }
  }
  return [...found]
}
