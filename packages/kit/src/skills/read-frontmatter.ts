/** What the head of a skill says. */
export interface Frontmatter {
  name: string
  description: string
  tools: string[]
  body: string
}

/** A frontmatter, or every fault of it. */
export type FrontmatterResult = { ok: true; value: Frontmatter } | { ok: false; faults: string[] }

/**
 * Reads the head of a `SKILL.md`: `name`, `description` and `tools` (a list in brackets or of dashes), one per line.
 * It is not YAML: anything else is a fault, rather than read in some way that was not meant.
 */
export function readFrontmatter(text: string): FrontmatterResult {
  const match = /^---\r?\n([\s\S]*?)\r?\n---\r?\n?([\s\S]*)$/.exec(text.replace(/^\uFEFF/, ''))
  if (match === null) return { ok: false, faults: ['it does not begin with a head between two lines of ---'] }
  const [, head = '', body = ''] = match
  const faults: string[] = []
  const found: { name?: string; description?: string; tools?: string[] } = {}
  let isInTools = false
  for (const [index, line] of head.split(/\r?\n/).entries()) {
    const place = `line ${index + 2}`
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const item = /^\s+-\s+(.+)$/.exec(line) ?? (isInTools ? /^-\s+(.+)$/.exec(line) : null)
    if (item !== null && isInTools) {
      found.tools?.push(unquoted(item[1] ?? ''))
      continue
    }
    const [, key, value = ''] = /^([a-zA-Z_-]+):\s*(.*)$/.exec(line) ?? []
    isInTools = false
    if (key !== 'name' && key !== 'description' && key !== 'tools') {
      faults.push(key === undefined ? `${place} is no "key: value"` : `${place} has the unknown key "${key}"`)
    } else if (found[key] !== undefined) {
      faults.push(`${place} repeats "${key}"`)
    } else if (key === 'tools') {
      const list = readList(value)
      if (list === undefined) faults.push(`${place}: tools is a list such as [one, other]`)
      found.tools = list ?? []
      isInTools = value === ''
    } else if (/^[|>&*!{[]/.test(value)) {
      faults.push(`${place}: "${key}" must be text on one line`)
    } else {
      found[key] = unquoted(value)
    }
  }
  const { name = '', description = '', tools = [] } = found
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name)) faults.push('name must be 1 to 64 lower-case letters, digits, - or _')
  if (description === '' || description.length > 1_024) faults.push('description must have 1 to 1 024 characters')
  if (body.trim() === '') faults.push('there is nothing after the head')
  return faults.length > 0
    ? { ok: false, faults }
    : { ok: true, value: { name, description, tools, body: body.trim() } }
}

function readList(value: string): string[] | undefined {
  if (value === '') return []
  const [, inner] = /^\[(.*)\]$/.exec(value.trim()) ?? []
  return inner?.split(',').flatMap((item) => unquoted(item) || [])
}

function unquoted(value: string): string {
  const text = value.trim()
  const [, , inner] = /^(["'])(.*)\1$/.exec(text) ?? []
  return inner ?? text
}
