/**
 * How long a vendor asks to wait before the next request, in ms: `retry-after-ms`, else `retry-after` in seconds.
 * Undefined where neither is a number of at least 0, dates included.
 * @param header - reads a header of the answer by its name in lower case
 */
export function retryAfterMs(header: (name: string) => string | null | undefined): number | undefined {
  const exact = Number(header('retry-after-ms') ?? Number.NaN)
  if (Number.isFinite(exact) && exact >= 0) return Math.ceil(exact)
  const seconds = Number(header('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds * 1000) : undefined
}
