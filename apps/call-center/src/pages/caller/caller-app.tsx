import { useEffect, useState } from 'react'
import {
  fetchModel,
  fetchPeople,
  openRoom,
  type AgentCard,
  type DemoPerson,
  type ModelInfo,
} from '../shared/demo-api.ts'
import { keepCall, keepDraft, keepUnsent, readCall, type Call } from './call-storage.ts'
import { CallerHeader } from './caller-header.tsx'
import { Conversation } from './conversation.tsx'
import { StartScreen } from './start-screen.tsx'

interface Setup {
  people: DemoPerson[]
  agents: AgentCard[]
}

/** The caller page: who to be, then the conversation. */
export function CallerApp() {
  const [setup, setSetup] = useState<Setup>()
  const [model, setModel] = useState<ModelInfo>()
  const [call, setCall] = useState<Call | undefined>(readCall)
  const [isOpening, setOpening] = useState(false)
  const [error, setError] = useState('')
  const [attempt, setAttempt] = useState(0)

  useEffect(() => {
    setError('')
    const load = async (): Promise<void> => {
      const [people, info] = await Promise.all([fetchPeople(), fetchModel()])
      setSetup(people)
      setModel(info)
    }
    load().catch((thrown: unknown) => setError(messageOf(thrown)))
  }, [attempt])

  const start = async (person: string | undefined): Promise<void> => {
    setOpening(true)
    setError('')
    try {
      const seat = await openRoom(person)
      const opened: Call = { ...seat, startedMs: Date.now(), ...(person === undefined ? {} : { person }) }
      keepCall(opened)
      setCall(opened)
    } catch (thrown) {
      setError(messageOf(thrown))
    }
    setOpening(false)
  }
  const leave = (): void => {
    keepCall(undefined)
    keepDraft('')
    keepUnsent([])
    setCall(undefined)
  }

  const header = <CallerHeader model={model} />
  if (call !== undefined) {
    const person = setup?.people.find(({ key }) => key === call.person)
    return (
      <Conversation
        key={call.roomId}
        call={call}
        person={person}
        agents={setup?.agents ?? []}
        header={header}
        onLeave={leave}
      />
    )
  }
  return (
    <div data-call={isOpening ? 'connecting' : 'ready'} className="flex min-h-full flex-col">
      {header}
      <StartScreen
        people={setup?.people}
        isOpening={isOpening}
        error={error}
        onReload={() => setAttempt(attempt + 1)}
        onStart={(key) => void start(key)}
      />
    </div>
  )
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'Something went wrong. Try again.'
}
