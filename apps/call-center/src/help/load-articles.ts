import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readArticle, type Article } from './read-article.ts'

/** Reads all Markdown articles of a folder, by name. */
export async function loadArticles(folder: string): Promise<Article[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).toSorted()
  return Promise.all(
    names.map(async (name) => readArticle(name.slice(0, -3), await readFile(join(folder, name), 'utf8'))),
  )
}
