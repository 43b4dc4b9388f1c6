import {
  checkOptions,
  ParleyError,
  toParleyError,
  type AudioFormat,
  type Clock,
  type SpeechContext,
  type TextToSpeech,
  type TtsOpen,
} from '@parley/spec'

import { fallbackDefaults, fallbackOptionNames, type FallbackOptions } from './fallback-options.ts'
import { createMemberHealth } from './member-health.ts'
import { SENTENCES_AT_ONCE } from './sentence-fed.ts'
import { createSentenceStream, type SentenceVoice } from './sentence-stream.ts'
import { within } from './within.ts'

/**
 * Speaks with the first of several voice engines that works. One that fails, or gives no sound in time, is replaced at the
 * first sentence that was not made; it is probed, and comes back with a later segment.
 * @throws {ParleyError} `invalid_options`; `voice_tts_failed` from `open` if no member can be opened
 */
export function createFallbackTts(members: readonly TextToSpeech[], options: FallbackOptions = {}): TextToSpeech {
  checkOptions('createFallbackTts', options, fallbackOptionNames)
  const [main] = members
  if (main === undefined) {
    throw new ParleyError({ code: 'invalid_options', message: 'createFallbackTts needs at least one voice engine.' })
  }
  const { attemptMs, firstAudioMs, retryAfterMs, probeEveryMs } = { ...fallbackDefaults, ...options }
  const retries = options.retries ?? fallbackDefaults.ttsRetries
  let clock: Clock | null = null
  const health = createMemberHealth(members.length, () => clock ?? refuseClock(), probeEveryMs)

  async function openMember(index: number, open: TtsOpen, context: SpeechContext): Promise<SentenceVoice> {
    const member = members[index] ?? refuseMember()
    const { id } = member.info
    const voice = options.voices?.[open.voice]?.[id] ?? open.voice
    const format = nearestFormat(member, open.format)
    const stream = await within(context.clock, attemptMs, member.open({ ...open, voice, format }, context), {
      code: 'voice_tts_failed',
      message: `The voice engine ${id} could not be opened within ${attemptMs} ms.`,
      late: (opened) => void opened.close(),
    })
    const atOnce = Math.min(SENTENCES_AT_ONCE, member.info.maxContexts ?? SENTENCES_AT_ONCE)
    return { id, stream, sampleRateHz: format.sampleRateHz, atOnce }
  }

  return {
    info: {
      ...main.info,
      id: members.map(({ info }) => info.id).join('|'),
      streamingInput: true,
      deterministic: false,
      wordTimings: members.some(({ info }) => info.wordTimings === 'none') ? 'none' : main.info.wordTimings,
    },
    async open(open, context) {
      clock = context.clock
      let current: number | null = null
      let tries = 0
      let lastError: ParleyError | null = null

      const tell = (to: number | null, reason: ParleyError | null): void => {
        if (to === current && to !== null) return
        options.onChange?.({
          stage: 'tts',
          ...(context.callId !== undefined && { callId: context.callId }),
          from: current === null ? null : (members[current]?.info.id ?? null),
          to: to === null ? null : (members[to]?.info.id ?? null),
          reason: reason?.code ?? 'recovered',
        })
      }

      /** Opens the first member that works, at first the one that failed if it may be tried again. */
      const next = async (failed: ParleyError | null): Promise<SentenceVoice | null> => {
        const tried = new Set<number>()
        lastError = failed
        if (failed !== null && current !== null) {
          if (tries < retries && failed.retryable) {
            tries += 1
            await context.clock.sleep(retryAfterMs, { signal: context.signal })
          } else {
            health.failed(current)
            tried.add(current)
            tries = 0
          }
        }
        for (let index = health.first(tried); index !== null; index = health.first(tried)) {
          try {
            const voice = await openMember(index, open, context)
            if (current !== null) tell(index, lastError)
            else if (lastError !== null) tell(index, lastError)
            current = index
            return voice
          } catch (error) {
            if (context.signal.aborted) return null
            // A voice or format that one does not have is no illness, yet another may have it.
            const message = `The voice engine ${members[index]?.info.id ?? ''} could not be opened.`
            lastError = toParleyError(error, { code: 'voice_tts_failed', message })
            if (lastError.code !== 'voice_unknown') health.failed(index)
            tried.add(index)
          }
        }
        if (!context.signal.aborted) tell(null, lastError)
        current = null
        return null
      }

      const leave = health.attend(async (index) => {
        try {
          const probe = await openMember(index, open, context)
          await probe.stream.close()
          return true
        } catch {
          // Still down: that is what was asked.
          return false
        }
      })
      context.signal.addEventListener('abort', leave, { once: true })

      let first = await next(null)
      if (first === null) {
        leave()
        throw lastError ?? new ParleyError({ code: 'voice_tts_failed', message: 'No voice engine could be opened.' })
      }
      const stream = createSentenceStream({
        context,
        sampleRateHz: open.format.sampleRateHz,
        ...(open.language !== undefined && { language: open.language }),
        firstAudioMs,
        isStale: () => health.first() !== null && health.first() !== current,
        async nextVoice(failed) {
          const ready = first
          first = null
          if (ready !== null && failed === null) return ready
          const voice = await next(failed?.error ?? null).catch(() => null)
          return voice
        },
      })
      return {
        ...stream,
        events: stream.events,
        async close() {
          leave()
          context.signal.removeEventListener('abort', leave)
          await first?.stream.close()
          first = null
          await stream.close()
        },
      }
    },
  }
}

/** The asked format, or the member's best: its sound is converted. */
function nearestFormat({ info }: TextToSpeech, asked: AudioFormat): AudioFormat {
  const isKnown = info.formats.some(
    (format) =>
      format.encoding === asked.encoding &&
      format.sampleRateHz === asked.sampleRateHz &&
      format.channels === asked.channels,
  )
  const best = info.formats.find((format) => format.encoding === 'pcm16' && format.channels === asked.channels)
  return isKnown || best === undefined ? asked : best
}

function refuseClock(): never {
  throw new ParleyError({ code: 'invalid_options', message: 'A fallback has no clock before it is opened.' })
}

function refuseMember(): never {
  throw new ParleyError({
    code: 'invalid_options',
    message: 'A fallback was asked for a member that it does not have.',
  })
}
