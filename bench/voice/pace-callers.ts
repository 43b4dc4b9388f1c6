import type { Caller } from './caller.ts'

/** Frames are sent every 20 ms; callers are spread over that time as people are. */
const PHASES = 20
/** After a longer stall callers go on instead of sending all at once, in milliseconds. */
const STALL_MS = 200

/** Has callers send what is due, on an absolute schedule, a twentieth of them each millisecond. Gives what ends it. */
export function paceCallers(callers: () => readonly Caller[]): () => void {
  let next = performance.now()
  let phase = 0
  let timer: NodeJS.Timeout
  const step = (): void => {
    const now = performance.now()
    if (now - next > STALL_MS) next = now
    const all = callers()
    while (next <= now) {
      for (let index = phase; index < all.length; index += PHASES) all[index]?.sendFrame()
      phase = (phase + 1) % PHASES
      next += 1
    }
    timer = setTimeout(step, 1)
  }
  step()
  return () => clearTimeout(timer)
}
