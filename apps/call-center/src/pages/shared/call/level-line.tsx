import { useEffect, useRef } from 'react'
import type { LevelMeter } from './microphone.ts'

const bars = 12
const readMs = 100
/** The quietest that moves a bar, in dBFS. */
const floorDb = -54

/** How loud a microphone is, as bars that only real sound moves. */
export function LevelLine({ meter, onLevel }: { meter: LevelMeter | undefined; onLevel?: (peak: number) => void }) {
  const area = useRef<HTMLSpanElement>(null)
  const listener = useRef(onLevel)
  listener.current = onLevel
  useEffect(() => {
    if (meter === undefined) return undefined
    const timer = setInterval(() => {
      const peak = meter.read()
      listener.current?.(peak)
      const level = peak === 0 ? 0 : Math.max(0, 1 - (20 * Math.log10(peak)) / floorDb)
      const lit = Math.round(Math.min(1, level) * bars)
      if (area.current === null) return
      area.current.dataset['level'] = String(lit)
      Array.from(area.current.children, (bar, at) => bar.classList.toggle('bg-ink', at < lit))
    }, readMs)
    return () => clearInterval(timer)
  }, [meter])
  return (
    <span ref={area} aria-hidden data-level="0" className="inline-flex h-4 items-center gap-0.5">
      {Array.from({ length: bars }, (_, at) => (
        <span key={at} className="h-3 w-1 rounded-full bg-line" />
      ))}
    </span>
  )
}
