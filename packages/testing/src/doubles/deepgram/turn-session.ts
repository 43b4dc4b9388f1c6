import type { SampleRate, Word } from '@parley/spec'
import { createUtteranceReader, type ReadUtterance } from '../../voice/utterance-reader.ts'
import type { TurnQuery } from './client-schemas.ts'
import type { SessionParts, VendorSession } from './listen-session.ts'

/** Quiet audio after which the double is sure that a turn is over, and when it suspects it. */
const endSilenceMs = 500
const eagerSilenceMs = 240
/** How often audio without an event is answered by an update. */
const updateEveryMs = 240

/** A stream of `/v2/listen`: turns instead of results. */
export function createTurnSession(query: TurnQuery, { outbox, faults, ids, nextText }: SessionParts): VendorSession {
  const requestId = ids.uuid()
  const rate = query.sample_rate as SampleRate // The schema lets only sample rates through.
  let sequence = 0
  let receivedMs = 0
  let turn = -1
  let isOpen = false
  let isEager = false
  let toldWords = 0
  let text: string | undefined
  let windowStartMs = 0
  let updateAtMs = updateEveryMs

  const tell = (event: string, words: readonly Word[], confidence: number): void => {
    updateAtMs = receivedMs + updateEveryMs
    outbox.send(
      {
        type: 'TurnInfo',
        request_id: requestId,
        sequence_id: ++sequence,
        event,
        turn_index: Math.max(0, turn),
        audio_window_start: Math.round(windowStartMs) / 1000,
        audio_window_end: Math.round(receivedMs) / 1000,
        transcript: words.map((word) => word.text).join(' '),
        words: words.map((word) => ({ word: word.text, confidence: 0.97 })),
        end_of_turn_confidence: confidence,
      },
      {
        endsUtterance: event === 'EndOfTurn',
        delayMs: event === 'EndOfTurn' ? (faults.take('finalLate')?.ms ?? 0) : 0,
      },
    )
  }
  const wordsOf = (utterance: ReadUtterance): Word[] => (text === undefined ? utterance.words : utterance.spread(text))
  const grow = (utterance: ReadUtterance): void => {
    if (!isOpen) {
      isOpen = true
      turn += 1
      toldWords = 0
      text = nextText()
      windowStartMs = utterance.startMs
      if (faults.take('noSpeechStart') === undefined) {
        tell('StartOfTurn', [], 0.01)
        if (faults.take('doubleSpeechStart') !== undefined) tell('StartOfTurn', [], 0.01)
      }
    }
    const words = wordsOf(utterance)
    const whole = text === undefined ? utterance.wholeWords : words.length
    if (isEager) {
      isEager = false
      tell('TurnResumed', words.slice(0, whole), 0.2)
    }
    if (whole <= toldWords) return
    toldWords = whole
    tell('Update', words.slice(0, whole), 0.2)
    if (whole > 1 && faults.take('interimShrinks') !== undefined) tell('Update', words.slice(0, whole - 1), 0.2)
  }
  const reader = createUtteranceReader({
    clock: { monotonicMs: () => receivedMs },
    sampleRateHz: rate,
    endSilenceMs: Math.min(endSilenceMs, query.eot_timeout_ms ?? 5_000),
    eagerSilenceMs,
    onGrow: grow,
    onPause(utterance) {
      if (query.eager_eot_threshold === undefined) return tell('Update', wordsOf(utterance), 0.4)
      isEager = true
      tell('EagerEndOfTurn', wordsOf(utterance), query.eager_eot_threshold)
    },
    onEnd(utterance) {
      isOpen = false
      isEager = false
      if (faults.take('finalNever') !== undefined) return
      tell('EndOfTurn', wordsOf(utterance), Math.max(0.9, query.eot_threshold ?? 0.7))
      if (faults.take('finalTwice') !== undefined) tell('EndOfTurn', wordsOf(utterance), 0.95)
      windowStartMs = receivedMs
    },
  })
  outbox.send({ type: 'Connected', request_id: requestId, sequence_id: sequence })

  return {
    audio(samples) {
      receivedMs += (samples.length * 1000) / rate
      reader.push({ samples, sampleRateHz: rate, channels: 1, position: 0 })
      if (receivedMs >= updateAtMs && !isOpen) tell('Update', [], 0.01)
    },
    control({ type }) {
      if (type !== 'CloseStream') {
        const description = 'Could not deserialize last text message.'
        outbox.send({ type: 'Error', code: 'UNPARSABLE_CLIENT_MESSAGE', description })
        outbox.end(1008, 'UNPARSABLE_CLIENT_MESSAGE')
        return
      }
      reader.end()
      outbox.end(1000)
    },
  }
}
