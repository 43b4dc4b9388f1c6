/** How far some work is. */
export interface Progress {
  done: number
  /** Absent: nobody knows. */
  total?: number
  elapsedMs: number
  /** What is counted, such as `steps`. */
  unit: string
}

/** Work that takes less is not worth a bar. */
export const barAfterMs = 1_000

const barColumns = 16

/** One line of at most `columns` columns: bar, count, rate and time left. */
export function progressBar({ done, total, elapsedMs, unit }: Progress, columns = 80): string {
  const perSecond = elapsedMs > 0 ? (done * 1_000) / elapsedMs : 0
  const rate =
    done > 0 && perSecond > 0 ? `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)} ${unit}/s` : ''
  const share = total === undefined || total === 0 ? undefined : Math.min(1, done / total)
  const filled = Math.floor((share ?? 0) * barColumns)
  const bar = share === undefined ? '' : `[${'#'.repeat(filled)}${'-'.repeat(barColumns - filled)}]`
  const count = total === undefined ? `${done} ${unit}` : `${done}/${total}`
  const left =
    share === undefined || done === 0 || done >= (total ?? 0) ? '' : timeLeft(elapsedMs / done, (total ?? 0) - done)
  return [bar, count, rate, left]
    .filter((part) => part !== '')
    .join('  ')
    .slice(0, columns)
}

function timeLeft(msPerUnit: number, count: number): string {
  const seconds = Math.ceil((msPerUnit * count) / 1_000)
  return seconds < 90 ? `${seconds} s left` : `${Math.ceil(seconds / 60)} min left`
}
