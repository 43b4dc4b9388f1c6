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

/** What is said at this moment, large. */
export function Captions({ view, names, scale }: { view: CallView; names: Names; scale: number }) {
  const line = view.spoken.lines.at(-1)
  const { interim } = view.spoken
  const size = sizes.find(([known]) => known >= scale)?.[1] ?? sizes[0][1]
  return (
    // Not a live region: what streams would be read over the voice itself.
    <div data-captions className={`flex min-h-16 flex-col justify-end gap-2 ${size}`}>
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
