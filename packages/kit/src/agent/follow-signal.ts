/** Aborts with another signal, until the disposer is called. Cheaper than a signal made of both. */
export function follow(own: AbortController, signal: AbortSignal): () => void {
  const onAbort = (): void => own.abort(signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return () => signal.removeEventListener('abort', onAbort)
}
