import { createSeededIds } from '@parley/testing'
import { expect, test } from 'vitest'
import { createBrowserRecognizer, type PageResultEvent } from './browser-recognizer.ts'

type Result = { text: string; final?: boolean; confidence?: number }

function page() {
  const made: Recognition[] = []
  class Recognition {
    continuous = false
    interimResults = false
    lang = ''
    starts = 0
    aborted = 0
    onresult: ((event: PageResultEvent) => void) | null = null
    onend: (() => void) | null = null
    onerror: ((event: { error: string }) => void) | null = null
    constructor() {
      made.push(this)
    }
    start(): void {
      this.starts++
    }
    abort(): void {
      this.aborted++
    }
    hear(resultIndex: number, results: Result[]): void {
      const list = results.map(({ text, final = false, confidence = 0 }) =>
        Object.assign([{ transcript: text, confidence }], { isFinal: final }),
      )
      this.onresult?.({ resultIndex, results: list })
    }
  }
  return { Recognition, made }
}

test('E-5 what the browser recognizes is told by utterance, interim and final under one id', () => {
  const { Recognition, made } = page()
  const heard: object[] = []
  const recognizer = createBrowserRecognizer({ language: 'en', ids: createSeededIds(1), Implementation: Recognition })
  recognizer.start((transcript) => void heard.push(transcript))
  const [recognition] = made
  expect(recognition).toMatchObject({ continuous: true, interimResults: true, lang: 'en', starts: 1 })
  recognition?.hear(0, [{ text: 'good' }])
  recognition?.hear(0, [{ text: ' good day', final: true, confidence: 0.8 }])
  recognition?.hear(1, [{ text: 'good day', final: true }, { text: 'hello' }])
  expect(heard).toMatchObject([
    { text: 'good', final: false, language: 'en' },
    { text: 'good day', final: true, confidence: 0.8 },
    { text: 'hello', final: false },
  ])
  const ids = heard.map((one) => ('id' in one ? one.id : undefined))
  expect(ids[0]).toBe(ids[1])
  expect(ids[2]).not.toBe(ids[0])
})

test('E-5 it starts again when the browser stops by itself, and not after a stop or a refusal', () => {
  const { Recognition, made } = page()
  const start = () => {
    const recognizer = createBrowserRecognizer({
      language: undefined,
      ids: createSeededIds(1),
      Implementation: Recognition,
    })
    recognizer.start(() => {})
    return { recognizer, recognition: made.at(-1) }
  }
  const stopped = start()
  stopped.recognition?.onend?.()
  expect(stopped.recognition?.starts).toBe(2)
  stopped.recognizer.stop()
  stopped.recognition?.onend?.()
  expect(stopped.recognition).toMatchObject({ starts: 2, aborted: 1 })
  const refused = start()
  refused.recognition?.onerror?.({ error: 'not-allowed' })
  refused.recognition?.onend?.()
  expect(refused.recognition?.starts).toBe(1)
})

test('a page without recognition is told so', () => {
  const make = () => createBrowserRecognizer({ language: 'en', ids: createSeededIds(1) })
  expect(make).toThrow(expect.objectContaining({ code: 'speech_engine_missing' }))
})
