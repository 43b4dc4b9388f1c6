import { useEffect, useRef } from 'react'
import { columnMs, columns, type LevelHistory, type Side } from '../shared/call/level-history.ts'

const height = 20
const reduced = '(prefers-reduced-motion: reduce)'

/** How loud each side of a call is: a strip of the last seconds, and in words. Only real sound moves it. */
export function LevelStrips({
  history,
  sides,
}: {
  history: LevelHistory
  sides: readonly { side: Side; label: string }[]
}) {
  return (
    <div role="group" aria-label="Sound of the call" className="grid w-full gap-x-6 gap-y-1 sm:grid-cols-2">
      {sides.map(({ side, label }) => (
        <LevelStrip key={side} history={history} side={side} label={label} />
      ))}
    </div>
  )
}

function LevelStrip({ history, side, label }: { history: LevelHistory; side: Side; label: string }) {
  const line = useRef<SVGPathElement>(null)
  const words = useRef<HTMLSpanElement>(null)
  const area = useRef<HTMLDivElement>(null)
  useEffect(() => {
    let wasSounding: boolean | undefined
    const draw = (): void => {
      const nowMs = performance.now()
      // Who wants nothing to move reads the word.
      if (!matchMedia(reduced).matches) line.current?.setAttribute('d', pathOf(history.read(side, nowMs)))
      const isSounding = history.isSounding(side, nowMs)
      if (isSounding === wasSounding) return
      wasSounding = isSounding
      if (words.current !== null) words.current.textContent = isSounding ? 'speaking' : 'quiet'
      if (area.current !== null) area.current.dataset['sounding'] = isSounding ? 'yes' : 'no'
    }
    draw()
    const timer = setInterval(draw, columnMs)
    return () => clearInterval(timer)
  }, [history, side])
  return (
    <div ref={area} data-strip={side} className="flex items-center gap-2">
      <span className="w-20 shrink-0 truncate font-medium">{label}</span>
      <svg
        aria-hidden
        viewBox={`0 0 ${columns * 2} ${height}`}
        preserveAspectRatio="none"
        className="h-5 min-w-0 flex-1 text-accent motion-reduce:hidden"
      >
        <path ref={line} fill="none" stroke="currentColor" strokeWidth="1" />
      </svg>
      <span ref={words} className="w-16 shrink-0 text-muted motion-reduce:w-auto" />
    </div>
  )
}

/** One upright stroke per column, about the middle; silence is a thin line. */
function pathOf(heights: readonly number[]): string {
  return heights
    .map((share, column) => {
      const size = Math.max(0.5, (share * height) / 2)
      return `M${column * 2 + 1} ${(height / 2 - size).toFixed(1)}V${(height / 2 + size).toFixed(1)}`
    })
    .join('')
}
