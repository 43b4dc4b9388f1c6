import type { ReactNode } from 'react'
import type { CallView } from '../shared/call/call-view.ts'
import { formatDuration } from '../shared/format.ts'
import { useNow } from '../shared/use-now.ts'

/** What stands over a call: lost, silent, unheard, and what to do about it. */
export function CallBanners({
  view,
  isUnheard,
  isTalkingMuted,
  joined,
  onUnlock,
  onDevices,
  onDismiss,
}: {
  view: CallView
  /** Nothing at all comes from the microphone. */
  isUnheard: boolean
  isTalkingMuted: boolean
  /** Colleagues who speak beside the agent. */
  joined: readonly string[]
  onUnlock: () => void
  onDevices: () => void
  onDismiss: () => void
}) {
  const isLost = view.phase === 'reconnecting'
  const nowMs = useNow(1_000, isLost)
  return (
    <>
      {isLost && (
        <Banner name="call-reconnecting">
          <strong className="text-warn">Connection lost.</strong> Reconnecting your call,{' '}
          {Math.max(0, Math.floor((nowMs - view.sinceMs) / 1000))} s. The agent waits for you.
        </Banner>
      )}
      {view.isSilenced && view.phase === 'live' && (
        <button
          type="button"
          data-banner="silenced"
          className="button button-primary min-h-12 w-full rounded-none"
          onClick={onUnlock}
        >
          Tap to hear
        </button>
      )}
      {isUnheard && (
        <Banner name="unheard">
          <strong className="text-warn">We can't hear you.</strong> Check that the microphone is on.
          <button type="button" className="button text-sm" onClick={onDevices}>
            Choose a microphone
          </button>
        </Banner>
      )}
      {joined.length > 0 && <Banner name="joined">{joined.join(', ')} joined the call.</Banner>}
      {isTalkingMuted && <Banner name="muted">You are muted.</Banner>}
      {view.notice !== '' && (
        <Banner name="notice">
          {view.notice}
          <button type="button" className="button text-sm" onClick={onDismiss}>
            OK
          </button>
        </Banner>
      )}
    </>
  )
}

/** A call that is not on this page any more, while its room is. */
export function CallGoneBanner({
  gone,
  onCallAgain,
  onMove,
}: {
  gone: { how: 'dropped'; afterMs: number } | { how: 'elsewhere' }
  onCallAgain: () => void
  onMove: () => void
}) {
  return (
    <Banner name={gone.how}>
      {gone.how === 'dropped' ? (
        <>
          <strong className="text-warn">The call dropped at {formatDuration(gone.afterMs)}.</strong> You can go on in
          writing.
          <button type="button" className="button text-sm" onClick={onCallAgain}>
            Call again
          </button>
        </>
      ) : (
        <>
          This call is open in another tab, or was interrupted by a reload. You can read along here.
          <button type="button" className="button text-sm" onClick={onMove}>
            Move the call here
          </button>
        </>
      )}
    </Banner>
  )
}

function Banner({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div
      data-banner={name}
      className="flex flex-wrap items-center justify-center gap-x-3 gap-y-1 border-b border-line bg-sunken px-4 py-2 text-center text-sm"
    >
      {children}
    </div>
  )
}
