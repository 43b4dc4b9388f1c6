import type { AudioFrame, CloseReason, Disposer, EndpointHandlers } from '@parley/spec'
import { noteReceipt, type CallCore } from './call-core.ts'

/** What the person's end sends, on its way to the parts of the call. */
export function mediaHandlers(
  core: CallCore,
  on: {
    frame(frame: AudioFrame, atMs: number): void
    consent(granted: boolean): void
    closed(reason: CloseReason): void
  },
): EndpointHandlers {
  const { driver, hearing, captions, emitter } = core
  const { access, abort, settings } = core.parts
  let stopWindow: Disposer = () => {}
  abort.signal.addEventListener('abort', () => stopWindow(), { once: true })
  /** A line that is lost has its time to come back; then the call is over (C-10). */
  const waitForReturn = (state: 'connected' | 'lost' | 'resumed'): void => {
    stopWindow()
    core.returnUntilMs = state === 'lost' ? access.clock.monotonicMs() + settings.resumeWindowMs : undefined
    stopWindow = state === 'lost' ? access.clock.setTimer(settings.resumeWindowMs, () => on.closed('lost')) : () => {}
  }
  return {
    onFrame: on.frame,
    onDtmf(digit, durationMs) {
      if (/^[0-9*#A-D]$/.test(digit)) core.keys.report(digit, durationMs)
    },
    onMuted(muted) {
      hearing.setMuted(muted)
      driver.feed({ type: 'muted', muted })
    },
    onTalk: (down) => driver.feed({ type: 'talk', down }),
    onText: (text, id) => driver.feed({ type: 'typed', id, text }),
    onTranscript({ id, text, final, confidence, language }) {
      captions.interim(text)
      driver.feed({
        type: final ? 'sttFinal' : 'sttInterim',
        id: `remote:${id}`,
        text,
        ...(confidence === undefined ? {} : { confidence }),
        ...(language === undefined ? {} : { language }),
      })
    },
    onInterrupt: () => driver.feed({ type: 'command', command: { kind: 'interrupt', force: false } }),
    onConsent: (_kind, granted) => on.consent(granted),
    onState(state) {
      waitForReturn(state)
      emitter.emit({ type: 'media', state })
      if (state === 'lost') driver.feed({ type: 'mediaLost' })
      if (state === 'resumed') driver.feed({ type: 'mediaResumed' })
      noteReceipt(core, 'media', { state })
    },
    onClose: on.closed,
    onStats: (stats) => core.parts.access.telemetry.record('voice.rtt', stats.rttMs ?? 0),
  }
}
