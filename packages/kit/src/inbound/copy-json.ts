/**
 * A copy of plain JSON, or undefined for what is none: a cycle, a function, something that cannot be read. What a
 * caller keeps and changes later is then never what the kit stores.
 */
export function copyJson(value: unknown): { json: string; copy: unknown } | undefined {
  try {
    const json: string | undefined = JSON.stringify(value)
    return json === undefined ? undefined : { json, copy: JSON.parse(json) }
  } catch {
    // A cycle, a bigint, a getter that throws, or nesting deeper than the stack: none of them is JSON.
    return undefined
  }
}
