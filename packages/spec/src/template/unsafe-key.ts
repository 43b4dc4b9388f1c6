const unsafeKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Whether a key could reach a prototype; such keys are refused in paths, ids, documents and state. */
export function isUnsafeKey(key: string): boolean {
  return unsafeKeys.has(key)
}
