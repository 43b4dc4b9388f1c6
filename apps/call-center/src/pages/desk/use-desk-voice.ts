import type { CallStartOptions, Client } from '@parley/client'
import { useEffect, useRef, useState } from 'react'
import { startCallStore, type CallStore } from '../shared/call/call-store.ts'
import type { CallView } from '../shared/call/call-view.ts'
import { openMicrophone } from '../shared/call/microphone.ts'
import { openSound } from '../shared/call/sound.ts'
import { useCallView } from '../shared/call/use-call-view.ts'
import { errorText } from './desk-errors.ts'

/** What a colleague does on a live call. */
export type DeskMode = NonNullable<CallStartOptions['mode']>

/** A colleague's own line into a call. */
export interface DeskVoice {
  /** Undefined: not on the line. */
  mode: DeskMode | undefined
  isJoining: boolean
  store: CallStore | undefined
  view: CallView | undefined
  /** Goes onto the line, or does something else on it; call it in the click itself. */
  join(mode: DeskMode): Promise<void>
  leave(): void
}

/** The colleague's line into the live call of a room. */
export function useDeskVoice({
  client,
  roomId,
  me,
  name,
  onProblem,
}: {
  client: Client
  roomId: string
  me: string
  name: string
  onProblem: (text: string) => void
}): DeskVoice {
  const [leg, setLeg] = useState<{ mode: DeskMode; store: CallStore }>()
  const [isJoining, setJoining] = useState(false)
  const current = useRef(leg)
  current.current = leg
  const view = useCallView(leg?.store)
  const isOver = view?.phase === 'ended'
  useEffect(() => {
    if (isOver) setLeg(undefined)
  }, [isOver])
  // Who leaves the room's page leaves its call.
  useEffect(() => () => current.current?.store.hangUp(), [])

  const join = async (mode: DeskMode): Promise<void> => {
    const sound = openSound()
    const asked = mode === 'monitor' ? undefined : openMicrophone()
    setJoining(true)
    onProblem('')
    try {
      const answer = await asked
      if (answer?.ok === false) throw new Error(answer.problem.message)
      await client.rooms.addMember(roomId, { participantId: me, displayName: name })
      current.current?.store.hangUp()
      const store = await startCallStore({
        client,
        sound,
        microphone: answer?.stream,
        start: { roomId, participantId: me, mode },
      })
      setLeg({ mode, store })
    } catch (thrown) {
      sound.close()
      onProblem(errorText(thrown))
    }
    setJoining(false)
  }
  return {
    mode: isOver ? undefined : leg?.mode,
    isJoining,
    store: isOver ? undefined : leg?.store,
    view,
    join,
    leave: () => leg?.store.hangUp(),
  }
}
