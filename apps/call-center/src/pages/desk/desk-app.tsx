import { createClient } from '@parley/client'
import { useEffect, useMemo, useState } from 'react'
import { fetchDesk, type DeskSetup } from '../shared/demo-api.ts'
import { DeskScreen } from './desk-screen.tsx'
import { isSeated, keepSeat, readDeskName } from './desk-storage.ts'
import { SignIn } from './sign-in.tsx'

/** Who sits at the desk, and with which key. */
export interface DeskPerson {
  name: string
  token: string | undefined
}

/** The desk: sign in, then work. The key stays in this tab's memory. */
export function DeskApp() {
  const [setup, setSetup] = useState<DeskSetup>()
  const [person, setPerson] = useState<DeskPerson>()
  const [error, setError] = useState('')
  const [attempt, setAttempt] = useState(0)

  useEffect(() => {
    setError('')
    const load = async (): Promise<void> => {
      const found = await fetchDesk()
      setSetup(found)
      // Where the server gives the key by itself, a reload needs nothing from the person.
      if (found.token !== undefined && isSeated()) setPerson({ name: readDeskName(), token: found.token })
    }
    load().catch((thrown: unknown) =>
      setError(thrown instanceof Error ? thrown.message : 'The desk could not be opened.'),
    )
  }, [attempt])
  const signOut = (): void => {
    keepSeat(undefined)
    setPerson(undefined)
  }

  const token = person?.token
  const client = useMemo(() => createClient(token === undefined ? {} : { token }), [token])
  if (setup !== undefined && person !== undefined) {
    return <DeskScreen client={client} setup={setup} person={person} onSignOut={signOut} />
  }
  return (
    <SignIn
      setup={setup}
      error={error}
      knownName={readDeskName()}
      onRetry={() => setAttempt(attempt + 1)}
      onSignIn={(signed) => {
        keepSeat(signed.name)
        setPerson(signed)
      }}
    />
  )
}
