import { createHash } from 'node:crypto'
import type { SqlDatabase } from '@parley/spec'
import type { HelpPassage, HelpSearch } from './help-search.ts'
import type { Article } from './read-article.ts'

/**
 * Puts articles into the database's full-text index, if they differ from what is there.
 * @returns whether the index was built anew
 */
export async function indexArticles(database: SqlDatabase, articles: readonly Article[]): Promise<boolean> {
  const version = createHash('sha256').update(JSON.stringify(articles)).digest('hex')
  await database.query(`CREATE TABLE IF NOT EXISTS harbor.help_passages (source_id text PRIMARY KEY, title text NOT NULL, heading text NOT NULL,
    text text NOT NULL, updated text NOT NULL, words tsvector NOT NULL)`)
  const { rows } = await database.query<{ value: string }>("SELECT value FROM harbor.settings WHERE name = 'help'")
  if (rows[0]?.value === version) return false
  await database.transaction(async (tx) => {
    await tx.query('DELETE FROM harbor.help_passages')
    await tx.query(
      `INSERT INTO harbor.help_passages (source_id, title, heading, text, updated, words)
       SELECT "sourceId", title, heading, text, updated,
         setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', heading), 'B') || to_tsvector('english', text)
       FROM jsonb_to_recordset($1::jsonb) AS p("sourceId" text, title text, heading text, text text, updated text)`,
      [JSON.stringify(articles.flatMap(({ passages }) => passages))],
    )
    await tx.query(
      "INSERT INTO harbor.settings (name, value) VALUES ('help', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      [version],
    )
  })
  return true
}

/** A text of the database holds neither NUL nor half a surrogate pair. */
const unstorable = /\0|\p{Surrogate}/gu

/** Help search by PostgreSQL's full-text index: any word may match, and the best matches come first. */
export function createPostgresHelp(database: SqlDatabase): HelpSearch {
  return {
    async search(query, limit) {
      // The words of the question, stemmed and without stop words, any of which may match. A passage counts when it has
      // two of them, or one in its title.
      const { rows } = await database.query<HelpPassage>(
        `WITH asked AS (SELECT array_agg(lexeme) AS lexemes FROM unnest(to_tsvector('english', $1))),
           wanted AS (SELECT lexemes, (SELECT string_agg(quote_literal(lexeme), ' | ') FROM unnest(lexemes) AS lexeme)::tsquery AS any_word FROM asked)
         SELECT source_id AS "sourceId", title, heading, text, updated FROM harbor.help_passages, wanted
         WHERE words @@ any_word AND (
           (SELECT count(*) FROM unnest(words) AS w WHERE w.lexeme = ANY (lexemes)) >= 2
           OR (SELECT string_agg(quote_literal(lexeme) || ':A', ' | ') FROM unnest(lexemes) AS lexeme)::tsquery @@ words)
         ORDER BY ts_rank('{0.1, 0.3, 0.6, 1.0}', words, any_word) DESC, source_id LIMIT $2`,
        [query.replaceAll(unstorable, ' '), limit],
      )
      return rows
    },
  }
}
