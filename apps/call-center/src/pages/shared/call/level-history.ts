import type { CallUpdate } from '@parley/client'

/** Whose sound is shown. */
export type Side = 'caller' | 'agent' | 'desk'

type Levels = Omit<Extract<CallUpdate, { type: 'levels' }>, 'type'>

/** How long a column of a strip stands for, in milliseconds. */
export const columnMs = 100
/** Columns of a strip: six seconds. */
export const columns = 60
/** The quietest that is drawn, and that counts as sound, in dBFS. */
const floorDb = -54
const soundDb = -45
/** Pauses between words are part of speech up to this long, in milliseconds. */
const pauseMs = 700

/** How loud the sides of a call were lately. */
export interface LevelHistory {
  push(levels: Levels, nowMs: number): void
  /** Heights of the last columns, oldest first, 0 to 1; what was not told is silence. */
  read(side: Side, nowMs: number): number[]
  /** Whether the side speaks, pauses between words included. */
  isSounding(side: Side, nowMs: number): boolean
}

/** Makes an empty one. */
export function createLevelHistory(): LevelHistory {
  let told: (Levels & { atMs: number })[] = []
  return {
    push(levels, nowMs) {
      told = [...told, { ...levels, atMs: nowMs }].filter(({ atMs }) => nowMs - atMs < columns * columnMs)
    },
    read(side, nowMs) {
      const heights = Array.from({ length: columns }, () => 0)
      for (const levels of told) {
        const column = columns - 1 - Math.floor((nowMs - levels.atMs) / columnMs)
        if (column in heights) heights[column] = Math.max(heights[column] ?? 0, heightOf(levels[side]))
      }
      return heights
    },
    isSounding: (side, nowMs) => told.some((levels) => levels[side] > soundDb && nowMs - levels.atMs < pauseMs),
  }
}

function heightOf(db: number): number {
  return Math.min(1, Math.max(0, 1 - db / floorDb))
}
