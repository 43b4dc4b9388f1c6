import type { Mount } from '@parley/server'
import type { Article } from './read-article.ts'

/** The articles as pages of their own, for the links under an answer: `/help/refund-times#2`. */
export function helpPages(articles: readonly Article[]): Mount & { fetch(request: Request): Response | null } {
  const byId = new Map(articles.map((article) => [article.id, article]))
  return {
    path: '/help',
    fetch(request) {
      const [, , id = '', ...rest] = new URL(request.url).pathname.split('/')
      const article = request.method === 'GET' && rest.length === 0 ? byId.get(id) : undefined
      if (article === undefined) return null
      return new Response(articleHtml(article), {
        headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
      })
    },
  }
}

// Nothing of an article is executed, and nothing is loaded but the style beside the pages.
const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

function articleHtml({ title, topic, updated, passages }: Article): string {
  const parts = passages.map(
    ({ heading, text }, index) => `<h2 id="${index + 1}">${escape(heading)}</h2><p>${escape(text)}</p>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)} · Harbor Internet</title><link rel="icon" type="image/svg+xml" href="/favicon.svg"><link rel="stylesheet" href="/help.css"></head><body><main><p class="topic">${escape(topic)} · updated ${escape(updated)}</p><h1>${escape(title)}</h1>${parts.join('')}</main></body></html>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
