import type { Client } from '@parley/client'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { DeskSetup } from '../shared/demo-api.ts'
import { createNames, deskPersonId, deskPersonName } from '../shared/names.ts'
import { ShortcutList } from '../shared/shortcut-list.tsx'
import { ThemeSwitch } from '../shared/theme-switch.tsx'
import { useShortcuts } from '../shared/use-shortcuts.ts'
import type { DeskPerson } from './desk-app.tsx'
import { deskTitle } from './desk-lists.ts'
import { errorText, takenBy } from './desk-errors.ts'
import { RoomView, type RoomViewHandle } from './room-view.tsx'
import { useOpenRoom } from './use-open-room.ts'
import { useDesk } from './use-desk.ts'
import { WorkLists } from './work-lists.tsx'

const keys = [
  ['J / K', 'Next, previous room'],
  ['Enter', 'Open it'],
  ['A', 'Accept the first that waits'],
  ['O', 'Take over'],
  ['H', 'Hand back'],
  ['R', 'Reply'],
  ['N', 'Note'],
  ['/', 'Canned replies'],
  ['L', 'Listen in to the call'],
  ['W', 'Whisper to who has the call'],
  ['B', 'Speak to all'],
  ['M', 'Mute your microphone'],
  ['E', 'End'],
  ['?', 'This list'],
] as const

/** Lists on the left, the open room beside them. */
export function DeskScreen({
  client,
  setup,
  person,
  onSignOut,
}: {
  client: Client
  setup: DeskSetup
  person: DeskPerson
  onSignOut: () => void
}) {
  const work = useDesk(client)
  const me = useMemo(() => deskPersonId(person.name), [person.name])
  const [openId, setOpenId] = useOpenRoom()
  const [cursor, setCursor] = useState<string>()
  const [notice, setNotice] = useState('')
  const [isListOpen, setListOpen] = useState(false)
  const room = useRef<RoomViewHandle>(null)
  const agentNames = useMemo(() => createNames(setup.agents, [], me), [setup.agents, me])
  const { waiting, live, ended, approvals } = work

  useEffect(() => {
    document.title = deskTitle(waiting, approvals)
  }, [waiting, approvals])

  const order = [...new Set([...waiting, ...approvals, ...live, ...ended].map(({ roomId }) => roomId))]
  const move = (by: number): void => {
    const at = order.indexOf(cursor ?? openId ?? '')
    setCursor(order[Math.min(Math.max(at + by, 0), order.length - 1)])
  }
  const open = (roomId: string): void => {
    setNotice('')
    setOpenId(roomId)
    setCursor(roomId)
  }
  const accept = async (roomId: string): Promise<void> => {
    setNotice('')
    try {
      await client.rooms.addMember(roomId, { participantId: me, displayName: person.name })
      await client.desk.claim(roomId, { participantId: me })
      open(roomId)
    } catch (thrown) {
      const other = takenBy(thrown)
      setNotice(other === undefined ? errorText(thrown) : `Taken by ${deskPersonName(other)}`)
    }
    work.refresh()
  }
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    Enter: () => cursor !== undefined && open(cursor),
    a: () => {
      const [first] = waiting
      if (first !== undefined) void accept(first.roomId)
    },
    o: () => room.current?.act('takeOver'),
    h: () => room.current?.act('handBack'),
    r: () => room.current?.act('reply'),
    n: () => room.current?.act('note'),
    '/': () => room.current?.act('canned'),
    l: () => room.current?.act('monitor'),
    w: () => room.current?.act('whisper'),
    b: () => room.current?.act('barge'),
    m: () => room.current?.act('mute'),
    e: () => room.current?.act('end'),
    '?': () => setListOpen(true),
    Escape: () => {
      setListOpen(false)
      room.current?.act('escape')
    },
  })

  return (
    <div data-desk="open" className="flex min-h-dvh flex-col text-sm lg:h-dvh">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-surface px-4 py-2">
        <h1 className="mr-auto flex items-center gap-3 text-base font-semibold">
          <img src="/favicon.svg" alt="" width="24" height="24" />
          Desk
        </h1>
        <span className="pill text-human">{person.name}</span>
        <ThemeSwitch />
        <button type="button" className="button button-quiet" onClick={onSignOut}>
          Sign out
        </button>
      </header>
      {work.error !== '' && (
        <p role="alert" data-banner="desk-offline" className="border-b border-line bg-sunken px-4 py-2">
          <strong className="text-warn">Not up to date.</strong> {work.error} Trying again.
        </p>
      )}
      <div className="grid min-h-0 flex-1 lg:grid-cols-[17rem_minmax(0,1fr)]">
        <WorkLists
          work={work}
          names={agentNames}
          openId={openId}
          cursor={cursor}
          notice={notice}
          onOpen={open}
          onAccept={(id) => void accept(id)}
        />
        {openId === undefined ? (
          <main className="hidden items-center justify-center p-8 text-muted lg:flex">
            {live.length + waiting.length === 0
              ? 'Nobody is writing at the moment.'
              : 'Choose a conversation on the left.'}
          </main>
        ) : (
          <RoomView
            key={openId}
            ref={room}
            roomId={openId}
            client={client}
            setup={setup}
            person={person}
            me={me}
            approvals={approvals.filter(({ roomId }) => roomId === openId)}
            call={[...live, ...ended].find(({ roomId }) => roomId === openId)}
            onChanged={work.refresh}
            onAccept={() => accept(openId)}
          />
        )}
      </div>
      <p role="status" className="sr-only">
        {notice}
      </p>
      {isListOpen && <ShortcutList keys={keys} onClose={() => setListOpen(false)} />}
    </div>
  )
}
