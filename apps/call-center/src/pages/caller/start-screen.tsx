import { useState } from 'react'
import type { DemoPerson } from '../shared/demo-api.ts'

/** Four people to be, and one button. */
export function StartScreen({
  people,
  isOpening,
  error,
  onReload,
  onStart,
}: {
  people: readonly DemoPerson[] | undefined
  isOpening: boolean
  error: string
  onReload: () => void
  onStart: (key: string | undefined) => void
}) {
  const [chosen, setChosen] = useState<string>()
  const selected = chosen ?? people?.[0]?.key
  return (
    <main className="mx-auto flex w-full max-w-3xl flex-1 flex-col justify-center px-4 py-8 sm:px-6 sm:py-12">
      <h1 className="text-xl font-semibold">How can we help?</h1>
      <p className="mt-2 max-w-[60ch] text-muted">
        This is a demonstration with an invented company. Choose one of four customers to be, then write to us as you
        would to any support line.
      </p>
      {people !== undefined && (
        <fieldset className="mt-8">
          <legend className="label mb-3">You are</legend>
          <div className="grid gap-3 sm:grid-cols-2">
            {people.map((person) => (
              <PersonCard
                key={person.key}
                person={person}
                isChosen={person.key === selected}
                onChoose={() => setChosen(person.key)}
              />
            ))}
          </div>
        </fieldset>
      )}
      {people === undefined && error === '' && <p className="mt-8 text-muted">Loading the customers…</p>}
      <div className="mt-8 flex flex-wrap items-center gap-4">
        {people !== undefined && (
          <button
            type="button"
            className="button button-primary button-tall"
            disabled={isOpening}
            onClick={() => onStart(selected)}
          >
            {isOpening ? 'Opening the conversation…' : 'Chat with Harbor Internet'}
          </button>
        )}
        {people === undefined && error !== '' && (
          <button type="button" className="button button-tall" onClick={onReload}>
            Try again
          </button>
        )}
        <p role="alert" className="text-sm text-bad">
          {error}
        </p>
      </div>
    </main>
  )
}

function PersonCard({ person, isChosen, onChoose }: { person: DemoPerson; isChosen: boolean; onChoose: () => void }) {
  const { key, firstName, lastName, number, pin, story } = person
  return (
    <label
      data-person={key}
      className={`flex cursor-pointer gap-3 rounded-md border bg-surface p-4 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent ${
        isChosen ? 'border-accent ring-1 ring-accent' : 'border-line hover:border-control'
      }`}
    >
      <input
        type="radio"
        name="person"
        value={key}
        checked={isChosen}
        onChange={onChoose}
        className="mt-1 size-4 shrink-0 accent-accent outline-none"
      />
      <span className="min-w-0">
        <span className="block font-semibold">
          {firstName} {lastName}
        </span>
        <span className="mt-1 block">{story}</span>
        <span className="mt-3 flex flex-wrap gap-x-4 font-mono text-xs text-muted">
          <span>account {number}</span>
          <span>PIN {pin}</span>
        </span>
      </span>
    </label>
  )
}
