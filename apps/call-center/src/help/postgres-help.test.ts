import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ParleyError } from '@parley/spec'
import { openDatabase } from '@parley/postgres'
import { migrateHarbor } from '../business/migrations.ts'
import { loadArticles } from './load-articles.ts'
import { createPostgresHelp, indexArticles } from './postgres-help.ts'
import { readArticle } from './read-article.ts'

const folder = fileURLToPath(new URL('../../knowledge', import.meta.url))

test('there are 24 articles, each under 250 words with a head and passages', async () => {
  const articles = await loadArticles(folder)
  expect(articles).toHaveLength(24)
  expect(new Set(articles.map(({ title }) => title)).size).toBe(24)
  for (const { passages } of articles)
    expect(
      passages
        .map(({ text }) => text)
        .join(' ')
        .split(/\s+/).length,
    ).toBeLessThan(250)
})

test('an article without a head is refused by name', () => {
  let thrown: unknown
  try {
    readArticle('broken', '## Only a heading\ntext')
  } catch (error) {
    thrown = error
  }
  expect(ParleyError.isInstance(thrown) && [thrown.code, thrown.details]).toEqual([
    'config_invalid',
    { article: 'broken' },
  ])
})

test('questions find the article that answers them', async () => {
  const database = await openDatabase('memory://')
  await migrateHarbor(database)
  const articles = await loadArticles(folder)
  expect(await indexArticles(database, articles)).toBe(true)
  expect(await indexArticles(database, articles)).toBe(false)
  const help = createPostgresHelp(database)
  const best = async (query: string): Promise<string | undefined> => (await help.search(query, 3))[0]?.title
  const questions = {
    'how long does a refund take': 'Refund times',
    'what do the modem lights mean': 'Modem lights',
    'where should I put my wifi': 'Wifi placement',
    'how do I set up guest wifi': 'Guest wifi',
    'what is a late fee': 'Late fee',
    'how can I pay, which payment methods do you take': 'Payment methods',
    'why does it drop in the evening': 'Drops in the evening',
    'how do I send back equipment': 'Return equipment',
    'is this call recorded': 'Privacy and recording',
    'I am moving house': 'Move home',
  }
  for (const [query, title] of Object.entries(questions)) expect([query, await best(query)]).toEqual([query, title])
  expect(await help.search('tell me a joke about penguins', 3)).toEqual([])
  expect(await help.search('the of and', 3)).toEqual([])
  expect((await help.search("o'brien ' | '); drop", 3)).length).toBeLessThanOrEqual(3)
  const changed = articles.slice(1)
  expect(await indexArticles(database, changed)).toBe(true)
  await database.close()
}, 30_000)
