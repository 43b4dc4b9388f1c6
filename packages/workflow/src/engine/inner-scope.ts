import { GRACE_MS } from './fenced.ts'
import type { RunDecision, RunScope } from './run-scope.ts'

/** The scope of a run for what is inside of one of its steps, with an end of its own. */
export interface InnerScope {
  scope: RunScope
  /** To be called when what is inside has come to its end. */
  close(): void
}

/**
 * A part of a run that ends when its signal does, as the whole run ends when it is decided: nothing new begins in it, what
 * runs in it is told to end, and has a second for that. The rest of the run goes on.
 */
export function innerScope(outer: RunScope, signal: AbortSignal): InnerScope {
  const halts = new Set<(how: 'stop' | 'pause') => void>()
  const fences = new Set<() => void>()
  let stopped: RunDecision | undefined
  let stopGrace = (): void => {}
  const own = {
    signal: AbortSignal.any([outer.signal, signal]),
    decision: (): RunDecision | undefined => outer.decision() ?? stopped,
    onHalt: (listen: (how: 'stop' | 'pause') => void) => both(outer.onHalt(listen), listenIn(halts, listen)),
    onFence: (fence: () => void) => both(outer.onFence(fence), listenIn(fences, fence)),
  }
  const stop = (): void => {
    stopped = { status: 'cancelled' }
    stopGrace = outer.clock.setTimer(GRACE_MS, () => {
      for (const fence of fences) fence()
    })
    for (const listen of halts) listen('stop')
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return {
    // Everything else is that of the run, also what changes while it runs: it is found through the prototype.
    scope: Object.assign(Object.create(outer) as RunScope, own),
    close() {
      signal.removeEventListener('abort', stop)
      stopGrace()
    },
  }
}

function listenIn<T>(listeners: Set<T>, listen: T): () => void {
  listeners.add(listen)
  return () => listeners.delete(listen)
}

function both(one: () => void, other: () => void): () => void {
  return () => {
    one()
    other()
  }
}
