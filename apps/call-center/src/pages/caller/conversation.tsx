import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { agentLine } from '../shared/conversation.ts'
import { endRoom, type AgentCard, type DemoPerson } from '../shared/demo-api.ts'
import { LiveRegions } from '../shared/live-regions.tsx'
import { createNames } from '../shared/names.ts'
import { ReconnectBanner } from '../shared/reconnect-banner.tsx'
import { ShortcutList } from '../shared/shortcut-list.tsx'
import { shownRows } from '../shared/timeline.ts'
import type { MessageRow } from '../shared/timeline-rows.ts'
import { useNow } from '../shared/use-now.ts'
import { useRoom } from '../shared/use-room.ts'
import { useShortcuts } from '../shared/use-shortcuts.ts'
import { AgentPanel } from './agent-panel.tsx'
import type { Call } from './call-storage.ts'
import { Composer, type ComposerHandle } from './composer.tsx'
import { EndCard } from './end-card.tsx'
import { lineText, statusText } from './line-text.ts'
import { MessageList } from './message-list.tsx'
import { RequestPanel } from './request-panel.tsx'
import { useSeat } from './use-seat.ts'
import { ownPrefix, useUnsent } from './use-unsent.ts'

const keys = [
  ['T', 'Type'],
  ['End', 'To the newest message'],
  ['?', 'This list'],
  ['Esc', 'Close what is on top'],
] as const

/** The conversation: who helps, what was said, and the field to write in. */
export function Conversation({
  call,
  person,
  agents,
  header,
  onLeave,
}: {
  call: Call
  person: DemoPerson | undefined
  agents: readonly AgentCard[]
  header: ReactNode
  onLeave: () => void
}) {
  const { roomId, participantId: me } = call
  const { client, getToken } = useSeat(call)
  const { timeline, connection, conversation, members, link, refresh, discard } = useRoom(client, roomId, me, {
    getToken,
  })
  useUnsent(link, timeline.pending)
  const composer = useRef<ComposerHandle>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const [isListOpen, setListOpen] = useState(false)
  const [problem, setProblem] = useState('')
  const isEnded = timeline.isClosed || connection.status === 'closed' || conversation?.phase === 'wrapup'
  const nowMs = useNow(1_000, !isEnded)
  const names = useMemo(() => createNames(agents, members, me), [agents, members, me])
  const line = conversation && agentLine(conversation, timeline, me, nowMs)
  const colleague = conversation?.human?.id === undefined ? undefined : names.person(conversation.human.id)

  useShortcuts({
    t: () => composer.current?.focus(),
    '?': () => setListOpen(true),
    Escape: () => setListOpen(false),
  })
  useEffect(() => heading.current?.focus(), [])

  const send = (text: string, idempotencyKey?: string): void => {
    setProblem('')
    link?.send(text, idempotencyKey === undefined ? {} : { idempotencyKey })
  }
  const retry = ({ key, text }: MessageRow): void => send(text, key.slice(ownPrefix.length))
  const edit = (row: MessageRow): void => {
    discard(row.key)
    composer.current?.write(row.text)
  }
  const end = (): void => {
    endRoom({ roomId, token: getToken() }).then(refresh, (thrown: unknown) =>
      setProblem(thrown instanceof Error ? thrown.message : 'The conversation could not be ended.'),
    )
  }
  // While a tool waits for an answer, the question stands for it.
  const askedKeys = new Set(timeline.requests.map(({ callId }) => `tool:${callId}`))
  const rows = shownRows(timeline).filter(({ key }) => !askedKeys.has(key))
  const failed = timeline.pending.find(({ status }) => status === 'failed')
  const state = isEnded
    ? 'ended'
    : connection.status === 'live'
      ? 'live'
      : connection.wasLive
        ? 'reconnecting'
        : 'connecting'
  const hasSpoken = rows.some((row) => row.kind === 'message' && row.speaker.id === me)

  return (
    <div data-call={state} data-room={roomId} className="flex h-dvh flex-col">
      {header}
      {connection.wasLive && <ReconnectBanner connection={connection} onRetry={() => link?.reconnect()} />}
      <main className="grid min-h-0 w-full flex-1 grid-rows-[auto_minmax(0,1fr)] lg:grid-cols-[20rem_minmax(0,1fr)] lg:grid-rows-1">
        <h1 ref={heading} tabIndex={-1} className="sr-only">
          Conversation with Harbor Internet
        </h1>
        <AgentPanel
          conversation={conversation}
          line={line}
          names={names}
          agents={agents}
          colleague={colleague}
          handoff={timeline.rows.findLast((row) => row.kind === 'handoff')}
          person={person}
          startedMs={call.startedMs}
          nowMs={nowMs}
          isEnded={isEnded}
          onEnd={end}
        />
        <section aria-label="Conversation" className="flex min-h-0 flex-col border-line lg:border-l">
          <MessageList
            rows={rows}
            names={names}
            me={me}
            typing={timeline.typing.filter((id) => id !== me)}
            heardCount={timeline.heardCount}
            onRetry={retry}
            onEdit={edit}
          />
          {isEnded ? (
            <EndCard
              rows={timeline.rows}
              names={names}
              me={me}
              startedMs={call.startedMs}
              reason={connection.reason}
              onLeave={onLeave}
            />
          ) : (
            <div className="border-t border-line bg-surface px-4 pt-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6 lg:py-4">
              <div className="mx-auto flex max-w-3xl flex-col gap-3">
                {timeline.requests.map((request) => (
                  <RequestPanel
                    key={request.id}
                    request={request}
                    client={client}
                    asker={names.agent(request.agentId)}
                  />
                ))}
                {person !== undefined && (
                  <p className="font-mono text-xs text-muted lg:hidden">
                    {person.firstName}: account {person.number}, PIN {person.pin}
                  </p>
                )}
                <Composer
                  ref={composer}
                  suggestion={hasSpoken ? undefined : person?.firstWords}
                  isEnabled={link !== undefined}
                  onSend={(text) => send(text)}
                  onTyping={(isTyping) => link?.typing(isTyping)}
                />
              </div>
            </div>
          )}
        </section>
      </main>
      <LiveRegions
        rows={timeline.rows}
        nameOf={(row) => names.speaker(row.speaker)}
        status={statusText(state, conversation, names, line && lineText(line, colleague))}
        alert={
          problem !== '' ? problem : failed === undefined ? '' : `Your message was not sent. ${failed.error ?? ''}`
        }
      />
      {problem !== '' && <p className="border-t border-line bg-surface px-6 py-2 text-sm text-bad">{problem}</p>}
      {isListOpen && <ShortcutList keys={keys} onClose={() => setListOpen(false)} />}
    </div>
  )
}
