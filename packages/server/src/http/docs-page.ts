import type { OpenApiDocument, OpenApiOperation } from './open-api.ts'

const methods = ['get', 'post', 'patch', 'put', 'delete'] as const

/** The style of the page, served beside it: a policy without inline styles holds for it too. */
export const docsStyle = `:root { color-scheme: light dark; --ink: #1b1d1f; --muted: #5a6066; --line: #d6d7d1; --bg: #fafaf7; --accent: #0b5d7a }
@media (prefers-color-scheme: dark) { :root { --ink: #ecedea; --muted: #a3a9ae; --line: #343a40; --bg: #14171a; --accent: #62bfe0 } }
body { margin: 0 auto; max-width: 56rem; padding: 2rem 1rem; background: var(--bg); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
h2 { margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line) }
details { border-bottom: 1px solid var(--line); padding: .5rem 0 }
summary { cursor: pointer }
code, pre { font-family: ui-monospace, monospace; font-size: .9em }
pre { overflow-x: auto; padding: .75rem; border: 1px solid var(--line); border-radius: 6px }
.method { display: inline-block; min-width: 4.5rem; font-weight: 600; color: var(--accent) }
.note { color: var(--muted) }
`

/** A reference page of the API, written from its document: no script, nothing from elsewhere. */
export function docsPage(document: Pick<OpenApiDocument, 'info' | 'paths'>): string {
  const byTag = new Map<string, string[]>()
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of methods) {
      const operation = item?.[method]
      if (operation === undefined) continue
      const tag = operation.tags?.[0] ?? 'other'
      byTag.set(tag, [...(byTag.get(tag) ?? []), operationBlock(method, path, operation)])
    }
  }
  const sections = [...byTag].map(([tag, blocks]) => `<section><h2>${escape(tag)}</h2>${blocks.join('')}</section>`)
  const { title, description } = document.info
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} API</title><link rel="stylesheet" href="docs/style.css"></head>
<body><main><h1>${escape(title)} API</h1><p>${escape(description)}</p>
<p><a href="openapi.json">OpenAPI document</a></p>${sections.join('\n')}</main></body></html>
`
}

function operationBlock(method: string, path: string, operation: OpenApiOperation): string {
  const body =
    operation.requestBody !== undefined && 'content' in operation.requestBody
      ? operation.requestBody.content['application/json']?.schema
      : undefined
  const parameters = (operation.parameters ?? []).flatMap((parameter) =>
    'name' in parameter ? [`<li><code>${escape(parameter.name)}</code> in ${escape(parameter.in)}</li>`] : [],
  )
  return `<details><summary><span class="method">${method.toUpperCase()}</span> <code>${escape(path)}</code> ${escape(operation.summary ?? '')}</summary>
<p class="note">${escape(operation.description ?? '')}</p>${parameters.length === 0 ? '' : `<ul>${parameters.join('')}</ul>`}
${body === undefined ? '' : `<p>Body</p><pre>${escape(JSON.stringify(body, null, 2))}</pre>`}</details>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
