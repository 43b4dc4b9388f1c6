import { parseTemplate } from '@parley/spec'
import { dataRoots } from '../definition/step-references.ts'

/**
 * Writes the short form of prompt steps out: `{{goal}}` is `{{input.goal}}`. A template that cannot be parsed stays as it
 * is, for the check to tell what is wrong with it.
 */
export function qualifyTemplate(source: string): string {
  const parsed = parseTemplate(source, { style: 'mustache' })
  if (!parsed.ok) return source
  const parts = parsed.template.parts.map((part) => {
    if (typeof part === 'string') return part
    const [name] = part.path
    if (name === undefined || part.path.length > 1 || dataRoots.includes(name)) return part.text
    const fallback = part.fallback === undefined ? '' : ` ?? ${JSON.stringify(part.fallback)}`
    return `{{input.${name}${fallback}}}`
  })
  return parts.join('')
}
