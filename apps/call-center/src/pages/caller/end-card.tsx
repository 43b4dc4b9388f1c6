import { useEffect, useRef, useState } from 'react'
import { fetchRecording, tellSolved, type Seat } from '../shared/demo-api.ts'
import { formatDuration } from '../shared/format.ts'
import type { Names } from '../shared/names.ts'
import type { TimelineRow } from '../shared/timeline-rows.ts'
import { transcriptFiles } from './transcript-files.ts'
import { summaryAuthor } from './summary-author.ts'
import { useSummary, type SummaryView } from './use-summary.ts'

/** How often a recording that is being finished is asked for, in ms. */
const recordingMs = 1_000
const recordingTries = 15

/** What is left when a conversation is over: a summary if there is something to sum up, and what may be kept of it. */
export function EndCard({
  rows,
  names,
  me,
  seat,
  startedMs,
  reason,
  wasCall,
  wasRecorded,
  onCallAgain,
  onLeave,
}: {
  rows: readonly TimelineRow[]
  names: Names
  me: string
  seat: Pick<Seat, 'roomId' | 'token'>
  startedMs: number
  reason: string | undefined
  wasCall: boolean
  wasRecorded: boolean
  /** Undefined where nobody can be called. */
  onCallAgain: (() => void) | undefined
  onLeave: () => void
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const hasAnswer = rows.some(
    (row) => row.kind === 'message' && row.speaker.id !== me && row.speaker.kind !== 'system' && !row.isInternal,
  )
  const view = useSummary(seat, hasAnswer)
  const last = rows.findLast((row) => row.kind === 'message')
  const lengthMs = last?.kind === 'message' ? Date.parse(last.at) - startedMs : 0
  return (
    <section aria-label="Summary" className="border-t border-line bg-surface px-4 py-5 sm:px-6">
      <div className="mx-auto max-w-3xl">
        <h2 ref={heading} tabIndex={-1} className="text-lg font-semibold outline-none">
          {wasCall ? 'The call has ended' : 'The conversation has ended'}
        </h2>
        {reason !== undefined && <p className="mt-2 text-sm text-bad">{reason}</p>}
        {hasAnswer && <SummaryFacts view={view} lengthMs={lengthMs} />}
        {hasAnswer && <Solved seat={seat} />}
        <div className="mt-4 flex flex-wrap gap-3">
          {onCallAgain !== undefined && (
            <button type="button" className="button button-primary button-tall" onClick={onCallAgain}>
              Call again
            </button>
          )}
          <button
            type="button"
            className={`button button-tall ${onCallAgain === undefined ? 'button-primary' : ''}`}
            onClick={onLeave}
          >
            New conversation
          </button>
          {hasAnswer && (
            <span className="flex flex-wrap items-center gap-2 text-sm">
              <span className="text-muted">Transcript</span>
              {transcriptFiles(rows, names, startedMs).map(({ name, type, text }) => (
                <button
                  key={name}
                  type="button"
                  className="button min-h-11 text-sm"
                  onClick={() => save(name, new Blob([text], { type }))}
                >
                  <span className="sr-only">Download transcript as </span>
                  {name.slice(name.lastIndexOf('.'))}
                </button>
              ))}
            </span>
          )}
          {wasRecorded && <Recording seat={seat} />}
        </div>
      </div>
    </section>
  )
}

function SummaryFacts({ view, lengthMs }: { view: SummaryView; lengthMs: number }) {
  if (view.status !== 'ready') {
    return (
      <p role="status" className="mt-3 text-sm text-muted">
        {view.status === 'writing'
          ? 'Writing the summary…'
          : 'There is no summary. The transcript has everything that was said.'}
      </p>
    )
  }
  const { reason, resolution, followUps, agents, lastAnswer, messageCount, label } = view.summary
  return (
    <dl className="mt-3 grid gap-x-6 gap-y-1 text-sm sm:grid-cols-[auto_1fr]">
      {reason !== '' && <Fact name="About" value={reason} />}
      {resolution !== '' && <Fact name="What was done" value={resolution} />}
      {followUps.length > 0 && <Fact name="What happens next" value={followUps.join(' ')} />}
      <Fact name="You spoke with" value={agents.join(', ')} />
      <Fact name="Last answer" value={lastAnswer} />
      <Fact name="Length" value={`${formatDuration(lengthMs)}, ${messageCount} messages`} />
      <Fact name="This summary" value={summaryAuthor(label)} />
    </dl>
  )
}

function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  // The browser has taken it with the click.
  setTimeout(() => URL.revokeObjectURL(url), 1_000)
}

function Solved({ seat }: { seat: Pick<Seat, 'roomId' | 'token'> }) {
  const [answer, setAnswer] = useState<boolean>()
  const [problem, setProblem] = useState('')
  const tell = (isSolved: boolean): void => {
    tellSolved(seat, isSolved).then(
      () => {
        setAnswer(isSolved)
        setProblem('')
      },
      () => setProblem('Your answer was not kept. Try again.'),
    )
  }
  return (
    <div role="group" aria-label="Did this solve it?" className="mt-4 flex flex-wrap items-center gap-3 text-sm">
      <span>Did this solve it?</span>
      {answer === undefined ? (
        <>
          <button type="button" className="button min-h-11 text-sm" onClick={() => tell(true)}>
            Yes
          </button>
          <button type="button" className="button min-h-11 text-sm" onClick={() => tell(false)}>
            Not yet
          </button>
        </>
      ) : (
        <span role="status">{answer ? 'Yes. Thank you.' : 'Not yet. Thank you, that is noted.'}</span>
      )}
      {problem !== '' && (
        <span role="alert" className="text-bad">
          {problem}
        </span>
      )}
    </div>
  )
}

/** The recording is finished when the call is: until then it is asked for again. */
function Recording({ seat }: { seat: Pick<Seat, 'roomId' | 'token'> }) {
  const [recording, setRecording] = useState<Blob | 'missing'>()
  const asked = useRef(seat)
  useEffect(() => {
    let tries = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const ask = (): void => {
      tries += 1
      void fetchRecording(asked.current)
        .catch(() => undefined) // not reached: asked again like one that is not ready
        .then((found) => {
          if (isOver) return
          if (found !== undefined) setRecording(found)
          else if (tries >= recordingTries) setRecording('missing')
          else timer = setTimeout(ask, recordingMs)
        })
    }
    ask()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [])
  if (recording === undefined) return <span className="self-center text-sm text-muted">Finishing the recording…</span>
  if (recording === 'missing') return <span className="self-center text-sm text-muted">There is no recording.</span>
  return (
    <button type="button" className="button button-tall" onClick={() => save('harbor-internet.wav', recording)}>
      Download recording
    </button>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="max-w-[68ch] wrap-anywhere">{value}</dd>
    </>
  )
}
