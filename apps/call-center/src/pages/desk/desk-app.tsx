import { createClient } from '@parley/client'
import { useEffect, useMemo, useState } from 'react'
import { fetchDesk, type DeskSetup } from '../shared/demo-api.ts'
import { DeskScreen } from './desk-screen.tsx'
import { SignIn } from './sign-in.tsx'

/** Who sits at the desk, and with which key. */
export interface DeskPerson {
  name: string
  token: string | undefined
}

const nameKey = 'parley.desk.name'

/** The desk: sign in, then work. The key stays in this tab's memory. */
export function DeskApp() {
  const [setup, setSetup] = useState<DeskSetup>()
  const [person, setPerson] = useState<DeskPerson>()
  const [error, setError] = useState('')
  const [attempt, setAttempt] = useState(0)

  useEffect(() => {
    setError('')
    fetchDesk().then(setSetup, (thrown: unknown) =>
      setError(thrown instanceof Error ? thrown.message : 'The desk could not be opened.'),
    )
  }, [attempt])

  const token = person?.token
  const client = useMemo(() => createClient(token === undefined ? {} : { token }), [token])
  if (setup !== undefined && person !== undefined) {
    return <DeskScreen client={client} setup={setup} person={person} onSignOut={() => setPerson(undefined)} />
  }
  return (
    <SignIn
      setup={setup}
      error={error}
      knownName={localStorage.getItem(nameKey) ?? ''}
      onRetry={() => setAttempt(attempt + 1)}
      onSignIn={(signed) => {
        localStorage.setItem(nameKey, signed.name)
        setPerson(signed)
      }}
    />
  )
}
