import type { AcceptedHandoff } from '@parley/client'
import type { Json } from '@parley/spec'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { DeskSetup } from '../shared/demo-api.ts'
import { contractFields, prefill, toPayload } from './contract-fields.ts'
import { ContractInput } from './contract-input.tsx'
import { errorText, violationsOf } from './desk-errors.ts'

/** Gives the conversation to an agent: whom, its contract, and what the colleague did. */
export function HandBackForm({
  setup,
  known,
  context,
  previousAgentId,
  onSubmit,
  onClose,
  onDone,
}: {
  setup: DeskSetup
  /** What earlier handoffs carried, the best source first. */
  known: readonly (Json | undefined)[]
  context: Json
  previousAgentId: string | null
  onSubmit: (input: { target: string; payload?: Json; note?: string }) => Promise<AcceptedHandoff>
  onClose: () => void
  onDone: () => void
}) {
  const agents = setup.agents.filter(({ id }) => id !== 'supervisor' && id !== 'human')
  const [target, setTarget] = useState(agents.find(({ id }) => id === previousAgentId)?.id ?? agents[0]?.id ?? '')
  const [note, setNote] = useState('')
  const [edits, setEdits] = useState<Record<string, string>>({})
  const [faults, setFaults] = useState<Record<string, string>>({})
  const [problem, setProblem] = useState('')
  const [isSending, setSending] = useState(false)
  const first = useRef<HTMLSelectElement>(null)
  useEffect(() => first.current?.focus(), [])
  // A JSON Schema came as JSON.
  const fields = useMemo(() => contractFields(setup.contracts[target] as Json | undefined), [setup.contracts, target])
  const values = { ...prefill(fields, ...known, context), ...edits }
  const submit = async (): Promise<void> => {
    setSending(true)
    setFaults({})
    setProblem('')
    try {
      await onSubmit({
        target,
        ...(fields.length === 0 ? {} : { payload: toPayload(fields, values) }),
        ...(note.trim() === '' ? {} : { note: note.trim() }),
      })
      onDone()
    } catch (thrown) {
      setFaults(violationsOf(thrown))
      setProblem(errorText(thrown))
      setSending(false)
    }
  }
  return (
    <form
      aria-label="Hand back"
      className="max-h-[60%] overflow-y-auto border-t border-line bg-surface p-4 max-lg:max-h-none"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <label className="block">
          <span className="block font-medium">Hand back to</span>
          <select
            ref={first}
            className="field mt-1"
            value={target}
            onChange={(event) => {
              setTarget(event.target.value)
              setEdits({})
              setFaults({})
            }}
          >
            {agents.map(({ id, name, role }) => (
              <option key={id} value={id}>
                {name} · {role}
              </option>
            ))}
          </select>
        </label>
        <label className="block">
          <span className="block font-medium">What you did</span>
          <input
            className="field mt-1"
            maxLength={400}
            placeholder="The agent reads it"
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
        {fields
          .filter(({ kind }) => kind !== 'fixed')
          .map((field) => (
            <ContractInput
              key={`${target} ${field.name}`}
              field={field}
              value={values[field.name] ?? ''}
              fault={faults[field.name]}
              onChange={(value) => setEdits({ ...edits, [field.name]: value })}
            />
          ))}
      </div>
      <div className="mt-4 flex flex-wrap items-center gap-2">
        <button type="submit" className="button button-primary" disabled={isSending || target === ''}>
          {isSending ? 'Handing back…' : 'Hand back'}
        </button>
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <p role="alert" className="text-bad">
          {problem}
        </p>
      </div>
    </form>
  )
}
