/** A code fence that claims to be a region of a compiled file. */
interface Snippet {
  readonly file: string
  readonly region: string | undefined
  readonly line: number
  readonly code: string
}

/** What became of a page's snippets. */
export interface SnippetResult {
  /** The page with every snippet as its region is now. */
  readonly page: string
  /** One line per snippet that differs from its region or has none. */
  readonly problems: readonly string[]
}

const fence = /^```(?:ts|tsx|js|json|yaml) file=([^\s#]+)(?:#(\S+))?\n([\s\S]*?)^```$/gm

/**
 * Compares the fences marked ` ```ts file=examples/01-hello/main.ts#room ` with the files they name.
 * @param read - gives a file's text, or nothing when there is none
 */
export function checkSnippets(path: string, page: string, read: (file: string) => string | undefined): SnippetResult {
  const problems: string[] = []
  const renewed = page.replaceAll(
    fence,
    (whole: string, file: string, region: string | undefined, code: string, at: number) => {
      const snippet: Snippet = { file, region, line: page.slice(0, at).split('\n').length, code }
      const source = read(file)
      const wanted = source === undefined ? undefined : regionOf(source, region)
      if (wanted === undefined) {
        problems.push(`${path}:${snippet.line} shows ${nameOf(snippet)}, which does not exist`)
        return whole
      }
      if (wanted === code) return whole
      problems.push(`${path}:${snippet.line} differs from ${nameOf(snippet)}`)
      return whole.slice(0, whole.indexOf('\n') + 1) + wanted + '```'
    },
  )
  return { page: renewed, problems }
}

function nameOf({ file, region }: Snippet): string {
  return region === undefined ? file : `${file}#${region}`
}

/** The lines between `//#region name` and its end, without the markers and without common indentation. */
export function regionOf(source: string, region: string | undefined): string | undefined {
  const lines = source.trimEnd().split('\n')
  if (region === undefined) return dedent(lines.filter((line) => !marker.test(line)))
  const start = lines.findIndex((line) => marker.exec(line)?.[1] === 'region' && line.trim().endsWith(` ${region}`))
  if (start < 0) return undefined
  let depth = 1
  for (let end = start + 1; end < lines.length; end++) {
    const kind = marker.exec(lines[end] ?? '')?.[1]
    if (kind === 'region') depth += 1
    if (kind === 'endregion') depth -= 1
    if (depth === 0) return dedent(lines.slice(start + 1, end).filter((line) => !marker.test(line)))
  }
  return undefined
}

const marker = /^\s*(?:\/\/|#|<!--)\s*#(region|endregion)\b/

function dedent(lines: readonly string[]): string {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length)
  const common = Math.min(...indents, Number.MAX_SAFE_INTEGER)
  return lines.map((line) => `${line.slice(common)}\n`).join('')
}
