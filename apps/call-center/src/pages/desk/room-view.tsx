import type { Client } from '@parley/client'
import type { Json, PendingRequest } from '@parley/spec'
import { useEffect, useImperativeHandle, useMemo, useRef, useState, type Ref } from 'react'
import type { DeskSetup } from '../shared/demo-api.ts'
import { LiveRegions } from '../shared/live-regions.tsx'
import { createNames, deskPersonName } from '../shared/names.ts'
import { ReconnectBanner } from '../shared/reconnect-banner.tsx'
import { shownRows } from '../shared/timeline.ts'
import type { TimelineRow } from '../shared/timeline-rows.ts'
import { useNow } from '../shared/use-now.ts'
import { useRoom } from '../shared/use-room.ts'
import { ApprovalCard } from './approval-card.tsx'
import { callNote, type CallStanding } from './call-note.ts'
import { CasePanel } from './case-panel.tsx'
import { CoachControls } from './coach-controls.tsx'
import type { DeskPerson } from './desk-app.tsx'
import { DeskComposer, type DeskComposerHandle } from './desk-composer.tsx'
import { errorText } from './desk-errors.ts'
import { replyValues } from './fill-reply.ts'
import { HandBackForm } from './hand-back-form.tsx'
import { holderText, wrapupPhase } from './holder-text.ts'
import { RoomActions, type Asked } from './room-actions.tsx'
import { RoomHead } from './room-head.tsx'
import { Transcript } from './transcript.tsx'
import { useDeskVoice, type DeskMode } from './use-desk-voice.ts'
import { useCustomer } from './use-customer.ts'
import { VoiceControls } from './voice-controls.tsx'

/** What keys may do in an open room. */
export interface RoomViewHandle {
  act(
    action:
      | 'takeOver'
      | 'handBack'
      | 'reply'
      | 'note'
      | 'canned'
      | 'end'
      | 'escape'
      | 'mute'
      | 'monitor'
      | 'whisper'
      | 'barge',
  ): void
}

/** One conversation, as the desk sees and steers it. */
export function RoomView({
  ref,
  roomId,
  client,
  setup,
  person,
  me,
  approvals,
  call,
  onChanged,
  onAccept,
}: {
  ref: Ref<RoomViewHandle>
  roomId: string
  client: Client
  setup: DeskSetup
  person: DeskPerson
  me: string
  approvals: readonly PendingRequest[]
  /** How its call stands. */
  call: CallStanding | undefined
  onChanged: () => void
  onAccept: () => Promise<void>
}) {
  const { token } = person
  const join = useMemo(() => ({ participantId: me, ...(token === undefined ? {} : { token }) }), [me, token])
  const { timeline, connection, conversation, state, members, link } = useRoom(client, roomId, me, join)
  const customer = useCustomer(state, token, timeline.lastIndex)
  const composer = useRef<DeskComposerHandle>(null)
  const [asked, setAsked] = useState<Asked>()
  const [problem, setProblem] = useState('')
  const [decision, setDecision] = useState('')
  const nowMs = useNow(1_000)
  const voice = useDeskVoice({ client, roomId, me, name: person.name, onProblem: setProblem })
  const names = useMemo(() => createNames(setup.agents, members, me), [setup.agents, members, me])
  const human = conversation?.human
  const isMine = human?.status === 'active' && human.id === me
  const isWaiting = human?.status === 'waiting'
  const caller = members.find((member) => member.kind === 'person' && !member.id.startsWith('desk-'))
  const rows = shownRows(timeline)
  const colleague = human?.id === undefined ? 'waiting for a colleague' : names.person(human.id)
  const onCall = human?.status === 'active' && human.id !== undefined && !isMine ? colleague : undefined
  const note = call === undefined ? undefined : callNote(call, nowMs)
  const isEnded = conversation?.phase === wrapupPhase && conversation.mode === 'agent'
  const holder =
    conversation === undefined
      ? 'connecting'
      : holderText({
          ...conversation,
          holder: isMine ? 'You' : conversation.mode === 'human' ? colleague : undefined,
          names,
        })

  const run = async (act: () => Promise<void>): Promise<void> => {
    setProblem('')
    setAsked(undefined)
    try {
      await act()
    } catch (thrown) {
      setProblem(errorText(thrown))
    }
    onChanged()
  }
  const decided = (outcome: string): void => {
    setDecision(outcome)
    onChanged()
  }
  const takeOver = (): Promise<void> =>
    run(async () => {
      await client.rooms.addMember(roomId, { participantId: me, displayName: person.name })
      const after = await client.desk.takeover(roomId, { participantId: me, reason: 'taken over at the desk' })
      const taker = after.human?.claimedBy
      if (taker === me) composer.current?.show('reply')
      else
        setProblem(
          taker === undefined
            ? 'The conversation could not be taken over. Try again.'
            : `Taken by ${deskPersonName(taker)}`,
        )
    })
  useImperativeHandle(ref, () => ({
    act(action) {
      if (action === 'escape') return setAsked(undefined)
      if (action === 'takeOver') return isMine || timeline.isClosed ? undefined : setAsked('takeOver')
      if (action === 'handBack') return isMine ? setAsked('handBack') : undefined
      if (action === 'mute') {
        const { store, view } = voice
        return store?.hasMicrophone === true ? store.setMuted(view?.isMuted !== true) : undefined
      }
      if (action in coachKeys) {
        if (isMine || !timeline.isInCall) return undefined
        // Everybody hears it: it is asked for once more.
        if (action === 'barge') return setAsked('barge')
        if (action === 'monitor') return void voice.join('monitor')
        return void voice.join(onCall === undefined ? 'whisperAgent' : 'whisperHuman')
      }
      if (action === 'end') return timeline.isClosed ? undefined : setAsked('end')
      if (action === 'reply' || action === 'note' || action === 'canned') composer.current?.show(action)
      return undefined
    },
  }))

  const root = useRef<HTMLDivElement>(null)
  // On a narrow screen the room stands below the lists, out of sight.
  useEffect(() => {
    if (matchMedia('(width < 64rem)').matches) root.current?.scrollIntoView({ block: 'start' })
  }, [])
  return (
    <div
      ref={root}
      className="grid min-h-0 xl:grid-cols-[minmax(0,1fr)_19rem]"
      data-desk-room={roomId}
      data-connection={connection.status}
      data-holder={isMine ? 'me' : (human?.id ?? '')}
    >
      <main className="flex min-h-0 min-w-0 flex-col border-line xl:border-r">
        {connection.wasLive && <ReconnectBanner connection={connection} onRetry={() => link?.reconnect()} />}
        <RoomHead
          roomId={roomId}
          caller={caller?.displayName ?? 'Caller'}
          holder={isEnded ? (note ?? holder) : holder}
          note={isEnded ? undefined : note}
          sinceMs={isEnded ? undefined : Date.parse(rows.find((row) => 'at' in row)?.at ?? '')}
          nowMs={nowMs}
        />
        {approvals.map((request) => (
          <ApprovalCard
            key={request.id}
            request={request}
            client={client}
            me={me}
            asker={names.agent(request.agentId)}
            customer={customer}
            nowMs={nowMs}
            onDecided={decided}
          />
        ))}
        {decision !== '' && (
          <p role="status" data-outcome className="border-b border-line bg-sunken px-4 py-2 font-medium">
            {decision}
          </p>
        )}
        <Transcript
          rows={rows}
          names={names}
          requests={timeline.requests}
          typing={timeline.typing.filter((id) => id !== me)}
          count={timeline.heardCount}
        />
        {problem !== '' && (
          <p role="alert" className="px-4 py-2 text-bad">
            {problem}
          </p>
        )}
        {asked === 'handBack' ? (
          <HandBackForm
            setup={setup}
            known={payloadsOf(timeline.rows)}
            context={state?.context ?? {}}
            previousAgentId={conversation?.previousAgentId ?? null}
            onSubmit={(input) => client.desk.handBack(roomId, { participantId: me, ...input })}
            onClose={() => setAsked(undefined)}
            onDone={() => void run(() => Promise.resolve())}
          />
        ) : (
          <div className="border-t border-line bg-surface p-4">
            {(timeline.isInCall || voice.mode !== undefined) && (
              <VoiceControls
                voice={voice}
                isMine={isMine}
                caller={caller?.displayName ?? 'Caller'}
                agent={names.agent(conversation?.agentId ?? null)}
                colleague={onCall}
              />
            )}
            <RoomActions
              isOpen={!timeline.isClosed}
              isMine={isMine}
              isWaiting={isWaiting}
              asked={asked}
              coach={
                <CoachControls
                  client={client}
                  roomId={roomId}
                  me={me}
                  name={person.name}
                  agent={names.agent(conversation?.agentId ?? null)}
                  state={state}
                  onProblem={setProblem}
                />
              }
              onAccept={() => void onAccept()}
              onTakeOver={() => void takeOver()}
              onEnd={() =>
                void run(async () => void (await client.rooms.close(roomId, { reason: 'ended at the desk' })))
              }
              onAsk={setAsked}
              onBarge={() => {
                setAsked(undefined)
                void voice.join('barge')
              }}
            />
            <DeskComposer
              ref={composer}
              client={client}
              roomId={roomId}
              me={me}
              name={person.name}
              canReply={isMine && !timeline.isClosed}
              isInCall={timeline.isInCall}
              values={replyValues(customer, person.name)}
              onTyping={(isTyping) => isMine && link?.typing(isTyping)}
            />
          </div>
        )}
      </main>
      <CasePanel customer={customer} state={state} rows={timeline.rows} />
      <LiveRegions
        rows={timeline.rows}
        nameOf={(row) => names.speaker(row.speaker)}
        status={isMine ? 'You have the conversation.' : ''}
        alert=""
      />
    </div>
  )
}

/** Keys that go onto a call. */
const coachKeys: Readonly<Record<string, DeskMode>> = { monitor: 'monitor', whisper: 'whisperAgent', barge: 'barge' }

/** What handoffs carried: the last one to an agent first, since it is what an agent knew. */
function payloadsOf(rows: readonly TimelineRow[]): (Json | undefined)[] {
  const handoffs = rows.filter((row) => row.kind === 'handoff').toReversed()
  return [handoffs.find((row) => row.payload !== undefined && row.to !== 'human')?.payload, handoffs[0]?.payload]
}
