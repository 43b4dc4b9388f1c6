import type { ReactNode } from 'react'

/** What was asked for and has to be done on purpose. */
export type Asked = 'takeOver' | 'handBack' | 'end' | 'barge' | undefined

/** The buttons that change who has a conversation, and the question before one that cannot be taken back. */
export function RoomActions({
  isOpen,
  isMine,
  isWaiting,
  asked,
  coach,
  onAccept,
  onTakeOver,
  onEnd,
  onAsk,
  onBarge,
}: {
  isOpen: boolean
  isMine: boolean
  isWaiting: boolean
  asked: Asked
  coach: ReactNode
  onAccept: () => void
  onTakeOver: () => void
  onEnd: () => void
  onAsk: (asked: Asked) => void
  onBarge: () => void
}) {
  if (!isOpen) return <p className="mb-3 text-muted">This conversation is over.</p>
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        {isWaiting && (
          <button type="button" className="button button-primary" onClick={onAccept}>
            Accept
          </button>
        )}
        {!isMine && !isWaiting && (
          <button type="button" className="button button-primary" onClick={onTakeOver}>
            Take over
          </button>
        )}
        {isMine && (
          <button type="button" className="button" onClick={() => onAsk('handBack')}>
            Hand back
          </button>
        )}
        {!isMine && coach}
        <button type="button" className="button ml-auto" onClick={() => onAsk('end')}>
          End
        </button>
      </div>
      {asked !== undefined && asked !== 'handBack' && (
        <div className="mb-3 flex flex-wrap items-center gap-3 rounded-md bg-sunken px-3 py-2">
          <span className="mr-auto">{questions[asked]}</span>
          <button
            type="button"
            autoFocus
            className="button button-primary"
            onClick={asked === 'end' ? onEnd : asked === 'barge' ? onBarge : onTakeOver}
          >
            {answers[asked]}
          </button>
          <button type="button" className="button" onClick={() => onAsk(undefined)}>
            Cancel
          </button>
        </div>
      )}
    </>
  )
}

const questions = {
  end: 'End this conversation for everybody?',
  takeOver: 'Take this conversation over now?',
  barge: 'Speak so that everybody hears you?',
} as const
const answers = { end: 'End it', takeOver: 'Yes, take over', barge: 'Yes, speak' } as const
