import { useEffect, useRef } from 'react'
import type { CallView } from '../shared/call/call-view.ts'
import { SpokenText } from '../shared/call/spoken-text.tsx'
import type { Names } from '../shared/names.ts'

const sizes = [
  [1, 'text-[22px] leading-8'],
  [1.5, 'text-[33px] leading-[48px]'],
  [2, 'text-[44px] leading-[64px]'],
] as const

/** Caption sizes, as parts of the usual one. */
export const captionScales: readonly number[] = sizes.map(([scale]) => scale)

/** What is said at this moment, large; the word at the ear stays in sight. */
export function Captions({
  view,
  names,
  scale,
  isShort,
}: {
  view: CallView
  names: Names
  scale: number
  /** Something else needs the room. */
  isShort: boolean
}) {
  const area = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const box = area.current
    const word = box?.querySelector<HTMLElement>('[data-heard=playing]')
    if (box === null || word === null || word === undefined) return
    const belowPx = word.getBoundingClientRect().bottom - box.getBoundingClientRect().bottom
    if (belowPx > 0) box.scrollTop += belowPx + word.offsetHeight
  }, [view.spoken])
  const line = view.spoken.lines.at(-1)
  const { interim } = view.spoken
  const size = sizes.find(([known]) => known >= scale)?.[1] ?? sizes[0][1]
  return (
    // Not a live region: what streams would be read over the voice itself.
    <div
      ref={area}
      data-captions
      tabIndex={0}
      role="region"
      aria-label="Captions"
      className={`flex min-h-16 flex-col gap-2 overflow-y-auto ${isShort ? 'max-h-[20dvh]' : 'max-h-[32dvh] lg:max-h-[45dvh]'} ${size}`}
    >
      {line !== undefined && (interim === '' || !line.isFinal) && (
        <div data-caption={line.id}>
          <span
            className={`block text-sm font-semibold ${line.agentId === undefined ? 'text-muted' : names.colour({ kind: 'agent', id: line.agentId })}`}
          >
            {line.name ?? 'Harbor Internet'}
          </span>
          <SpokenText words={line.words} />
        </div>
      )}
      {interim !== '' && (
        <div data-caption="interim">
          <span className="block text-sm font-semibold">You</span>
          <p className="italic">{interim}</p>
        </div>
      )}
    </div>
  )
}
