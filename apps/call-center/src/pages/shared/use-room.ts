import type { Client, JoinOptions, RoomConnection, RoomUpdate } from '@parley/client'
import type { ConversationStateJson, Participant, RoomId } from '@parley/spec'
import { useEffect, useReducer, useRef, useState } from 'react'
import { reduceConnection, startConnection, type ConnectionState } from './connection-state.ts'
import { applyConversation, readConversation, type Conversation } from './conversation.ts'
import { emptyTimeline, reduceTimeline, withoutPending, type Timeline } from './timeline.ts'

/** A room as a page follows it. */
export interface RoomView {
  timeline: Timeline
  connection: ConnectionState
  conversation: Conversation | undefined
  /** The state as last read; it may be a moment behind `conversation`. */
  state: ConversationStateJson | undefined
  members: readonly Participant[]
  /** Undefined before the first render is done. */
  link: RoomConnection | undefined
  /** Reads the state again, after something that no event tells of. */
  refresh(): void
  /** Forgets a failed message that is written anew. */
  discard(key: string): void
}

type Change =
  | { type: 'update'; update: RoomUpdate; nowMs: number; me: string | undefined }
  | { type: 'discard'; key: string }
  | { type: 'reset' }

/** Follows a room until the page leaves it; the log comes without gap or repeat over any number of lost sockets. */
export function useRoom(client: Client, roomId: RoomId, me: string | undefined, join: JoinOptions): RoomView {
  const [timeline, change] = useReducer(reduce, emptyTimeline)
  const [connection, setConnection] = useState(() => startConnection(Date.now()))
  const [conversation, setConversation] = useState<Conversation>()
  const [state, setState] = useState<ConversationStateJson>()
  const [members, setMembers] = useState<readonly Participant[]>([])
  const [link, setLink] = useState<RoomConnection>()
  const options = useRef(join)
  options.current = join
  const reread = useRef<() => void>(undefined)

  useEffect(() => {
    const left = new AbortController()
    const opened = client.joinRoom(roomId, options.current)
    change({ type: 'reset' })
    setLink(opened)
    const readState = (): void => {
      const load = async (): Promise<void> => {
        const [read, people] = await Promise.all([
          client.rooms.state(roomId, { signal: left.signal }),
          client.rooms.members(roomId, { signal: left.signal }),
        ])
        setState(read)
        setConversation(readConversation(read))
        setMembers(people)
      }
      // Lost on the way: it is read again with the next change and after each reconnect.
      load().catch(() => undefined)
    }
    reread.current = readState
    const follow = (update: RoomUpdate): void => {
      change({ type: 'update', update, nowMs: Date.now(), me })
      if (update.type === 'ephemeral' && update.event.type === 'conversation') {
        setConversation((current) => applyConversation(current, update.event.data, update.event.at))
        readState()
      }
      if (update.type === 'event' && changesState.has(update.event.type)) readState()
      if (update.type !== 'status') return
      setConnection((current) =>
        reduceConnection(current, { status: update.status, nowMs: Date.now(), reason: update.error?.message }),
      )
      if (update.status === 'live') readState()
    }
    const types = ['event', 'delta', 'ephemeral', 'request', 'requestClosed', 'pending', 'status', 'error'] as const
    const disposers = types.map((type) => opened.on(type, follow))
    const retry = (): void => opened.reconnect()
    window.addEventListener('online', retry)
    return () => {
      left.abort()
      window.removeEventListener('online', retry)
      for (const dispose of disposers) dispose()
      opened.close()
    }
  }, [client, roomId, me])

  return {
    timeline,
    connection,
    conversation,
    state,
    members,
    link,
    refresh: () => reread.current?.(),
    discard: (key) => change({ type: 'discard', key }),
  }
}

const changesState: ReadonlySet<string> = new Set([
  'participantJoined',
  'participantUpdated',
  'phaseChanged',
  'modeChanged',
  'handoff',
  'system',
  'roomClosed',
  'roomReopened',
])

function reduce(timeline: Timeline, change: Change): Timeline {
  if (change.type === 'reset') return emptyTimeline
  return change.type === 'discard' ? withoutPending(timeline, change.key) : reduceTimeline(timeline, change)
}
