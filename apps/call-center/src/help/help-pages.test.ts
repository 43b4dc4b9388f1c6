import { expect, test } from 'vitest'
import { helpPages } from './help-pages.ts'
import { readArticle } from './read-article.ts'

const article = readArticle(
  'refund-times',
  '---\ntitle: Refund times\ntopic: billing\nupdated: 2026-01-01\n---\n## To a card\nThree <days> & more.\n',
)
const mount = helpPages([article])
const get = (path: string): Response | null => mount.fetch(new Request(`http://localhost${path}`))

test('an article is a page whose text is text', async () => {
  const response = get('/help/refund-times')
  expect(response?.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await response?.text()).toContain('<h2 id="1">To a card</h2><p>Three &lt;days&gt; &amp; more.</p>')
})

test('an unknown article is nobody’s page', async () => {
  expect(get('/help/nothing')).toBeNull()
})
