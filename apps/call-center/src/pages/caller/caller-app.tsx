import { useEffect, useState } from 'react'
import type { CallStore } from '../shared/call/call-store.ts'
import {
  fetchModel,
  fetchPeople,
  openRoom,
  type AgentCard,
  type DemoPerson,
  type ModelInfo,
} from '../shared/demo-api.ts'
import { keepCall, keepDraft, keepUnsent, readCall, type Call, type CallChoices } from './call-storage.ts'
import { CallerHeader } from './caller-header.tsx'
import { Conversation } from './conversation.tsx'
import { StartScreen } from './start-screen.tsx'
import { useChoices } from './use-choices.ts'
import { useDial } from './use-dial.ts'

interface Setup {
  people: DemoPerson[]
  agents: AgentCard[]
}

/** The caller page: who to be, then the call or the conversation. */
export function CallerApp() {
  const [setup, setSetup] = useState<Setup>()
  const [model, setModel] = useState<ModelInfo>()
  const [call, setCall] = useState<Call | undefined>(readCall)
  const [store, setStore] = useState<CallStore>()
  const [choices, choose] = useChoices()
  const dialing = useDial()
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

  const forget = (): void => {
    keepCall(undefined)
    keepDraft('')
    keepUnsent([])
  }
  const type = async (person: string | undefined): Promise<void> => {
    setOpening(true)
    setError('')
    dialing.reset()
    try {
      const seat = await openRoom({ person, isCall: false })
      const opened: Call = { ...seat, startedMs: Date.now(), ...(person === undefined ? {} : { person }) }
      keepCall(opened)
      setStore(undefined)
      setCall(opened)
    } catch (thrown) {
      setError(messageOf(thrown))
    }
    setOpening(false)
  }
  /** Everything up to the browser's question happens in the click. */
  const dial = async (
    input: { person: string | undefined; hasMicrophone: boolean; call?: Call; after?: Call },
    changes: Partial<CallChoices> = {},
  ): Promise<void> => {
    setError('')
    const placed = await dialing.dial({
      ...input,
      choices: { ...choices, ...changes },
      records: model?.voice?.records ?? false,
    })
    if (placed === undefined) {
      // What was to be taken up again is not there any more.
      if (input.call?.live !== undefined) drop(input.call)
      return
    }
    if (input.after !== undefined) {
      keepDraft('')
      keepUnsent([])
    }
    setStore(placed.store)
    setCall(placed.call)
  }
  const drop = ({ live: _live, ...rest }: Call): void => {
    keepCall(rest)
    setCall(rest)
  }

  const header = <CallerHeader model={model} />
  const isVoice = model?.voice !== undefined
  if (call !== undefined) {
    const person = setup?.people.find(({ key }) => key === call.person)
    return (
      <Conversation
        key={call.roomId}
        call={call}
        store={store}
        person={person}
        agents={setup?.agents ?? []}
        header={header}
        choices={choices}
        dialing={dialing}
        canCall={isVoice}
        onChoose={choose}
        onDropped={() => drop(call)}
        onCallAgain={(isSameRoom, hasMicrophone = true) => {
          const { live: _live, ...seat } = call
          void dial({ person: call.person, hasMicrophone, ...(isSameRoom ? { call: seat } : { after: call }) })
        }}
        onMove={() => void dial({ person: call.person, hasMicrophone: true, call })}
        onLeave={() => {
          forget()
          setStore(undefined)
          setCall(undefined)
        }}
      />
    )
  }
  return (
    <div data-call={isOpening ? 'connecting' : dialing.phase} className="flex min-h-full flex-col">
      {header}
      <StartScreen
        people={setup?.people}
        model={model}
        dialing={dialing}
        isOpening={isOpening}
        error={error}
        choices={choices}
        onChoose={choose}
        onReload={() => setAttempt(attempt + 1)}
        onCall={(person, hasMicrophone, changes = {}) => {
          if (Object.keys(changes).length > 0) choose(changes)
          void dial({ person, hasMicrophone }, changes)
        }}
        onType={(person) => void type(person)}
      />
    </div>
  )
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'Something went wrong. Try again.'
}
