import type { RoomConnection } from '@parley/client'
import { useEffect, useRef, useState } from 'react'
import type { MessageRow } from '../shared/timeline-rows.ts'
import { keepUnsent, readUnsent } from './call-storage.ts'

/** The prefix of rows that are our own, before the key they were sent with. */
export const ownPrefix = 'own:'

/** Sends what was on its way when the page was left, under the same keys; and remembers what is on its way now. */
export function useUnsent(link: RoomConnection | undefined, pending: readonly MessageRow[]): void {
  const [found] = useState(readUnsent)
  const isResent = useRef(false)
  useEffect(() => {
    if (link === undefined || isResent.current) return
    isResent.current = true
    for (const { key, text } of found) link.send(text, { idempotencyKey: key })
  }, [link, found])
  useEffect(() => {
    if (isResent.current) keepUnsent(pending.map(({ key, text }) => ({ key: key.slice(ownPrefix.length), text })))
  }, [pending])
}
