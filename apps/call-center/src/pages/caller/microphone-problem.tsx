import { useEffect, useRef } from 'react'
import { DeviceSelect } from '../shared/call/device-select.tsx'
import { unblockSteps, type MicrophoneProblem } from '../shared/call/microphone.ts'
import { useDevices } from '../shared/call/use-devices.ts'

/** There is no microphone: why, and three ways on. */
export function MicrophoneProblemPanel({
  problem,
  microphoneId,
  onRetry,
  onListen,
  onType,
}: {
  problem: MicrophoneProblem
  microphoneId: string | undefined
  onRetry: (deviceId?: string) => void
  onListen: () => void
  onType: () => void
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  const mayReturn = problem.kind === 'missing' || problem.kind === 'busy'
  const { microphones } = useDevices(mayReturn)
  useEffect(() => heading.current?.focus(), [])
  const retry = useRef(onRetry)
  retry.current = onRetry
  useEffect(() => {
    if (!mayReturn) return undefined
    const again = (): void => retry.current()
    navigator.mediaDevices.addEventListener('devicechange', again)
    return () => navigator.mediaDevices.removeEventListener('devicechange', again)
  }, [mayReturn])
  return (
    <section
      aria-label="No microphone"
      data-problem={problem.kind}
      className="mt-8 rounded-md border border-bad bg-surface p-5"
    >
      <h2 ref={heading} tabIndex={-1} className="font-semibold outline-none">
        {problem.message}
      </h2>
      <p className="mt-2 text-muted">
        {problem.kind === 'blocked'
          ? unblockSteps(navigator.userAgent)
          : mayReturn
            ? 'The call is placed by itself as soon as a microphone comes.'
            : 'You can still hear the agents and type your answers, or type only.'}
      </p>
      {microphones.length > 1 && (
        <div className="mt-3 max-w-sm">
          <DeviceSelect label="Microphone" devices={microphones} value={microphoneId} onChange={onRetry} />
        </div>
      )}
      <div className="mt-4 flex flex-wrap gap-3">
        {problem.kind !== 'insecure' && (
          <button type="button" className="button button-primary button-tall" onClick={() => onRetry()}>
            Try again
          </button>
        )}
        <button type="button" className="button button-tall" onClick={onListen}>
          Listen and type
        </button>
        <button type="button" className="button button-tall" onClick={onType}>
          Type only
        </button>
      </div>
    </section>
  )
}
