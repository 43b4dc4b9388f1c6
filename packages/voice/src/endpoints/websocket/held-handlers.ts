import type { AudioFrame, EndpointHandlers } from '@parley/spec'

const maxHeld = 256

/** Handlers of a call, before and after they are known: what comes before is held, oldest dropped first. */
export interface HeldHandlers {
  start(handlers: EndpointHandlers): void
  deliver(run: (handlers: EndpointHandlers) => void): void
  /** Like `deliver`, with a copy where the frame has to wait. */
  frame(frame: AudioFrame, atMs: number): void
  /** Nothing is delivered any more. */
  close(): void
}

/** Makes the place where handlers will be. */
export function createHeldHandlers(): HeldHandlers {
  let handlers: EndpointHandlers | undefined
  let isClosed = false
  const waiting: ((handlers: EndpointHandlers) => void)[] = []
  const hold = (run: (handlers: EndpointHandlers) => void): void => {
    waiting.push(run)
    if (waiting.length > maxHeld) waiting.shift()
  }
  return {
    start(given) {
      for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) run(given)
      handlers = given
    },
    deliver(run) {
      if (isClosed) return
      if (handlers === undefined) hold(run)
      else run(handlers)
    },
    frame(frame, atMs) {
      if (isClosed) return
      if (handlers !== undefined) return handlers.onFrame(frame, atMs)
      const copy = { ...frame, samples: frame.samples.slice() }
      hold((given) => given.onFrame(copy, atMs))
    },
    close() {
      isClosed = true
      handlers = undefined
    },
  }
}
