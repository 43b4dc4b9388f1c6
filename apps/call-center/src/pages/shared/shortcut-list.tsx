import { useState } from 'react'
import { areShortcutsOn, setShortcutsOn } from './use-shortcuts.ts'

/** The keys of a page, and the switch that turns them off. */
export function ShortcutList({
  keys,
  onClose,
}: {
  keys: readonly (readonly [key: string, does: string])[]
  onClose: () => void
}) {
  const [isOn, setOn] = useState(areShortcutsOn)
  return (
    <section
      aria-label="Keyboard shortcuts"
      className="fixed right-4 bottom-4 z-20 w-[min(22rem,calc(100vw-2rem))] animate-panel rounded-md border border-line bg-surface p-4 text-sm shadow-lg"
    >
      <div className="mb-3 flex items-center justify-between gap-4">
        <h2 className="font-semibold">Keyboard</h2>
        <button type="button" className="button button-quiet text-sm" onClick={onClose}>
          Close
        </button>
      </div>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
        {keys.map(([key, does]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="key">{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label className="mt-4 flex min-h-9 items-center gap-2 border-t border-line pt-3">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={isOn}
          onChange={({ target }) => {
            setShortcutsOn(target.checked)
            setOn(target.checked)
          }}
        />
        Single keys act
      </label>
    </section>
  )
}
