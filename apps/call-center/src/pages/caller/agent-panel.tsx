import type { ReactNode } from 'react'
import { LevelLine } from '../shared/call/level-line.tsx'
import type { LevelMeter } from '../shared/call/microphone.ts'
import type { AgentLine, Conversation } from '../shared/conversation.ts'
import type { AgentCard, DemoPerson } from '../shared/demo-api.ts'
import { formatDuration, formatSeconds } from '../shared/format.ts'
import type { Names } from '../shared/names.ts'
import type { TimelineRow } from '../shared/timeline-rows.ts'
import { HandoffPath } from './handoff-path.tsx'
import { lineText } from './line-text.ts'

/** Who helps at the moment, what they do, how the conversation came to them, and the way out. */
export function AgentPanel({
  conversation,
  line,
  names,
  agents,
  colleague,
  handoff,
  person,
  startedMs,
  nowMs,
  isEnded,
  meter,
  isRecorded,
  onEnd,
  children,
}: {
  conversation: Conversation | undefined
  line: AgentLine | undefined
  names: Names
  agents: readonly AgentCard[]
  colleague: string | undefined
  handoff: TimelineRow | undefined
  person: DemoPerson | undefined
  startedMs: number
  nowMs: number
  isEnded: boolean
  /** The caller's microphone, in a call. */
  meter: LevelMeter | undefined
  isRecorded: boolean
  /** Undefined where it is ended elsewhere. */
  onEnd: (() => void) | undefined
  /** What a call adds. */
  children?: ReactNode
}) {
  const card = agents.find(({ id }) => id === conversation?.agentId)
  const isHuman = conversation?.mode === 'human'
  const name = isHuman ? (colleague ?? 'A colleague') : (card?.name ?? 'Harbor Internet')
  const role = isHuman ? 'at the desk' : (card?.role ?? '')
  const colour = isHuman
    ? 'text-human'
    : card === undefined
      ? 'text-muted'
      : names.colour({ kind: 'agent', id: conversation?.agentId ?? '' })
  return (
    <aside
      aria-label="Who helps you"
      className="flex min-h-0 flex-wrap items-center gap-3 border-b border-line px-4 py-2 sm:px-6 lg:flex-col lg:flex-nowrap lg:items-stretch lg:gap-6 [@media(max-height:30rem)]:overflow-y-auto lg:overflow-y-auto lg:border-b-0 lg:py-6"
    >
      <div
        key={`${name} ${role}`}
        data-agent={isHuman ? 'human' : (conversation?.agentId ?? '')}
        data-agent-state={line?.state ?? 'connecting'}
        className="flex min-h-12 min-w-0 flex-1 animate-enter items-center gap-3 lg:flex-none"
      >
        <span
          aria-hidden
          className={`flex size-11 shrink-0 items-center justify-center rounded-full border-2 border-current bg-surface text-base font-semibold ${colour}`}
        >
          {name.charAt(0)}
        </span>
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-baseline gap-x-2">
            <span className={`font-semibold ${colour}`}>{name}</span>
            <span className="text-sm text-muted">{role}</span>
          </p>
          <p data-line className="flex gap-2 text-sm text-muted">
            <span className="min-w-0 truncate lg:whitespace-normal">
              {isEnded ? 'the conversation has ended' : line === undefined ? 'connecting' : lineText(line, colleague)}
            </span>
            {line?.state === 'checking' && (
              <span className="font-mono text-xs leading-5">{formatSeconds(nowMs - line.startedMs)}</span>
            )}
          </p>
        </div>
        {meter !== undefined && <LevelLine meter={meter} />}
        {isRecorded && <span className="pill text-bad max-sm:hidden">recorded</span>}
        {!isEnded && <Elapsed ms={nowMs - startedMs} />}
      </div>
      <div className="hidden lg:block">
        <HandoffPath
          handoff={handoff?.kind === 'handoff' ? handoff : undefined}
          names={names}
          colleague={isHuman ? colleague : undefined}
        />
      </div>
      {person !== undefined && <PersonHint person={person} isShort={meter !== undefined} />}
      {children !== undefined && children !== false && <div className="w-full lg:mt-auto">{children}</div>}
      <div className={`shrink-0 lg:mt-auto ${onEnd === undefined ? 'hidden' : ''}`}>
        {isEnded || isHuman || onEnd === undefined ? null : (
          <button type="button" className="button button-tall text-sm" onClick={onEnd}>
            <span>
              End<span className="max-lg:sr-only"> conversation</span>
            </span>
          </button>
        )}
      </div>
    </aside>
  )
}

function Elapsed({ ms }: { ms: number }) {
  return (
    <span className="font-mono text-sm text-muted max-sm:hidden">
      <span className="sr-only">Time so far </span>
      {formatDuration(ms)}
    </span>
  )
}

function PersonHint({ person, isShort }: { person: DemoPerson; isShort: boolean }) {
  return (
    <div className="hidden rounded-md bg-sunken px-4 py-3 text-sm lg:block">
      <p className={isShort ? 'sr-only' : 'label'}>You are</p>
      <p className={`font-medium ${isShort ? '' : 'mt-1'}`}>
        {person.firstName} {person.lastName}
      </p>
      {!isShort && <p className="mt-1 text-muted">{person.story}</p>}
      <dl
        className={`grid gap-x-4 font-mono text-xs text-muted ${isShort ? 'mt-1 grid-cols-[repeat(4,auto)] justify-start' : 'mt-3 grid-cols-[auto_1fr]'}`}
      >
        <dt>account</dt>
        <dd>{person.number}</dd>
        <dt>PIN</dt>
        <dd>{person.pin}</dd>
      </dl>
    </div>
  )
}
