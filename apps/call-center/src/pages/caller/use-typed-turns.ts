import { useEffect, useState } from 'react'
import type { CallStore } from '../shared/call/call-store.ts'
import type { MessageRow, TimelineRow } from '../shared/timeline-rows.ts'

/** What is typed in a call: a turn like any other, shown as on its way until the log has it. */
export function useTypedTurns(
  store: CallStore | undefined,
  rows: readonly TimelineRow[],
  me: string,
): { waiting: readonly MessageRow[]; say(text: string): void } {
  const [sent, setSent] = useState<readonly (MessageRow & { before: number })[]>([])
  const typed = rows.filter((row) => row.kind === 'message' && row.speaker.id === me && row.source === 'typed').length
  useEffect(() => {
    setSent((all) => (all.some(({ before }) => before < typed) ? all.filter(({ before }) => before >= typed) : all))
  }, [typed])
  return {
    waiting: sent,
    say(text) {
      const id = store?.call?.text(text)
      if (id === undefined) return
      setSent((all) => [
        ...all,
        {
          kind: 'message',
          key: `typed:${id}`,
          speaker: { kind: 'person', id: me },
          text,
          at: new Date().toISOString(),
          status: 'pending',
          sources: [],
          isInternal: false,
          isEdited: false,
          before: typed + all.length,
        },
      ])
    },
  }
}
