import { ParleyError } from '@parley/spec'
import { z } from 'zod'
import type { HelpPassage } from './help-search.ts'

/** A help article. */
export interface Article {
  id: string
  title: string
  topic: string
  updated: string
  passages: HelpPassage[]
}

const frontmatterSchema = z.strictObject({
  title: z.string().min(1),
  topic: z.string().min(1),
  updated: z.iso.date(),
})

/**
 * Reads an article: frontmatter, then one passage per heading.
 * @throws {ParleyError} `config_invalid` naming the article when its head or its passages are missing
 */
export function readArticle(id: string, source: string): Article {
  const [, head = '', body = ''] = /^---\n(.*?)\n---\n(.*)$/s.exec(source.replaceAll('\r\n', '\n')) ?? []
  const fields = Object.fromEntries(head.split('\n').map((line) => splitAt(line, ':')))
  const parsed = frontmatterSchema.safeParse(fields)
  const sections = body.split(/^## /m).slice(1)
  if (!parsed.success || sections.length === 0) {
    throw new ParleyError({
      code: 'config_invalid',
      message: `The article "${id}" needs title, topic and updated (YYYY-MM-DD) at its head, and a "## " heading. Add what is missing.`,
      details: { article: id },
    })
  }
  const { title, topic, updated } = parsed.data
  const passages = sections.map((section, index): HelpPassage => {
    const [heading, text] = splitAt(section, '\n')
    return { sourceId: `${id}#${index + 1}`, title, heading, text: text.replaceAll(/\s+/g, ' '), updated }
  })
  return { id, title, topic, updated, passages }
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + mark.length).trim()]
}
