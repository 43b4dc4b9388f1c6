import { useImperativeHandle, useLayoutEffect, useRef, useState, type KeyboardEvent, type Ref } from 'react'
import { keepDraft, readDraft } from './call-storage.ts'

/** Beyond this a message cannot travel on the socket at all; the server's own limit is lower and is answered in words. */
const maxBytes = 200_000
const typingPauseMs = 3_000

/** What other parts of the page may do with the field. */
export interface ComposerHandle {
  focus(): void
  /** Puts text in front of what is there. */
  write(text: string): void
}

/** The field to write in. Enter sends, Shift+Enter breaks the line. */
export function Composer({
  ref,
  suggestion,
  isEnabled,
  onSend,
  onTyping,
}: {
  ref: Ref<ComposerHandle>
  suggestion: string | undefined
  isEnabled: boolean
  onSend: (text: string) => void
  onTyping: (isTyping: boolean) => void
}) {
  const [text, setText] = useState(readDraft)
  const field = useRef<HTMLTextAreaElement>(null)
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined)
  const isTooLong = new TextEncoder().encode(text).byteLength > maxBytes

  useImperativeHandle(ref, () => ({
    focus: () => field.current?.focus(),
    write(given) {
      change(text === '' ? given : `${given}\n${text}`)
      field.current?.focus()
    },
  }))
  useLayoutEffect(() => {
    const box = field.current
    if (box === null) return
    box.style.height = 'auto'
    box.style.height = `${Math.min(box.scrollHeight + 2, 160)}px`
  }, [text])

  const stopTyping = (): void => {
    if (typing.current === undefined) return
    clearTimeout(typing.current)
    typing.current = undefined
    onTyping(false)
  }
  const change = (next: string): void => {
    setText(next)
    keepDraft(next)
    if (next === '') return stopTyping()
    if (typing.current === undefined) onTyping(true)
    clearTimeout(typing.current)
    typing.current = setTimeout(stopTyping, typingPauseMs)
  }
  const send = (words: string): void => {
    if (words.trim() === '' || isTooLong || !isEnabled) return
    onSend(words.trim())
    stopTyping()
    setText('')
    keepDraft('')
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send(text)
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        send(text)
      }}
    >
      {suggestion !== undefined && text === '' && (
        <p className="mb-3 flex flex-wrap items-center gap-2 text-sm text-muted">
          For example
          <button type="button" className="button text-sm" onClick={() => send(suggestion)}>
            {suggestion}
          </button>
        </p>
      )}
      <div className="flex items-end gap-3">
        <textarea
          ref={field}
          rows={1}
          aria-label="Message"
          aria-invalid={isTooLong}
          aria-describedby={isTooLong ? 'message-problem' : undefined}
          placeholder="Type a message"
          autoComplete="off"
          className="field min-h-11 resize-none py-2.5"
          value={text}
          onChange={({ target }) => change(target.value)}
          onKeyDown={onKeyDown}
          onBlur={stopTyping}
        />
        <button
          type="submit"
          className="button button-primary button-tall"
          disabled={text.trim() === '' || isTooLong || !isEnabled}
        >
          Send
        </button>
      </div>
      {isTooLong && (
        <p id="message-problem" className="mt-2 text-sm text-bad">
          This message is too long to be sent. Shorten it or send it in parts.
        </p>
      )}
    </form>
  )
}
