import type { ReactNode } from 'react'
import { formatCents, formatDuration, shortId } from '../shared/format.ts'
import { deskPersonName, type Names } from '../shared/names.ts'
import { useNow } from '../shared/use-now.ts'
import { callNote } from './call-note.ts'
import { requestedCents, waitLevel, type LiveRoom, type WaitingRoom } from './desk-lists.ts'
import { holderText } from './holder-text.ts'
import type { DeskWork } from './use-desk.ts'

const levelClass = { calm: 'text-muted', amber: 'text-warn', red: 'text-bad' } as const
const levelText = { calm: 'waits', amber: 'waits long', red: 'waits too long' } as const

/** Who waits, what goes on, what is to be decided. */
export function WorkLists({
  work,
  names,
  openId,
  cursor,
  notice,
  onOpen,
  onAccept,
}: {
  work: DeskWork
  names: Names
  openId: string | undefined
  cursor: string | undefined
  notice: string
  onOpen: (roomId: string) => void
  onAccept: (roomId: string) => void
}) {
  const nowMs = useNow(1_000)
  const { waiting, live, ended, approvals, labels, isLoaded } = work
  const label = (roomId: string): string => labels[roomId] ?? `room ${shortId(roomId)}`
  const item = { openId, cursor, onOpen }
  return (
    <nav
      aria-label="Work"
      className="flex flex-col gap-6 overflow-y-auto border-b border-line p-4 lg:border-r lg:border-b-0"
    >
      {notice !== '' && (
        <p data-notice className="rounded-md bg-sunken px-3 py-2 text-warn">
          {notice}
        </p>
      )}
      <List title="Waiting" count={waiting.length} empty={isLoaded ? 'Nobody waits.' : 'Reading…'}>
        {waiting.map((room) => (
          <Item
            key={room.roomId}
            {...item}
            roomId={room.roomId}
            kind="waiting"
            action={<AcceptButton room={room} onAccept={onAccept} />}
          >
            <span className="flex items-baseline justify-between gap-2">
              <span className="font-medium">
                {room.urgency === 'high' && <span className="text-bad">Urgent </span>}
                {label(room.roomId)}
              </span>
              <Wait sinceMs={room.sinceMs} nowMs={nowMs} />
            </span>
            <span className="block text-muted">{room.reason}</span>
          </Item>
        ))}
      </List>
      <List title="Approvals" count={approvals.length} empty={isLoaded ? 'Nothing to decide.' : 'Reading…'}>
        {approvals.map((request) => {
          const cents = requestedCents(request)
          return (
            <Item key={request.id} {...item} roomId={request.roomId} kind="approval">
              <span className="flex items-baseline justify-between gap-2">
                <span className="font-medium">
                  {cents === undefined ? (request.tool ?? 'A step') : `${formatCents(cents)} credit`}
                </span>
                <span className="font-mono text-xs text-muted">
                  {formatDuration(Date.parse(request.expiresAt) - nowMs)} left
                </span>
              </span>
              <span className="block text-muted">
                {label(request.roomId)} · asked by {names.agent(request.agentId)}
              </span>
            </Item>
          )
        })}
      </List>
      <List title="Live" count={live.length} empty={isLoaded ? 'No conversation goes on.' : 'Reading…'}>
        {live.map((room) => (
          <Item key={room.roomId} {...item} roomId={room.roomId} kind="live">
            <span className="flex items-baseline justify-between gap-2">
              <span className="font-medium">{label(room.roomId)}</span>
              <span className="font-mono text-xs text-muted">{formatDuration(nowMs - room.sinceMs)}</span>
            </span>
            <span className="block text-muted">
              {holderText({
                ...room,
                holder: room.claimedBy === undefined ? undefined : deskPersonName(room.claimedBy),
                names,
              })}
            </span>
            <CallWords room={room} nowMs={nowMs} />
          </Item>
        ))}
      </List>
      {ended.length > 0 && (
        <List title="Ended" count={ended.length} empty="">
          {ended.map((room) => (
            <Item key={room.roomId} {...item} roomId={room.roomId} kind="ended">
              <span className="font-medium">{label(room.roomId)}</span>
              <span className="block text-muted">{callNote(room, nowMs) ?? 'conversation ended'}</span>
            </Item>
          ))}
        </List>
      )}
    </nav>
  )
}

function CallWords({ room, nowMs }: { room: LiveRoom; nowMs: number }) {
  const note = callNote(room, nowMs)
  if (note === undefined) return null
  return (
    <span data-call-note className={`block ${room.lostUntilMs === undefined ? 'text-muted' : 'text-warn'}`}>
      {note}
    </span>
  )
}

function List({ title, count, empty, children }: { title: string; count: number; empty: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="label flex justify-between">
        {title} <span className="font-mono">{count}</span>
      </h2>
      {count === 0 ? (
        <p className="mt-2 text-muted">{empty}</p>
      ) : (
        <ul className="mt-2 flex flex-col gap-1">{children}</ul>
      )}
    </section>
  )
}

function Item({
  roomId,
  kind,
  openId,
  cursor,
  onOpen,
  action,
  children,
}: {
  roomId: string
  kind: string
  openId: string | undefined
  cursor: string | undefined
  onOpen: (roomId: string) => void
  action?: ReactNode
  children: ReactNode
}) {
  const isOpen = roomId === openId
  return (
    <li
      data-item={kind}
      data-room={roomId}
      className={`rounded-md border ${isOpen ? 'border-accent bg-surface' : cursor === roomId ? 'border-control bg-surface' : 'border-transparent hover:bg-sunken'}`}
    >
      <button
        type="button"
        aria-current={isOpen}
        className="block w-full rounded-md px-3 py-2 text-left"
        onClick={() => onOpen(roomId)}
      >
        {children}
      </button>
      {action}
    </li>
  )
}

function AcceptButton({ room, onAccept }: { room: WaitingRoom; onAccept: (roomId: string) => void }) {
  return (
    <div className="px-3 pb-2">
      <button type="button" className="button button-primary w-full" onClick={() => onAccept(room.roomId)}>
        Accept
      </button>
    </div>
  )
}

function Wait({ sinceMs, nowMs }: { sinceMs: number; nowMs: number }) {
  const waitMs = Math.max(0, nowMs - sinceMs)
  const level = waitLevel(waitMs)
  return (
    <span data-wait={level} className={`font-mono text-xs ${levelClass[level]}`}>
      {levelText[level]} {formatDuration(waitMs)}
    </span>
  )
}
