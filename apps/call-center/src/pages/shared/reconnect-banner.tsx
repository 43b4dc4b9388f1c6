import type { ConnectionState } from './connection-state.ts'
import { useNow } from './use-now.ts'

/** Says that the connection is lost, for how long, and what is safe. */
export function ReconnectBanner({ connection, onRetry }: { connection: ConnectionState; onRetry: () => void }) {
  const isLost = connection.status === 'reconnecting'
  const nowMs = useNow(1_000, isLost)
  if (!isLost) return null
  const seconds = Math.max(0, Math.floor((nowMs - connection.sinceMs) / 1000))
  return (
    <div
      data-banner="reconnecting"
      className="flex flex-wrap items-center justify-center gap-x-4 gap-y-1 border-b border-line bg-sunken px-4 py-2 text-sm"
    >
      <span>
        <strong className="text-warn">Connection lost.</strong> Reconnecting, {seconds} s. Nothing you wrote is lost.
      </span>
      <button type="button" className="button text-sm" onClick={onRetry}>
        Try now
      </button>
    </div>
  )
}
