import { splitPath } from 'json-logic-engine'

/** The path that the text of a `var` means: names with dots between them, `\.` for a dot inside a name. */
export function parseLogicPath(text: string): string[] {
  return text === '' ? [] : splitPath(text)
}

/** The text of a `var` for a path. */
export function formatLogicPath(path: readonly string[]): string {
  return path.map((name) => name.replaceAll(/[\\.]/g, (sign) => `\\${sign}`)).join('.')
}
