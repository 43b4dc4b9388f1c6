import { useEffect, useState } from 'react'
import type { CallStore } from '../shared/call/call-store.ts'

const readMs = 200
/** What no open microphone stays under: -80 dBFS. */
const silencePeak = 0.0001
/** Somebody talks: -30 dBFS. */
const speechPeak = 0.03
const unheardMs = 4_000
const talkingMs = 600
const rememberMs = 2_000

/** Whether the microphone gives nothing at all, or somebody talks into it while it is muted. */
export function useMicrophoneWatch(store: CallStore | undefined): { isUnheard: boolean; isTalkingMuted: boolean } {
  const [isUnheard, setUnheard] = useState(false)
  const [isTalkingMuted, setTalkingMuted] = useState(false)
  useEffect(() => {
    if (store === undefined || !store.hasMicrophone) return undefined
    let silentMs = 0
    let loudMs = 0
    let sinceLoudMs = Infinity
    const timer = setInterval(() => {
      const { view, meter } = store
      const isOver = view.phase === 'ended'
      const peak = meter?.read() ?? 0
      // While the agent speaks or thinks, nobody is expected to be heard.
      const isAwaited = view.phase === 'live' && !view.isMuted && view.agentState === 'listening'
      if (peak > silencePeak || isOver || view.isMuted) silentMs = 0
      else if (isAwaited) silentMs += readMs
      loudMs = view.isMuted && peak > speechPeak ? loudMs + readMs : Math.max(0, loudMs - readMs / 2)
      sinceLoudMs = loudMs >= talkingMs ? 0 : sinceLoudMs + readMs
      setUnheard(silentMs >= unheardMs)
      setTalkingMuted(view.isMuted && !isOver && sinceLoudMs < rememberMs)
    }, readMs)
    return () => clearInterval(timer)
  }, [store])
  return { isUnheard, isTalkingMuted }
}
