import { useEffect, useId, useRef, useState } from 'react'

/** A field whose value is shown as dots, is kept by nothing, and leaves the page only as the answer. */
export function SecretField({
  prompt,
  maxDigits,
  isSending,
  error,
  onSubmit,
}: {
  prompt: string
  maxDigits: number | undefined
  isSending: boolean
  error: string
  onSubmit: (value: string) => Promise<boolean>
}) {
  const [value, setValue] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  // It is asked for at this moment, and the person's next keys would otherwise be a message everybody can read.
  useEffect(() => field.current?.focus(), [])
  const isComplete = maxDigits === undefined ? value !== '' : value.length === maxDigits
  const submit = async (): Promise<void> => {
    if (!isComplete || isSending) return
    const isTaken = await onSubmit(value)
    if (isTaken) setValue('')
    else field.current?.select()
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <label htmlFor={id} className="block font-medium">
        {prompt}
      </label>
      <p id={`${id}-hint`} className="mt-1 text-sm text-muted">
        Only the check sees it. It is not part of the conversation and nobody can read it later.
      </p>
      <div className="mt-3 flex flex-wrap items-center gap-3">
        <input
          ref={field}
          id={id}
          type="password"
          inputMode={maxDigits === undefined ? 'text' : 'numeric'}
          autoComplete="one-time-code"
          maxLength={maxDigits}
          aria-describedby={error === '' ? `${id}-hint` : `${id}-hint ${id}-error`}
          aria-invalid={error !== ''}
          className="field min-h-11 w-40 text-center font-mono text-lg tracking-[0.4em]"
          value={value}
          onChange={({ target }) =>
            setValue(maxDigits === undefined ? target.value : target.value.replaceAll(/\D/g, ''))
          }
        />
        <button type="submit" className="button button-primary button-tall" disabled={!isComplete || isSending}>
          {isSending ? 'Checking…' : 'Confirm'}
        </button>
        {error !== '' && (
          <p id={`${id}-error`} role="alert" className="text-sm text-bad">
            {error}
          </p>
        )}
      </div>
    </form>
  )
}
