import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import type { CallStore } from '../shared/call/call-store.ts'
import { matchRows, nothingSpoken } from '../shared/call/spoken-words.ts'
import { useCallView } from '../shared/call/use-call-view.ts'
import { agentLine, voiceLine } from '../shared/conversation.ts'
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
import { CallBanners, CallGoneBanner } from './call-banners.tsx'
import type { CallLayer } from './call-controls.tsx'
import { CallPanel } from './call-panel.tsx'
import type { Call, CallChoices } from './call-storage.ts'
import { Composer, type ComposerHandle } from './composer.tsx'
import { EndCard } from './end-card.tsx'
import { lineText, statusText } from './line-text.ts'
import { MessageList } from './message-list.tsx'
import { MicrophoneProblemPanel } from './microphone-problem.tsx'
import { RequestPanel } from './request-panel.tsx'
import type { Dialing } from './use-dial.ts'
import { useMicrophoneWatch } from './use-microphone-watch.ts'
import { useSeat } from './use-seat.ts'
import { useTypedTurns } from './use-typed-turns.ts'
import { ownPrefix, useUnsent } from './use-unsent.ts'
import { useWakeLock } from './use-wake-lock.ts'

const textKeys = [
  ['T', 'Type'],
  ['End', 'To the newest message'],
  ['?', 'This list'],
  ['Esc', 'Close what is on top'],
] as const
const callKeys = [['M', 'Mute'], ['K', 'Keypad'], ['C', 'Captions'], ['Shift+H', 'Hang up'], ...textKeys] as const

/** Reasons of an end after which the conversation may go on in writing. */
const unwanted: ReadonlySet<string> = new Set(['lost', 'error', 'takenOver', 'shutdown'])

/** The conversation: who helps, what was said, and how to answer: by voice, by keys, in writing. */
export function Conversation({
  call,
  store,
  person,
  agents,
  header,
  choices,
  dialing,
  canCall,
  onChoose,
  onDropped,
  onCallAgain,
  onMove,
  onLeave,
}: {
  call: Call
  store: CallStore | undefined
  person: DemoPerson | undefined
  agents: readonly AgentCard[]
  header: ReactNode
  choices: CallChoices
  dialing: Dialing
  canCall: boolean
  onChoose: (changes: Partial<CallChoices>) => void
  onDropped: () => void
  onCallAgain: (isSameRoom: boolean, hasMicrophone?: boolean) => void
  onMove: () => void
  onLeave: () => void
}) {
  const { roomId, participantId: me } = call
  const { client, getToken } = useSeat(call)
  const { timeline, connection, conversation, members, link, refresh, discard } = useRoom(client, roomId, me, {
    getToken,
  })
  const view = useCallView(store)
  const isCalling = view !== undefined && view.phase !== 'ended'
  useUnsent(link, timeline.pending)
  useWakeLock(isCalling)
  const typed = useTypedTurns(isCalling ? store : undefined, timeline.rows, me)
  const { isUnheard, isTalkingMuted } = useMicrophoneWatch(store)
  const composer = useRef<ComposerHandle>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const [isListOpen, setListOpen] = useState(false)
  const [layer, setLayer] = useState<CallLayer>()
  const [isTyping, setTyping] = useState(false)
  const [problem, setProblem] = useState('')
  const outcome = view?.ended
  const isHungUp = outcome !== undefined && !unwanted.has(outcome.reason)
  const isEnded = isHungUp || timeline.isClosed || connection.status === 'closed' || conversation?.phase === 'wrapup'
  const nowMs = useNow(1_000, !isEnded)
  const names = useMemo(() => createNames(agents, members, me), [agents, members, me])
  const told = conversation && agentLine(conversation, timeline, me, nowMs)
  const line = told && isCalling ? voiceLine(told, view.agentState) : told
  const colleague = conversation?.human?.id === undefined ? undefined : names.person(conversation.human.id)

  useShortcuts({
    t: () => {
      setTyping(true)
      composer.current?.focus()
    },
    '?': () => setListOpen(true),
    Escape: () => {
      if (isListOpen) setListOpen(false)
      else setLayer(undefined)
    },
  })
  useEffect(() => heading.current?.focus(), [store])
  useEffect(() => {
    if (isTyping) composer.current?.focus()
  }, [isTyping])

  const send = (text: string, idempotencyKey?: string): void => {
    setProblem('')
    if (isCalling) typed.say(text)
    else link?.send(text, idempotencyKey === undefined ? {} : { idempotencyKey })
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
  // Whoever hung up, the conversation is over with the call; one that was lost may go on.
  useEffect(() => {
    if (outcome === undefined) return
    setLayer(undefined)
    if (isHungUp) end()
    else if (outcome.reason !== 'takenOver') onDropped()
  }, [outcome])

  // While a tool waits for an answer, the question stands for it.
  const askedKeys = new Set(timeline.requests.map(({ callId }) => `tool:${callId}`))
  // In a call, captions tell what is being said; the log tells what was heard of it.
  const shown = isCalling ? { ...timeline, live: [] } : timeline
  const rows = [...shownRows(shown), ...typed.waiting].filter(({ key }) => !askedKeys.has(key))
  const spoken = matchRows(view?.spoken ?? nothingSpoken, timeline.rows)
  const trouble = problem === '' ? dialing.error : problem
  const failed = timeline.pending.find(({ status }) => status === 'failed')
  const isDialing = dialing.phase !== 'ready'
  const state = isDialing
    ? dialing.phase
    : isEnded
      ? 'ended'
      : isCalling
        ? view.phase
        : connection.status === 'live'
          ? 'live'
          : connection.wasLive
            ? 'reconnecting'
            : 'connecting'
  const hasSpoken = rows.some((row) => row.kind === 'message' && row.speaker.id === me)
  const isQuiet = isCalling && !choices.isReadAloud
  const requests = timeline.requests.filter(({ kind, sensitive }) => !(isCalling && kind === 'input' && sensitive))
  const gone =
    isCalling || isEnded
      ? undefined
      : outcome !== undefined && outcome.reason !== 'takenOver'
        ? ({ how: 'dropped', afterMs: view?.startedMs === undefined ? 0 : view.sinceMs - view.startedMs } as const)
        : call.live !== undefined
          ? ({ how: 'elsewhere' } as const)
          : undefined

  return (
    <div
      data-call={state}
      data-mode={isCalling ? 'voice' : 'text'}
      data-recording={view?.recording ?? 'off'}
      data-room={roomId}
      className="flex h-dvh flex-col"
    >
      {header}
      {isCalling && (
        <CallBanners
          view={view}
          isUnheard={isUnheard}
          isTalkingMuted={isTalkingMuted}
          joined={conversation?.mode === 'agent' ? (view.bridge?.participants ?? []).map((id) => names.person(id)) : []}
          onUnlock={() => void store?.call?.unlock()}
          onDevices={() => setLayer('devices')}
          onDismiss={() => store?.dismissNotice()}
        />
      )}
      {gone !== undefined && canCall && (
        <CallGoneBanner gone={gone} onCallAgain={() => onCallAgain(true)} onMove={onMove} />
      )}
      {dialing.isPromptOpen && (
        <p role="status" data-prompt className="border-b border-line bg-sunken px-4 py-2 text-center text-sm">
          Your browser asks whether this page may use the microphone. Its question stands near the address.
        </p>
      )}
      {dialing.problem !== undefined && (
        <div className="mx-auto w-full max-w-3xl px-4">
          <MicrophoneProblemPanel
            problem={dialing.problem}
            microphoneId={choices.microphoneId}
            onRetry={() => onCallAgain(!isEnded)}
            onListen={() => onCallAgain(!isEnded, false)}
            onType={dialing.reset}
          />
        </div>
      )}
      {connection.wasLive && view?.phase !== 'reconnecting' && (
        <ReconnectBanner connection={connection} onRetry={() => link?.reconnect()} />
      )}
      <main
        className={`grid min-h-0 w-full flex-1 grid-rows-[auto_minmax(0,1fr)] lg:grid-rows-1 ${isCalling ? 'lg:grid-cols-[minmax(20rem,2fr)_minmax(0,3fr)] [@media(orientation:landscape)_and_(max-height:30rem)]:grid-cols-2 [@media(orientation:landscape)_and_(max-height:30rem)]:grid-rows-1' : 'lg:grid-cols-[20rem_minmax(0,1fr)]'}`}
      >
        <h1 ref={heading} tabIndex={-1} className="sr-only">
          {isCalling ? 'Call with Harbor Internet' : 'Conversation with Harbor Internet'}
        </h1>
        <AgentPanel
          conversation={conversation}
          line={line}
          names={names}
          agents={agents}
          colleague={colleague}
          handoff={timeline.rows.findLast((row) => row.kind === 'handoff')}
          person={person}
          startedMs={view?.startedMs ?? call.startedMs}
          nowMs={nowMs}
          isEnded={isEnded}
          meter={isCalling ? store?.meter : undefined}
          isRecorded={isCalling && view.recording === 'on'}
          onEnd={isCalling ? undefined : end}
        >
          {isCalling && store !== undefined && (
            <CallPanel
              store={store}
              view={view}
              names={names}
              choices={choices}
              layer={layer}
              isTyping={isTyping}
              onLayer={setLayer}
              onChoose={onChoose}
              onType={() => setTyping(!isTyping)}
              onHangUp={() => store.hangUp()}
            />
          )}
        </AgentPanel>
        <section aria-label="Conversation" className="flex min-h-0 flex-col border-line lg:border-l">
          <MessageList
            rows={rows}
            names={names}
            me={me}
            typing={timeline.typing.filter((id) => id !== me)}
            heardCount={timeline.heardCount}
            spoken={spoken}
            interim={isCalling ? view.spoken.interim : ''}
            onRetry={retry}
            onEdit={edit}
          />
          {isEnded ? (
            <EndCard
              rows={timeline.rows}
              names={names}
              me={me}
              seat={{ roomId, token: getToken() }}
              startedMs={view?.startedMs ?? call.startedMs}
              reason={outcome?.message ?? connection.reason}
              wasCall={view !== undefined}
              wasRecorded={view?.recording === 'on' || view?.recording === 'done' || view?.recording === 'paused'}
              onCallAgain={canCall ? () => onCallAgain(false) : undefined}
              onLeave={onLeave}
            />
          ) : (
            <div
              className={`border-t border-line bg-surface px-4 pt-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6 lg:py-4 ${isCalling && !isTyping && requests.length === 0 ? 'max-lg:hidden' : ''}`}
            >
              <div className="mx-auto flex max-w-3xl flex-col gap-3">
                {requests.map((request) => (
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
                  onTyping={(isOn) => link?.typing(isOn)}
                />
              </div>
            </div>
          )}
        </section>
      </main>
      <LiveRegions
        rows={
          isQuiet
            ? timeline.rows.filter((row) => row.kind !== 'message' || row.utteranceId === undefined)
            : timeline.rows
        }
        nameOf={(row) => names.speaker(row.speaker)}
        status={[
          statusText(state, conversation, names, line && lineText(line, colleague)),
          ...(view?.isMuted === true && isCalling ? ['Muted.'] : []),
        ].join(' ')}
        alert={
          trouble !== '' ? trouble : failed === undefined ? '' : `Your message was not sent. ${failed.error ?? ''}`
        }
      />
      {trouble !== '' && <p className="border-t border-line bg-surface px-6 py-2 text-sm text-bad">{trouble}</p>}
      {isListOpen && <ShortcutList keys={isCalling ? callKeys : textKeys} onClose={() => setListOpen(false)} />}
    </div>
  )
}
