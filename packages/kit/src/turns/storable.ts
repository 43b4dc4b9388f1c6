const unstorable = /\0|\p{Surrogate}/u

/** A text without NUL and halves of surrogate pairs, which no database column of JSON holds; `�` stands for them. */
function storableText(text: string): string {
  return unstorable.test(text) ? text.toWellFormed().replaceAll('\0', '\uFFFD') : text
}

/**
 * What models and tools gave, as every store can keep it. Nobody who could correct it is asked, so it is mended rather
 * than refused. Gives the same object when there is nothing to mend.
 */
export function storable<T>(value: T): T {
  // Texts stay texts, lists lists and objects objects: the shape is that of the value.
  if (typeof value === 'string') return storableText(value) as T & string
  if (Array.isArray(value)) {
    const items: unknown[] = value
    const mended = items.map(storable)
    return mended.every((item, index) => item === items[index]) ? value : (mended as T & unknown[])
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const mended = entries.map(([key, entry]: [string, unknown]) => [storableText(key), storable(entry)] as const)
  const isSame = mended.every(([key, entry], index) => key === entries[index]?.[0] && entry === entries[index]?.[1])
  return isSame ? value : (Object.fromEntries(mended) as T & object)
}
