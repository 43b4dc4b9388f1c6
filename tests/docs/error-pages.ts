/** What `packages/spec/src/error-codes.ts` says about one code. */
export interface ErrorCodeEntry {
  readonly retryable: boolean
  readonly sentence: string
  readonly remedy?: string
}

/** A page of `docs/spec`: file name and text. */
export interface SpecPage {
  readonly name: string
  readonly text: string
}

/** The pages of `docs/errors`: file name to text, one per code and an index. */
export function errorPages(
  codes: Readonly<Record<string, ErrorCodeEntry>>,
  spec: readonly SpecPage[],
): Map<string, string> {
  const entries = Object.entries(codes).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const pages = new Map(entries.map(([code, entry]) => [`${code}.md`, errorPage(code, entry, spec)]))
  return pages.set('README.md', indexPage(entries))
}

const origin = '<!-- Written by `npm run docs:sync` from packages/spec/src/error-codes.ts. -->'

function errorPage(code: string, { retryable, sentence, remedy }: ErrorCodeEntry, spec: readonly SpecPage[]): string {
  const mentions = spec.flatMap(({ name, text }) =>
    sectionsNaming(code, text).map((title) => `[${name}, ${title}](../spec/${name})`),
  )
  const advice =
    remedy ??
    (retryable
      ? 'The same call may succeed later: repeat it with back-off, with the same idempotency key where it takes one.'
      : 'Repeating the same call gives the same answer. The message names the thing and what to change; `details` holds the ids and limits.')
  return [
    `# \`${code}\``,
    origin,
    '',
    sentence,
    '',
    `- Retryable: ${retryable ? 'yes' : 'no'}`,
    `- What to do: ${advice}`,
    ...(mentions.length > 0 ? [`- Described in: ${mentions.join('; ')}`] : []),
    '',
  ].join('\n')
}

function indexPage(entries: readonly (readonly [string, ErrorCodeEntry])[]): string {
  return [
    '# Error codes',
    origin,
    '',
    'Every `ParleyError` has one of these codes. The list is closed: a code that is not here does not occur.',
    '',
    '| code | retryable | meaning |',
    '|---|---|---|',
    ...entries.map(
      ([code, { retryable, sentence }]) =>
        `| [\`${code}\`](${code}.md) | ${retryable ? 'yes' : 'no'} | ${sentence.replaceAll('|', '\\|')} |`,
    ),
    '',
  ].join('\n')
}

/** Titles of the second-level sections of a page in which the code stands in backticks. */
function sectionsNaming(code: string, text: string): string[] {
  const word = new RegExp(`(?<![A-Za-z0-9_])${code}(?![A-Za-z0-9_])`)
  return text
    .split(/^##? (?=\d)/m)
    .slice(1)
    .filter((section) => word.test(section))
    .map((section) => section.slice(0, section.indexOf('\n')).replaceAll(/[`[\]]/g, ''))
}
