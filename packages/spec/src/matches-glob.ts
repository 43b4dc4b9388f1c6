/** Whether a name fits one of the globs; `*` stands for any characters. */
export function matchesGlob(globs: readonly string[], name: string): boolean {
  return globs.some((glob) => {
    const pattern = glob.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    return new RegExp(`^${pattern.join('.*')}$`, 's').test(name)
  })
}

/**
 * What two lists of globs both let through, as one list; absent lets all through. Of two globs that only overlap nothing
 * is left: the result never allows more than either.
 */
export function narrowGlobs(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const both = [...one.filter((glob) => matchesGlob(other, glob)), ...other.filter((glob) => matchesGlob(one, glob))]
  return [...new Set(both)]
}
