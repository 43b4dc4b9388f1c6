import { useState } from 'react'
import { mayUseMicrophone } from '../shared/call/microphone.ts'
import type { DemoPerson, ModelInfo } from '../shared/demo-api.ts'
import type { CallChoices } from './call-storage.ts'
import { MicrophoneProblemPanel } from './microphone-problem.tsx'
import { MicrophoneTest } from './microphone-test.tsx'
import type { Dialing } from './use-dial.ts'

/** Four people to be, and one button. */
export function StartScreen({
  people,
  model,
  dialing,
  isOpening,
  error,
  choices,
  onChoose,
  onReload,
  onCall,
  onType,
}: {
  people: readonly DemoPerson[] | undefined
  model: ModelInfo | undefined
  dialing: Dialing
  isOpening: boolean
  error: string
  choices: CallChoices
  onChoose: (changes: Partial<CallChoices>) => void
  onReload: () => void
  onCall: (key: string | undefined, hasMicrophone: boolean, changes?: Partial<CallChoices>) => void
  onType: (key: string | undefined) => void
}) {
  const [chosen, setChosen] = useState<string>()
  const selected = chosen ?? people?.[0]?.key
  const voice = model?.voice
  const canCall = voice !== undefined && mayUseMicrophone()
  const isBusy = isOpening || dialing.phase !== 'ready'
  return (
    <main className="mx-auto flex w-full max-w-3xl flex-1 flex-col justify-center px-4 py-8 sm:px-6 sm:py-12">
      <h1 className="text-xl font-semibold">How can we help?</h1>
      <p className="mt-2 max-w-[60ch] text-muted">
        This is a demonstration with an invented company. Choose one of four customers to be, then{' '}
        {voice === undefined ? 'write to us as you would to any support line' : 'call us as you would any support line'}
        .
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
      {dialing.problem !== undefined && !isBusy && (
        <MicrophoneProblemPanel
          problem={dialing.problem}
          microphoneId={choices.microphoneId}
          onRetry={(microphoneId) => onCall(selected, true, microphoneId === undefined ? {} : { microphoneId })}
          onListen={() => onCall(selected, false)}
          onType={() => onType(selected)}
        />
      )}
      <div className="mt-8 flex flex-wrap items-center gap-4">
        {people !== undefined && canCall && (
          <button
            type="button"
            className="button button-primary button-tall min-h-14 px-6 text-lg"
            disabled={isBusy}
            onClick={() => onCall(selected, true)}
          >
            {dialing.phase === 'asking-mic'
              ? 'Waiting for your microphone…'
              : dialing.phase === 'connecting'
                ? 'Calling…'
                : 'Call Harbor Internet'}
          </button>
        )}
        {people !== undefined && (
          <button
            type="button"
            className={`button button-tall ${canCall ? '' : 'button-primary'}`}
            disabled={isBusy}
            onClick={() => onType(selected)}
          >
            {isOpening ? 'Opening the conversation…' : canCall ? 'Type instead' : 'Chat with Harbor Internet'}
          </button>
        )}
        {people === undefined && error !== '' && (
          <button type="button" className="button button-tall" onClick={onReload}>
            Try again
          </button>
        )}
        <p role="alert" className="text-sm text-bad">
          {error === '' ? dialing.error : error}
        </p>
      </div>
      {dialing.isPromptOpen && (
        <p role="status" data-prompt className="mt-4">
          Your browser asks whether this page may use the microphone. Its question stands near the address.
        </p>
      )}
      {voice !== undefined && !canCall && (
        <p className="mt-4 text-sm text-muted">
          Calls need https or this very machine, since browsers give a microphone to no other page. Here you can write.
        </p>
      )}
      {canCall && (
        <div className="mt-6 flex flex-col gap-3 border-t border-line pt-5">
          <MicrophoneTest microphoneId={choices.microphoneId} onChoose={(microphoneId) => onChoose({ microphoneId })} />
          {voice.records && (
            <Switch
              label="Record the call"
              hint="You can download it afterwards. Your PIN is never in it."
              isOn={choices.isRecorded}
              onChange={(isRecorded) => onChoose({ isRecorded })}
            />
          )}
          {hasRecognition() && (
            <Switch
              label="Let this browser recognize my speech"
              hint={
                voice.hearing.id === 'none'
                  ? "Nothing on this machine recognizes speech. What you say is sent to your browser's vendor."
                  : "What you say is sent to your browser's vendor."
              }
              isOn={choices.isBrowserHearing}
              onChange={(isBrowserHearing) => onChoose({ isBrowserHearing })}
            />
          )}
        </div>
      )}
    </main>
  )
}

function hasRecognition(): boolean {
  return 'SpeechRecognition' in window || 'webkitSpeechRecognition' in window
}

function Switch({
  label,
  hint,
  isOn,
  onChange,
}: {
  label: string
  hint: string
  isOn: boolean
  onChange: (isOn: boolean) => void
}) {
  return (
    <label className="flex items-start gap-3 text-sm">
      <input
        type="checkbox"
        role="switch"
        className="mt-0.5 size-4 shrink-0 accent-accent"
        checked={isOn}
        onChange={({ target }) => onChange(target.checked)}
      />
      <span>
        {label}
        <span className="block text-muted">{hint}</span>
      </span>
    </label>
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
