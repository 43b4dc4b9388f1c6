/** One step into a value: the name of a field, or the index in a list. */
export type PathKey = string | number

/** What stands in a path for a key that the contract does not declare: such a key is somebody's data. */
export const UNDECLARED_KEY = '*'

/** A path as it is shown: `a.b[0].c`, `<root>` for the value itself. */
export function formatPath(keys: readonly PathKey[]): string {
  if (keys.length === 0) return '<root>'
  let path = ''
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`
    else path += path === '' ? key : `.${key}`
  }
  return path
}
