import type { SttOpen } from '@parley/spec'
import type { DeepgramSettings } from './deepgram-options.ts'

const maxKeyTerms = 100

/** The address of a stream. The key is not part of it. */
export function listenUrl(
  settings: DeepgramSettings,
  { format, language, interim = true, keyTerms = [] }: SttOpen,
): string {
  const isTurns = settings.interface === 'turns'
  const query = new URLSearchParams({
    model: settings.model,
    encoding: format.encoding === 'pcmu' ? 'mulaw' : 'linear16',
    sample_rate: String(format.sampleRateHz),
  })
  if (isTurns) {
    query.set('eot_threshold', String(settings.eotThreshold))
    query.set('eot_timeout_ms', String(settings.eotTimeoutMs))
    if (settings.eagerEotThreshold > 0) query.set('eager_eot_threshold', String(settings.eagerEotThreshold))
  } else {
    if (language !== undefined) query.set('language', language)
    query.set('channels', '1')
    // Ends of utterances are told only together with interim results.
    query.set('interim_results', String(interim || settings.utteranceEndMs > 0))
    query.set('punctuate', 'true')
    query.set('smart_format', String(settings.smartFormat))
    query.set('vad_events', 'true')
    query.set('endpointing', String(settings.endpointingMs))
    query.set('utterance_end_ms', String(settings.utteranceEndMs))
  }
  for (const term of keyTerms.slice(0, maxKeyTerms)) query.append('keyterm', term)
  return `${settings.baseUrl}/${isTurns ? 'v2' : 'v1'}/listen?${query.toString()}`
}
