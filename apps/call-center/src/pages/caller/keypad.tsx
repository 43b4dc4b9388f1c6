import { useEffect, useRef, useState } from 'react'
import type { AskedDigits } from '../shared/call/call-view.ts'
import { usesKey } from '../shared/use-shortcuts.ts'

const keys = [
  ['1', ''],
  ['2', 'ABC'],
  ['3', 'DEF'],
  ['4', 'GHI'],
  ['5', 'JKL'],
  ['6', 'MNO'],
  ['7', 'PQRS'],
  ['8', 'TUV'],
  ['9', 'WXYZ'],
  ['*', ''],
  ['0', ''],
  ['#', ''],
] as const

/** Digits that are shown of what was pressed. */
const shown = 16

/** Keys of a phone. A secret shows as dots and is kept by nothing on this page. */
export function Keypad({
  asked,
  onPress,
  onClose,
}: {
  asked: AskedDigits | undefined
  onPress: (digit: string) => void
  onClose: () => void
}) {
  const [pressed, setPressed] = useState('')
  const isSecret = asked?.isSecret === true
  const isComplete = asked?.digits !== undefined && pressed.length >= asked.digits
  const press = useRef((_digit: string): void => {})
  press.current = (digit) => {
    onPress(digit)
    // A secret leaves this page and nothing of it stays: only how many keys there were.
    const kept = isSecret ? '•' : digit
    setPressed((before) => (isComplete ? kept : `${before}${kept}`.slice(-shown)))
  }
  const area = useRef<HTMLElement>(null)
  useEffect(() => setPressed(''), [isSecret, asked?.prompt])
  // On a low screen the last row, with the zero, would be below the edge of the panel.
  useEffect(() => {
    // Browsers differ in what it returns, and React would take that for a cleanup.
    area.current?.scrollIntoView({ block: 'nearest' })
  }, [asked?.prompt])
  useEffect(() => {
    // The next keys would otherwise be a message that everybody can read; one that is being written stays.
    const isWriting = document.activeElement instanceof HTMLTextAreaElement && document.activeElement.value !== ''
    if (isSecret && !isWriting) area.current?.focus()
  }, [isSecret])
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || usesKey(event.target, event.key)) return
      if (!/^[0-9*#]$/.test(event.key)) return
      event.preventDefault()
      press.current(event.key)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return (
    <section
      ref={area}
      id="keypad"
      tabIndex={-1}
      aria-label="Keypad"
      data-secret={isSecret}
      className="animate-panel rounded-md border border-line bg-surface p-3"
    >
      {asked?.prompt !== undefined && <p className="mb-2 text-sm">{asked.prompt}</p>}
      <div className="mb-2 flex items-center gap-2">
        <output data-pressed aria-live="off" className="min-h-8 flex-1 text-center font-mono text-lg tracking-[0.3em]">
          {isSecret && asked?.digits !== undefined && !isComplete
            ? pressed.padEnd(asked.digits, '◦')
            : isSecret && isComplete
              ? 'Checking…'
              : pressed}
        </output>
        <button type="button" className="button button-quiet min-h-11 px-2 text-sm" onClick={onClose}>
          Close
        </button>
      </div>
      <div className="mx-auto grid max-w-60 grid-cols-3 gap-2">
        {keys.map(([digit, letters]) => (
          <button
            key={digit}
            type="button"
            {...(digit === '*' || digit === '#' ? { 'aria-label': digit === '*' ? 'star' : 'hash' } : {})}
            data-digit={digit}
            className="button min-h-12 min-w-12 flex-col gap-0 p-0 font-mono text-lg leading-6"
            onClick={() => press.current(digit)}
          >
            {digit} {letters !== '' && <span className="text-[10px] leading-3 text-muted">{letters}</span>}
          </button>
        ))}
      </div>
    </section>
  )
}
