import type { ClientCallMessage, EndpointHandlers, MediaStats } from '@parley/spec'

/** Tells a call what its person did; messages about playout and the connection are none of it. */
export function tellPersonMessage(message: ClientCallMessage, handlers: EndpointHandlers): void {
  switch (message.type) {
    case 'dtmf':
      return handlers.onDtmf(message.digit, message.durationMs)
    case 'text':
      return handlers.onText(message.text, message.id)
    case 'transcript': {
      const { id, text, final, confidence, language } = message
      return handlers.onTranscript({
        id,
        text,
        final,
        ...(confidence === undefined ? {} : { confidence }),
        ...(language === undefined ? {} : { language }),
      })
    }
    case 'mute':
      return handlers.onMuted(message.muted)
    case 'talk':
      return handlers.onTalk(message.down)
    case 'interrupt':
      return handlers.onInterrupt()
    case 'consent':
      return handlers.onConsent(message.kind, message.granted)
    case 'stats':
      return handlers.onStats(statsOf(message))
    default:
      return undefined
  }
}

function statsOf(message: Extract<ClientCallMessage, { type: 'stats' }>): MediaStats {
  const stats: MediaStats = {}
  for (const name of ['rttMs', 'jitterMs', 'underruns', 'lost', 'outputLatencyMs'] as const) {
    const value = message[name]
    if (value !== undefined) stats[name] = value
  }
  return stats
}
