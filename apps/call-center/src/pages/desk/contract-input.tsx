import { useId } from 'react'
import type { ContractField } from './contract-fields.ts'

/** `callerWords` as `Caller words`. */
function labelOf(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The control for one field of a contract, with its fault beside it. */
export function ContractInput({
  field,
  value,
  fault,
  onChange,
}: {
  field: ContractField
  value: string
  fault: string | undefined
  onChange: (value: string) => void
}) {
  const { name, kind, isRequired, description, choices } = field
  const id = useId()
  const described = [description === '' ? '' : `${id}-about`, fault === undefined ? '' : `${id}-fault`]
    .filter((part) => part !== '')
    .join(' ')
  const shared = {
    id,
    className: 'field mt-1',
    value,
    'aria-invalid': fault !== undefined,
    ...(described === '' ? {} : { 'aria-describedby': described }),
  }
  return (
    <div data-field={name} className={kind === 'long' || kind === 'list' ? 'sm:col-span-2' : ''}>
      <label htmlFor={id} className="font-medium">
        {labelOf(name)}
        {!isRequired && <span className="font-normal text-muted"> (optional)</span>}
      </label>
      {kind === 'choice' ? (
        <select {...shared} onChange={({ target }) => onChange(target.value)}>
          <option value="">Choose…</option>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : kind === 'long' || kind === 'list' ? (
        <textarea {...shared} rows={2} onChange={({ target }) => onChange(target.value)} />
      ) : (
        <input
          {...shared}
          inputMode={kind === 'number' ? 'numeric' : 'text'}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
      {description !== '' && (
        <p id={`${id}-about`} className="mt-0.5 text-muted">
          {description}
        </p>
      )}
      {fault !== undefined && (
        <p id={`${id}-fault`} className="mt-0.5 text-bad">
          {fault}
        </p>
      )}
    </div>
  )
}
