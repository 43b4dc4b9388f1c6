/** Bytes of the heap that are in use. */
export function usedBytes(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
