import { Agent } from '@parley/kit'
import type { TextToSpeech } from '@parley/spec'
import { expect, test } from 'vitest'
import { createFakeStt, createFakeTts, scriptedModel } from '@parley/testing'
import { createPressKeysTool } from '../call/press-keys-tool.ts'
import { openCall, sayingAgent, type CallBench } from './__fixtures__/open-call.ts'
import type { VoiceChannel } from './voice-channel.ts'

const outbound = { direction: 'outbound' as const }

function greeter(...texts: string[]): Agent {
  return new Agent('riley', { name: 'riley', greeting: 'harbor internet calling', model: scriptedModel(texts) })
}

const startOf = ({ endpoint }: CallBench): number => endpoint.heard()[0]?.startMs ?? Infinity

test('G-2 who was called speaks first, and the greeting is the answer to it', async () => {
  await using bench = await openCall({ agents: [greeter('of course')], endpoint: outbound })
  await bench.clock.advance(400)
  void bench.endpoint.caller.sayText('hello')
  await bench.clock.advance(6_000)
  expect(await bench.lines()).toEqual(['ada: hello', 'riley: harbor internet calling'])
  void bench.endpoint.caller.sayText('can you help me')
  await bench.clock.advance(6_000)
  expect(bench.heard()).toEqual(['harbor internet calling', 'of course'])
  expect(bench.errors).toEqual([])
})

test('G-2 who says nothing for 1 500 ms is greeted; on inbound calls nobody is waited for', async () => {
  await using bench = await openCall({ agents: [greeter()], endpoint: outbound })
  await bench.clock.advance(1_450)
  expect(bench.heard()).toEqual([])
  await bench.clock.advance(4_000)
  expect(bench.heard()).toEqual(['harbor internet calling'])
  expect(startOf(bench)).toBeGreaterThanOrEqual(1_500)
  expect(startOf(bench)).toBeLessThan(1_600)
  await using inbound = await openCall({ agents: [greeter()] })
  await inbound.clock.advance(3_000)
  expect(startOf(inbound)).toBeLessThan(100)
})

test('G-2 AM-1 AM-2 with detection nothing is said before the verdict: a person is greeted after hello', async () => {
  await using bench = await openCall({ agents: [greeter('sure')], endpoint: outbound, channel: { amd: true } })
  const verdicts: string[] = []
  bench.call.on('answeredBy', ({ verdict }) => verdicts.push(verdict))
  await bench.clock.advance(3_000)
  expect(bench.heard()).toEqual([])
  void bench.endpoint.caller.sayText('hello this is ada')
  await bench.clock.advance(8_000)
  expect(verdicts).toEqual(['human'])
  expect(bench.call.answeredBy).toBe('human')
  expect(bench.heard()).toEqual(['harbor internet calling'])
  expect(await bench.lines()).toEqual(['ada: hello this is ada', 'riley: harbor internet calling'])
  expect(await bench.receipts('answeredBy')).toMatchObject([{ verdict: 'human' }])
})

test('AM-1 voicemail: the message waits for the machine to end, is heard whole, and the call ends', async () => {
  await using bench = await openCall({
    agents: [greeter('never said')],
    endpoint: outbound,
    channel: { amd: { voicemail: 'please call us back' } },
  })
  const told: string[] = []
  bench.kit.observe('onAmd', ({ verdict }) => void told.push(verdict))
  void bench.endpoint.caller.sayText('you have reached ada please leave a message after the tone')
  await bench.clock.advance(3_500)
  const beep = Int16Array.from(
    { length: 8_000 },
    (_, index) => 12_000 * Math.sin((2 * Math.PI * 1_000 * index) / 16_000),
  )
  void bench.endpoint.caller.say(beep)
  await bench.clock.advance(10_000)
  expect(told).toEqual(['machine'])
  expect(bench.heard()).toEqual(['please call us back'])
  expect(startOf(bench)).toBeGreaterThan(3_500)
  expect(bench.endpoint.closedWith).toBe('agent')
  expect((await bench.lines()).toSorted()).toEqual([
    'ada: you have reached ada please leave a message after the tone',
    'riley: please call us back',
  ])
})

test('AM-1 without a message a machine is not spoken to, and no speech for 10 s acts as a person', async () => {
  await using silent = await openCall({ agents: [greeter()], endpoint: outbound, channel: { amd: true } })
  void silent.endpoint.caller.sayText('you have reached ada please leave a message after the tone')
  await silent.clock.advance(12_000)
  expect(silent.heard()).toEqual([])
  expect(silent.endpoint.closedWith).toBe('agent')

  await using quiet = await openCall({ agents: [greeter()], endpoint: outbound, channel: { amd: true } })
  await quiet.clock.advance(9_900)
  expect(quiet.heard()).toEqual([])
  await quiet.clock.advance(3_000)
  expect(quiet.heard()).toEqual(['harbor internet calling'])
  expect(quiet.call.answeredBy).toBe('uncertain')
})

test('AM-3 in a menu the agent presses keys half a second apart, and the same menu for the third time is a loop', async () => {
  const live: { voice?: VoiceChannel } = {}
  const menu = 'press one for sales press two for support'
  const results: string[] = []
  const press = (keys: string) => ({ toolCalls: [{ name: 'pressKeys', arguments: { keys } }] })
  const done = (request: unknown): string => {
    results.push(JSON.stringify(request))
    return 'waiting'
  }
  const riley = new Agent('riley', {
    name: 'riley',
    model: scriptedModel([press('1w2'), done, press('3'), done, press('4'), done]),
    tools: [
      createPressKeysTool({
        get calls() {
          return live.voice?.calls ?? []
        },
      }),
    ],
  })
  await using bench = await openCall({
    agents: [riley],
    endpoint: { ...outbound, capabilities: { dtmfOut: true } },
    channel: { amd: true },
    setUp: (_kit, _roomId, voice) => void (live.voice = voice),
  })
  for (let heard = 0; heard < 3; heard++) {
    void bench.endpoint.caller.sayText(menu)
    await bench.clock.advance(9_000)
  }
  expect(bench.call.answeredBy).toBe('ivr')
  expect(bench.endpoint.sentDtmf).toBe('1w23')
  expect(results.at(-1)).toContain('same menu was heard three times')
  expect(await bench.receipts('menuLoop')).toHaveLength(1)
})

const voices = { en: 'alice', de: 'bob' }

/** A voice engine of which each voice speaks these languages. */
function speaking(languagesOf: (voice: string) => string[]): TextToSpeech {
  const tts = createFakeTts({ sampleRateHz: 16_000 })
  const known = async () => (await tts.info.voices()).map((voice) => ({ ...voice, languages: languagesOf(voice.id) }))
  return { ...tts, info: { ...tts.info, voices: known }, open: (...given) => tts.open(...given) }
}

test('L-1 a language changes recognition, voice and thresholds together, and is refused whole where no voice speaks it', async () => {
  const heardIn: (string | undefined)[] = []
  const stt = createFakeStt({ languages: ['en', 'de'] })
  const riley = new Agent('riley', { name: 'riley', voice: 'alice', voices, model: scriptedModel(['ja', 'nein']) })
  await using bench = await openCall({
    agents: [riley],
    channel: {
      stt: {
        ...stt,
        open: async (options, context) => {
          const stream = await stt.open(options, context)
          heardIn.push(options.language)
          return {
            ...stream,
            events: stream.events,
            update: async (change) => (heardIn.push(change.language), stream.update(change)),
          }
        },
      },
      tts: speaking((voice) => [voice === 'bob' ? 'de' : 'en']),
    },
    connect: { language: 'en' },
  })
  await bench.call.setLanguage('de')
  void bench.endpoint.caller.sayText('guten tag')
  await bench.clock.advance(6_000)
  expect(bench.endpoint.heard().map(({ voice }) => voice)).toEqual(['bob'])
  expect(heardIn).toContain('de')
  await expect(bench.call.setLanguage('fr')).rejects.toMatchObject({ code: 'voice_language_unsupported' })
  expect((await bench.kit.state(bench.roomId)).language).toBe('de')
})

test('L-2 two sure turns of four words in another language change it; one, or a foreign word, does not', async () => {
  const said = (text: string, language: string, confidence = 0.9) => ({ text, language, confidence })
  await using bench = await openCall({
    agents: [sayingAgent('riley', 'a', 'b', 'c', 'd', 'e')],
    channel: {
      stt: createFakeStt({
        script: [
          said('croissant', 'fr'),
          said('ich möchte bitte etwas wissen', 'de'),
          said('i was charged twice today', 'en'),
          said('ich möchte bitte etwas wissen', 'de'),
          said('das war zu viel geld', 'de'),
        ],
      }),
      tts: speaking(() => ['en', 'de']),
      autoLanguage: { allowed: ['de', 'fr'] },
    },
    connect: { language: 'en' },
  })
  const languages: string[] = []
  bench.call.on('language', ({ language }) => languages.push(language))
  for (let turn = 0; turn < 5; turn++) {
    expect(languages).toEqual([])
    void bench.endpoint.caller.sayText('something')
    await bench.clock.advance(6_000)
  }
  expect(languages).toEqual(['de'])
  expect((await bench.kit.state(bench.roomId)).language).toBe('de')
})
