import { useEffect, useRef, useState } from 'react'
import type { ModelInfo } from '../shared/demo-api.ts'
import { ThemeSwitch } from '../shared/theme-switch.tsx'
import { ModelPanel } from './model-panel.tsx'

/** A label as it stands at the head of a button. */
function badgeText(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1)
}

/** The name of the house, what does the work, and the theme. */
export function CallerHeader({ model }: { model: ModelInfo | undefined }) {
  const [isOpen, setOpen] = useState(false)
  const area = useRef<HTMLDivElement>(null)
  const badge = useRef<HTMLButtonElement>(null)

  useEffect(() => {
    if (!isOpen) return undefined
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      event.preventDefault()
      setOpen(false)
      badge.current?.focus()
    }
    const onPress = ({ target }: PointerEvent): void => {
      if (target instanceof Node && area.current?.contains(target) !== true) setOpen(false)
    }
    window.addEventListener('keydown', onKey, true)
    window.addEventListener('pointerdown', onPress)
    return () => {
      window.removeEventListener('keydown', onKey, true)
      window.removeEventListener('pointerdown', onPress)
    }
  }, [isOpen])

  return (
    <header className="z-10 flex flex-wrap items-center gap-x-2 gap-y-1 border-b border-line bg-surface px-3 py-2 sm:gap-x-4 sm:px-6">
      <p className="mr-auto flex items-center gap-2 text-base font-semibold sm:gap-3 sm:text-lg">
        <img src="/favicon.svg" alt="" width="28" height="28" className="max-[400px]:hidden" />
        Harbor Internet
      </p>
      <div ref={area} className="relative">
        {model !== undefined && (
          <button
            ref={badge}
            type="button"
            aria-expanded={isOpen}
            aria-controls="model-panel"
            className="button px-2 text-sm sm:px-3.5"
            onClick={() => setOpen(!isOpen)}
          >
            {badgeText(model.label)}
            <svg
              aria-hidden
              width="10"
              height="6"
              viewBox="0 0 10 6"
              className={`max-[340px]:hidden ${isOpen ? 'rotate-180' : ''}`}
            >
              <path d="M1 1l4 4 4-4" fill="none" stroke="currentColor" strokeWidth="1.5" />
            </svg>
          </button>
        )}
        {isOpen && model !== undefined && <ModelPanel model={model} />}
      </div>
      <ThemeSwitch />
    </header>
  )
}
