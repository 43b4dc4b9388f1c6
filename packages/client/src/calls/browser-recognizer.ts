import { ParleyError, type IdSource } from '@parley/spec'
import type { CallRecognizer } from './start-call.ts'

/** The part of the page's `SpeechRecognition` that is used here. */
interface PageRecognition {
  continuous: boolean
  interimResults: boolean
  lang: string
  onresult: ((event: PageResultEvent) => void) | null
  onend: (() => void) | null
  onerror: ((event: { error: string }) => void) | null
  start(): void
  abort(): void
}

/** Results of the page's recognition, as far as they are read. */
export interface PageResultEvent {
  resultIndex: number
  results: ArrayLike<ArrayLike<{ transcript: string; confidence: number }> & { isFinal: boolean }>
}

/** Errors after which the page's recognition does not come back. */
const finalErrors = new Set(['not-allowed', 'service-not-allowed', 'language-not-supported'])

/**
 * Makes a recognizer of what the browser brings.
 * @throws {ParleyError} `speech_engine_missing` where it brings none
 */
export function createBrowserRecognizer({
  language,
  ids,
  Implementation = pageImplementation(),
}: {
  language: string | undefined
  ids: IdSource
  Implementation?: (new () => PageRecognition) | undefined
}): CallRecognizer {
  if (Implementation === undefined) {
    throw new ParleyError({
      code: 'speech_engine_missing',
      message: 'This browser recognizes no speech. Leave `recognition` out, so that the server does.',
    })
  }
  const recognition = new Implementation()
  let isWanted = false
  return {
    start(listener) {
      isWanted = true
      let utterances = new Map<number, string>()
      recognition.continuous = true
      recognition.interimResults = true
      if (language !== undefined) recognition.lang = language
      recognition.onresult = ({ resultIndex, results }) => {
        for (let index = resultIndex; index < results.length; index++) {
          const result = results[index]
          const best = result?.[0]
          if (result === undefined || best === undefined) continue
          const id = utterances.get(index) ?? ids.next('heard')
          utterances.set(index, id)
          listener({
            id,
            text: best.transcript.trim(),
            final: result.isFinal,
            // Interim results often say 0, which means that it is not known.
            ...(best.confidence > 0 && best.confidence <= 1 ? { confidence: best.confidence } : {}),
            ...(language === undefined ? {} : { language }),
          })
        }
      }
      recognition.onerror = ({ error }) => {
        if (finalErrors.has(error)) isWanted = false
      }
      // Browsers stop by themselves after a while of silence.
      recognition.onend = () => {
        utterances = new Map()
        if (isWanted) recognition.start()
      }
      recognition.start()
    },
    stop() {
      isWanted = false
      recognition.abort()
    },
  }
}

function pageImplementation(): (new () => PageRecognition) | undefined {
  const names = ['SpeechRecognition', 'webkitSpeechRecognition'] as const
  // What browsers have under either name is of the form above.
  const page = globalThis as { [Name in (typeof names)[number]]?: new () => PageRecognition }
  return page.SpeechRecognition ?? page.webkitSpeechRecognition
}
