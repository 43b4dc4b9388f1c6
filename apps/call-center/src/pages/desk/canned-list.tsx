import { useEffect, useRef } from 'react'
import { cannedReplies } from './canned-replies.ts'
import { fillReply, openPlaceholders } from './fill-reply.ts'

/** The ready replies, as they would read now. */
export function CannedList({
  values,
  onChoose,
  onClose,
}: {
  values: Readonly<Record<string, string>>
  onChoose: (text: string) => void
  onClose: () => void
}) {
  const first = useRef<HTMLButtonElement>(null)
  useEffect(() => first.current?.focus(), [])
  return (
    <section
      aria-label="Canned replies"
      className="mb-3 max-h-64 animate-panel overflow-y-auto rounded-md border border-line bg-surface"
      onKeyDown={(event) => {
        if (event.key === 'Escape') return onClose()
        if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return undefined
        event.preventDefault()
        const buttons = [...event.currentTarget.querySelectorAll('button')]
        const at = buttons.findIndex((button) => button === document.activeElement)
        return buttons.at((at + (event.key === 'ArrowDown' ? 1 : -1)) % buttons.length)?.focus()
      }}
    >
      <ul>
        {cannedReplies.map(({ title, text }, at) => {
          const filled = fillReply(text, values)
          const open = openPlaceholders(filled)
          return (
            <li key={title} className="border-b border-line last:border-b-0">
              <button
                ref={at === 0 ? first : undefined}
                type="button"
                className="block w-full px-3 py-2 text-left -outline-offset-2 hover:bg-sunken"
                onClick={() => onChoose(text)}
              >
                <span className="font-medium">{title}</span>
                <span className="block text-muted">{filled}</span>
                {open.length > 0 && <span className="block text-warn">needs {open.join(', ')}</span>}
              </button>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
