import type { Client } from '@parley/client'
import type { PendingRequest } from '@parley/spec'
import { useCallback, useEffect, useRef, useState } from 'react'
import { readCalls } from './read-calls.ts'
import { roomLabels, toLive, toWaiting, type LiveRoom, type WaitingRoom } from './desk-lists.ts'

const refreshMs = 2_000

/** What the desk has to do. */
export interface DeskWork {
  waiting: readonly WaitingRoom[]
  live: readonly LiveRoom[]
  /** Conversations that are over and not yet closed. */
  ended: readonly LiveRoom[]
  approvals: readonly PendingRequest[]
  /** Callers' names by room, as far as they are known. */
  labels: Readonly<Record<string, string>>
  /** Whether the lists were read at least once. */
  isLoaded: boolean
  /** Why the lists are not up to date. */
  error: string
  /** When they were last read, wall time in ms. */
  readMs: number
  refresh(): void
}

/** Reads queue, rooms and approvals again and again, and at once when asked. */
export function useDesk(client: Client): DeskWork {
  const [work, setWork] = useState<Omit<DeskWork, 'refresh'>>({
    waiting: [],
    live: [],
    ended: [],
    approvals: [],
    labels: {},
    isLoaded: false,
    error: '',
    readMs: Date.now(),
  })
  const wake = useRef<() => void>(undefined)

  useEffect(() => {
    const left = new AbortController()
    const { signal } = left
    const read = async (): Promise<void> => {
      try {
        const [entries, { rooms }, approvals] = await Promise.all([
          client.desk.queue({}, { signal }),
          client.rooms.list({ status: 'active', limit: 50 }, { signal }),
          client.requests.list({ kind: 'approval' }, { signal }),
        ])
        // After the rooms, so that a call that a room tells of is among them unless it is over.
        const calls = await readCalls(client, signal)
        const conversations = toLive(rooms, calls, Date.now())
        setWork({
          waiting: toWaiting(entries),
          live: conversations.filter(({ isOver }) => !isOver),
          ended: conversations.filter(({ isOver }) => isOver),
          approvals,
          labels: roomLabels(rooms),
          isLoaded: true,
          error: '',
          readMs: Date.now(),
        })
      } catch (thrown) {
        if (signal.aborted) return
        setWork((current) => ({
          ...current,
          error: thrown instanceof Error ? thrown.message : 'The lists could not be read.',
        }))
      }
    }
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        await read()
        await new Promise<void>((resolve) => {
          wake.current = resolve
          setTimeout(resolve, refreshMs)
        })
      }
    }
    void run()
    return () => {
      left.abort()
      wake.current?.()
    }
  }, [client])

  const refresh = useCallback(() => wake.current?.(), [])
  return { ...work, refresh }
}
