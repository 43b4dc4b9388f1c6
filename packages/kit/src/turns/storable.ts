/** A text without NUL and halves of surrogate pairs, which no database column of JSON holds; `�` stands for them. */
function storableText(text: string): string {
  return isStorableText(text) ? text : text.toWellFormed().replaceAll('\0', '\uFFFD')
}

function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** Nearly everything is; telling so takes no copy. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return isStorableText(value)
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isStorable)
  for (const key of Object.keys(value)) {
    // A key that the object was just asked for.
    if (!isStorableText(key) || !isStorable((value as { [key: string]: unknown })[key])) return false
  }
  return true
}

/**
 * What models and tools gave, as every store can keep it. Nobody who could correct it is asked, so it is mended rather
 * than refused. Gives the same object when there is nothing to mend.
 */
export function storable<T>(value: T): T {
  return isStorable(value) ? value : mend(value)
}

function mend<T>(value: T): T {
  // Texts stay texts, lists lists and objects objects: the shape is that of the value.
  if (typeof value === 'string') return storableText(value) as T & string
  if (Array.isArray(value)) {
    const items: unknown[] = value
    return items.map(mend) as T & unknown[]
  }
  if (typeof value !== 'object' || value === null) return value
  const mended = Object.entries(value).map(
    ([key, entry]: [string, unknown]) => [storableText(key), mend(entry)] as const,
  )
  return Object.fromEntries(mended) as T & object
}
