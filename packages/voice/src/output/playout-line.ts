import { FRAME_MS } from '@parley/spec'

/** What the far end has been sent, in order, and how far it has played; positions are ms since the line began. */
export interface PlayoutLine<F> {
  /** A frame was sent and cannot sound before `notBeforeMs`. `needsConfirming`: the far end will speak of it. */
  push(frame: F, notBeforeMs: number, needsConfirming: boolean): void
  /** Estimates the position, which stays below `limitMs`, and tells of each frame that has been played. */
  advance(nowMs: number, limitMs?: number): number
  /** The far end has played up to a position; what the clock said before gives way. */
  confirm(positionMs: number, nowMs: number): void
  /** Position of the first frame that fits, searched from the newest. */
  find(isIt: (frame: F) => boolean): number | undefined
  /** Frames from a position on, whole ones. */
  from(positionMs: number): F[]
  frameAt(positionMs: number): F | undefined
  /** Whether the frame at the playhead sounds by now. */
  soundsAt(nowMs: number): F | undefined
  /** Nobody will confirm any more: the clock alone decides. */
  trustClock(): void
  /** Time stands still. */
  freeze(nowMs: number): void
  unfreeze(nowMs: number): void
  /** Lets go of frames before a position. */
  forget(positionMs: number): void
  /** End of what was sent. */
  readonly sentMs: number
  /** As last estimated. */
  readonly positionMs: number
  readonly confirmedMs: number
}

interface Entry<F> {
  frame: F
  notBeforeMs: number
  needsConfirming: boolean
}

/** Makes an empty line. The listeners hear of each frame once, in order. */
export function createPlayoutLine<F>(listeners: {
  onPlayed(frame: F): void
  onConfirmed(frame: F): void
}): PlayoutLine<F> {
  const kept: Entry<F>[] = []
  let firstKept = 0
  let head = 0
  let partMs = 0
  /** When the frame at the head may begin to sound. */
  let freeAtMs = 0
  let playedCount = 0
  let confirmedCount = 0
  let confirmedMs = 0
  let frozenAtMs: number | undefined

  const count = (): number => firstKept + kept.length
  const at = (index: number): Entry<F> | undefined => kept[index - firstKept]

  const tellPlayed = (): void => {
    for (; playedCount < head; playedCount++) {
      const entry = at(playedCount)
      if (entry !== undefined) listeners.onPlayed(entry.frame)
    }
  }
  const tellConfirmed = (): void => {
    const end = Math.floor(confirmedMs / FRAME_MS)
    for (; confirmedCount < end; confirmedCount++) {
      const entry = at(confirmedCount)
      if (entry?.needsConfirming === true) listeners.onConfirmed(entry.frame)
    }
  }
  const passUnconfirmed = (): void => {
    let index = Math.floor(confirmedMs / FRAME_MS)
    while (index < head && at(index)?.needsConfirming === false) confirmedMs = ++index * FRAME_MS
    tellConfirmed()
  }
  const moveTo = (positionMs: number, nowMs: number): void => {
    head = Math.floor(positionMs / FRAME_MS)
    partMs = positionMs - head * FRAME_MS
    freeAtMs = nowMs - partMs
    const entry = at(head)
    // It sounds already, whatever was expected of it.
    if (entry !== undefined && partMs > 0) entry.notBeforeMs = Math.min(entry.notBeforeMs, freeAtMs)
  }

  return {
    push(frame, notBeforeMs, needsConfirming) {
      kept.push({ frame, notBeforeMs, needsConfirming })
    },
    advance(nowMs, limitMs = Number.POSITIVE_INFINITY) {
      if (frozenAtMs !== undefined) return head * FRAME_MS + partMs
      partMs = 0
      while (head < count() && head * FRAME_MS < limitMs) {
        const startMs = Math.max(freeAtMs, at(head)?.notBeforeMs ?? 0)
        if (startMs + FRAME_MS > nowMs) {
          partMs = Math.max(0, nowMs - startMs)
          break
        }
        head += 1
        freeAtMs = startMs + FRAME_MS
      }
      tellPlayed()
      passUnconfirmed()
      return head * FRAME_MS + partMs
    },
    confirm(positionMs, nowMs) {
      const knownMs = Math.min(positionMs, count() * FRAME_MS)
      if (knownMs < confirmedMs) return
      confirmedMs = knownMs
      moveTo(knownMs, nowMs)
      tellPlayed()
      passUnconfirmed()
    },
    find(isIt) {
      for (let index = kept.length - 1; index >= 0; index--) {
        const entry = kept[index]
        if (entry !== undefined && isIt(entry.frame)) return (firstKept + index) * FRAME_MS
      }
      return undefined
    },
    from: (positionMs) =>
      kept.slice(Math.max(0, Math.floor(positionMs / FRAME_MS) - firstKept)).map(({ frame }) => frame),
    frameAt: (positionMs) => at(Math.floor(positionMs / FRAME_MS))?.frame,
    soundsAt(nowMs) {
      const entry = at(head)
      return entry !== undefined && Math.max(freeAtMs, entry.notBeforeMs) <= nowMs ? entry.frame : undefined
    },
    trustClock() {
      for (const entry of kept) entry.needsConfirming = false
      passUnconfirmed()
    },
    freeze(nowMs) {
      frozenAtMs ??= nowMs
    },
    unfreeze(nowMs) {
      if (frozenAtMs === undefined) return
      frozenAtMs = undefined
      moveTo(head * FRAME_MS + partMs, nowMs)
    },
    forget(positionMs) {
      const drop = Math.min(Math.floor(positionMs / FRAME_MS), playedCount, confirmedCount) - firstKept
      if (drop <= 0) return
      kept.splice(0, drop)
      firstKept += drop
    },
    get sentMs() {
      return count() * FRAME_MS
    },
    get positionMs() {
      return head * FRAME_MS + partMs
    },
    get confirmedMs() {
      return confirmedMs
    },
  }
}
