import { useEffect, useRef, useState } from 'react'
import type { CallSummary, SummaryReply } from '../../workflows/call-summary.ts'
import { fetchSummary, type Seat } from '../shared/demo-api.ts'

/** How often a summary that is being written is asked for, in ms, and for how long: a model may take its time. */
const askMs = 500
const tries = 90
/** How often it may be none yet: the conversation may have ended on this page before it has on the server. */
const beginTries = 10

/** A summary, or why there is none to be seen. */
export type SummaryView = { status: 'ready'; summary: CallSummary } | { status: 'writing' | 'missing' }

/** The summary that is kept with the room, asked for until it is written. */
export function useSummary(seat: Pick<Seat, 'roomId' | 'token'>, isWanted: boolean): SummaryView {
  const [view, setView] = useState<SummaryView>({ status: 'writing' })
  const asked = useRef(seat)
  useEffect(() => {
    if (!isWanted) return
    let tried = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const ask = (): void => {
      tried += 1
      void fetchSummary(asked.current)
        .catch(() => undefined) // not reached: asked again like one that is not written
        .then((reply) => {
          if (isOver) return
          if (reply?.status === 'ready') setView(reply)
          else if (isMissing(reply?.status, tried)) setView({ status: 'missing' })
          else timer = setTimeout(ask, askMs)
        })
    }
    ask()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [isWanted])
  return view
}

function isMissing(status: SummaryReply['status'] | undefined, tried: number): boolean {
  if (status === 'failed' || status === 'empty') return true
  return tried >= (status === 'none' ? beginTries : tries)
}
