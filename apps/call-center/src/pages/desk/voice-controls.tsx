import type { ReactNode } from 'react'
import { LevelLine } from '../shared/call/level-line.tsx'
import type { Side } from '../shared/call/level-history.ts'
import { LevelStrips } from './level-strips.tsx'
import type { DeskMode, DeskVoice } from './use-desk-voice.ts'

/** What each of the ways onto a call does, in the words of who presses it. */
const says: Readonly<Record<DeskMode, string>> = {
  monitor: 'You hear both sides. Nobody hears you.',
  whisperAgent: 'You hear both sides. What you say is an instruction to the agent; the caller hears none of it.',
  whisperHuman: 'You hear both sides. Only your colleague hears you.',
  barge: 'Everybody hears you.',
  takeover: 'You and the caller hear each other. The agent is silent.',
}

/** Onto the live call of a room: listen in, talk to the agent or to all, take it over, and away again. */
export function VoiceControls({
  voice,
  isMine,
  caller,
  agent,
  colleague,
}: {
  voice: DeskVoice
  isMine: boolean
  caller: string
  /** The agent's name. */
  agent: string
  /** Who else of the desk has the call. */
  colleague: string | undefined
}) {
  const { mode, isJoining, store, view } = voice
  const choose = (next: DeskMode) => (): void => void voice.join(next)
  return (
    <section
      aria-label="Call"
      data-desk-call={mode ?? 'off'}
      className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-md bg-sunken px-3 py-2"
    >
      {isMine && mode !== 'takeover' && (
        <button type="button" className="button button-primary" disabled={isJoining} onClick={choose('takeover')}>
          {isJoining ? 'Joining the call…' : 'Talk'}
        </button>
      )}
      {!isMine && (
        <>
          <Group label="Hear">
            <Choice label="Off" isOn={mode === undefined} isBusy={isJoining} onChoose={voice.leave} />
            <Choice label="Monitor" isOn={mode === 'monitor'} isBusy={isJoining} onChoose={choose('monitor')} />
          </Group>
          <Group label="Talk to">
            <Choice label={agent} isOn={mode === 'whisperAgent'} isBusy={isJoining} onChoose={choose('whisperAgent')} />
            <Choice
              label={colleague ?? 'Colleague'}
              isOn={mode === 'whisperHuman'}
              isBusy={isJoining}
              whyNot={colleague === undefined ? 'nobody of the desk has this call' : undefined}
              onChoose={choose('whisperHuman')}
            />
            <Choice label="All" isOn={mode === 'barge'} isBusy={isJoining} onChoose={choose('barge')} />
          </Group>
          <button type="button" className="button" disabled={isJoining} onClick={choose('takeover')}>
            Take over by voice
          </button>
        </>
      )}
      {store?.hasMicrophone === true && (
        <>
          <button
            type="button"
            className={`button ${view?.isMuted === true ? 'border-bad text-bad' : ''}`}
            aria-pressed={view?.isMuted === true}
            onClick={() => store.setMuted(view?.isMuted !== true)}
          >
            {view?.isMuted === true ? 'Muted' : 'Mute'}
          </button>
          <LevelLine meter={store.meter} />
        </>
      )}
      {isMine && mode !== undefined && (
        <button type="button" className="button" onClick={voice.leave}>
          Leave the call
        </button>
      )}
      {store !== undefined && mode !== undefined && (
        <LevelStrips history={store.levels} sides={sidesOf({ mode, isMine, caller, agent, colleague })} />
      )}
      {mode !== undefined && (
        <p role="status" className="w-full text-muted">
          {says[mode]}
          {view?.phase === 'reconnecting' ? ' Connection lost, reconnecting.' : ''}
        </p>
      )}
    </section>
  )
}

/** Who is heard by the caller has a strip beside theirs. */
function sidesOf({
  mode,
  isMine,
  caller,
  agent,
  colleague,
}: {
  mode: DeskMode
  isMine: boolean
  caller: string
  agent: string
  colleague: string | undefined
}): { side: Side; label: string }[] {
  const desk = isMine || mode === 'takeover' || mode === 'barge' ? 'You' : colleague
  return [
    { side: 'caller', label: caller },
    { side: 'agent', label: agent },
    ...(desk === undefined ? [] : [{ side: 'desk' as const, label: desk }]),
  ]
}

function Group({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div role="group" aria-label={label} className="flex items-center gap-1">
      <span aria-hidden className="pr-1 text-muted">
        {label}
      </span>
      {children}
    </div>
  )
}

function Choice({
  label,
  isOn,
  isBusy,
  whyNot,
  onChoose,
}: {
  label: string
  isOn: boolean
  isBusy: boolean
  /** Why it cannot be chosen. */
  whyNot?: string | undefined
  onChoose: () => void
}) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      disabled={isBusy || (whyNot !== undefined && !isOn)}
      {...(whyNot === undefined ? {} : { title: whyNot, 'aria-label': `${label}: ${whyNot}` })}
      className={`button ${isOn ? 'border-accent text-accent' : ''}`}
      onClick={onChoose}
    >
      {label}
    </button>
  )
}
