import { createClient } from '@parley/client'
import { useState } from 'react'
import { startCallStore, type CallStore } from '../shared/call/call-store.ts'
import { openMicrophone, type MicrophoneProblem } from '../shared/call/microphone.ts'
import { openSound } from '../shared/call/sound.ts'
import { openCall, openRoom, type Seat } from '../shared/demo-api.ts'
import { keepCall, type Call, type CallChoices } from './call-storage.ts'

/** How long a browser's question stands unanswered until the page points to it, in ms. */
const promptMs = 1_000

/** Whom to call, and how. */
export interface DialInput {
  person: string | undefined
  /** Without, the person listens and types. */
  hasMicrophone: boolean
  choices: CallChoices
  /** Whether calls may be recorded here. */
  records: boolean
  /** Goes on in this room, with its call where it has one. @default a new room */
  call?: Call
  /** The room before, for a new one that belongs to it. */
  after?: Pick<Seat, 'roomId' | 'token'>
}

/** How far a call is that is being placed. */
export interface Dialing {
  phase: 'ready' | 'asking-mic' | 'connecting'
  /** The browser's question stands unanswered. */
  isPromptOpen: boolean
  problem: MicrophoneProblem | undefined
  error: string
  /** Places a call; start it in the click itself. Undefined when it did not come about. */
  dial(input: DialInput): Promise<{ call: Call; store: CallStore } | undefined>
  /** Forgets a problem. */
  reset(): void
}

/** Places calls: sound and microphone in the click, then the room, then the call in it. */
export function useDial(): Dialing {
  const [phase, setPhase] = useState<Dialing['phase']>('ready')
  const [isPromptOpen, setPromptOpen] = useState(false)
  const [problem, setProblem] = useState<MicrophoneProblem>()
  const [error, setError] = useState('')

  const dial: Dialing['dial'] = async (input) => {
    // Before anything is waited for, since this is the click.
    const sound = openSound()
    const asked = input.hasMicrophone ? openMicrophone(input.choices.microphoneId) : undefined
    setProblem(undefined)
    setError('')
    let microphone: MediaStream | undefined
    if (asked !== undefined) {
      setPhase('asking-mic')
      const timer = setTimeout(() => setPromptOpen(true), promptMs)
      const answer = await asked
      clearTimeout(timer)
      setPromptOpen(false)
      if (!answer.ok) {
        sound.close()
        setPhase('ready')
        setProblem(answer.problem)
        return undefined
      }
      microphone = answer.stream
    }
    setPhase('connecting')
    sound.play('ring')
    try {
      return await connect(input, sound, microphone)
    } catch (thrown) {
      sound.close()
      for (const track of microphone?.getTracks() ?? []) track.stop()
      setError(thrown instanceof Error ? thrown.message : 'The call could not be placed. Try again.')
      return undefined
    } finally {
      setPhase('ready')
    }
  }
  return { phase, isPromptOpen, problem, error, dial, reset: () => setProblem(undefined) }
}

async function connect(
  { person, call: known, choices, records, after }: DialInput,
  sound: ReturnType<typeof openSound>,
  microphone: MediaStream | undefined,
): Promise<{ call: Call; store: CallStore }> {
  const seat: Call =
    known ??
    ({
      ...(await openRoom({ person, isCall: true, after })),
      startedMs: Date.now(),
      ...(person === undefined ? {} : { person }),
    } satisfies Call)
  const recording = records ? choices.isRecorded : undefined
  const live = known?.live ?? (await openCall(seat, { recording }))
  const store = await startCallStore({
    client: createClient({ token: seat.token }),
    sound,
    microphone,
    start: {
      roomId: seat.roomId,
      openCall: async () => live,
      takeover: known?.live !== undefined,
      ...(choices.isBrowserHearing && microphone !== undefined ? { recognition: 'browser' as const } : {}),
    },
  })
  const call: Call = { ...seat, live }
  keepCall(call)
  return { call, store }
}
