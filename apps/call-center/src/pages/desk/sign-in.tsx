import { createClient } from '@parley/client'
import { useState } from 'react'
import type { DeskSetup } from '../shared/demo-api.ts'
import type { DeskPerson } from './desk-app.tsx'

/** Asks for a name, and for a key where the server gives none by itself. */
export function SignIn({
  setup,
  error,
  knownName,
  onRetry,
  onSignIn,
}: {
  setup: DeskSetup | undefined
  error: string
  knownName: string
  onRetry: () => void
  onSignIn: (person: DeskPerson) => void
}) {
  const [name, setName] = useState(knownName)
  const [key, setKey] = useState('')
  const [problem, setProblem] = useState('')
  const [isChecking, setChecking] = useState(false)
  const signIn = async (): Promise<void> => {
    setChecking(true)
    setProblem('')
    const token = setup?.token ?? (key.trim() === '' ? undefined : key.trim())
    try {
      await createClient(token === undefined ? {} : { token }).desk.queue()
      onSignIn({ name: name.trim(), token })
    } catch (thrown) {
      setProblem(thrown instanceof Error ? thrown.message : 'The key was not accepted.')
      setChecking(false)
    }
  }
  const shown = problem === '' ? error : problem
  return (
    <main data-desk="sign-in" className="mx-auto flex min-h-full w-full max-w-sm flex-col justify-center px-4 py-8">
      <h1 className="text-xl font-semibold">Desk</h1>
      <p className="mt-2 text-sm text-muted">Answer, approve and take over conversations of Harbor Internet.</p>
      <form
        className="mt-6 flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') void signIn()
        }}
      >
        <label className="block text-sm">
          <span className="font-medium">Your name</span>
          <input
            className="field mt-1"
            autoComplete="given-name"
            maxLength={60}
            required
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
          <span className="mt-1 block text-muted">Callers see it when you help them.</span>
        </label>
        {setup !== undefined && setup.token === undefined && (
          <label className="block text-sm">
            <span className="font-medium">Key</span>
            <input
              className="field mt-1 font-mono"
              type="password"
              autoComplete="current-password"
              value={key}
              onChange={({ target }) => setKey(target.value)}
            />
            <span className="mt-1 block text-muted">
              An API key with the rights of a desk. Leave it empty on a server without keys.
            </span>
          </label>
        )}
        {setup === undefined && error !== '' ? (
          <button type="button" className="button button-tall" onClick={onRetry}>
            Try again
          </button>
        ) : (
          <button
            type="submit"
            className="button button-primary button-tall"
            disabled={setup === undefined || isChecking || name.trim() === ''}
          >
            {setup === undefined ? 'Connecting…' : isChecking ? 'Signing in…' : 'Open the desk'}
          </button>
        )}
        <p role="alert" className="text-sm text-bad">
          {shown}
        </p>
      </form>
    </main>
  )
}
