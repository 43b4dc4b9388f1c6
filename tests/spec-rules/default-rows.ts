/** A row of a table with a column `default`. */
export interface DefaultRow {
  /** What has the default: the option, with its component before it where the table has one. */
  readonly option: string
  readonly cell: string
}

/** Reads the rows of all tables of a page that have a column `default` and a value in it. */
export function parseDefaults(markdown: string): DefaultRow[] {
  const rows: DefaultRow[] = []
  let heads: string[] | undefined
  let isCode = false
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode
    if (isCode || !line.startsWith('|')) {
      heads = undefined
      continue
    }
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim())
    if (heads === undefined) {
      heads = cells
      continue
    }
    const at = heads.indexOf('default')
    const cell = cells[at] ?? ''
    if (at === -1 || cell === '' || /^-+$/.test(cell)) continue
    rows.push({ option: cells.slice(0, at).join(' ').replaceAll('`', '').trim(), cell })
  }
  return rows
}

const token = /`([^`]+)`|(-?\d{1,3}(?: \d{3})+(?!\d)|-?\d+(?:\.\d+)?)|\b(true|false|off)\b/g

/** The values a cell names, in their order: numbers, `true`, `false`, `off`, and words in backticks; not what is in brackets. */
export function valuesIn(cell: string): (number | boolean | string)[] {
  return Array.from(cell.replaceAll(/\([^)]*\)/g, '').matchAll(token), ([, word, number, flag]) => {
    if (number !== undefined) return Number(number.replaceAll(' ', ''))
    if (flag !== undefined) return flag === 'off' ? flag : flag === 'true'
    return word ?? ''
  })
}
