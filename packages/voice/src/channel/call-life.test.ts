import { Agent } from '@parley/kit'
import { defineTool, type SpeechToText, type TextToSpeech } from '@parley/spec'
import { createFakeStt, createFakeTts, createScriptedVad, scriptedModel } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openCall, sayingAgent } from './__fixtures__/open-call.ts'

describe('a call without some of its parts', () => {
  test('C-9 without microphone, detection and recognition it takes what is typed', async () => {
    await using bench = await openCall({
      channel: { stt: undefined as never, vad: undefined as never },
      endpoint: { sendsFrames: false },
    })
    bench.endpoint.caller.type('hello')
    await bench.clock.advance(8_000)
    expect(await bench.lines()).toEqual(['ada: hello', 'riley: all right'])
    expect(bench.heard()).toEqual(['all right'])
    expect(await bench.receipts('settings')).toMatchObject([
      { settings: { settings: { stages: { vad: false, stt: false, tts: true } } } },
    ])
    expect(bench.errors).toEqual([])
  })

  test('C-9 without a voice it shows captions, and what was written is what was read', async () => {
    await using bench = await openCall({ channel: { tts: undefined as never } })
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(8_000)
    expect(await bench.lines()).toEqual(['ada: hello', 'riley: all right'])
    expect(bench.heard()).toEqual([])
    const captions = bench.endpoint.views.filter((view) => view.type === 'caption' && view.role === 'agent')
    expect(captions.at(-1)).toMatchObject({ text: 'all right', final: true })
    expect(await bench.receipts('settings')).toMatchObject([{ settings: { settings: { stages: { tts: false } } } }])
    expect(bench.call.state.agent).toBe('listening')
  })
})

const counting = 'one two three four five six seven eight nine ten eleven twelve.'

/** Timers that a kit has without any call. */
async function idleTimers(): Promise<number> {
  await using bench = await openCall()
  const { clock, call } = bench
  void call.hangup()
  await clock.advance(10_000)
  return clock.pending
}

describe('a line that is lost', () => {
  test('C-10 comes back within the window: what was not heard is heard, once, and the call goes on', async () => {
    await using bench = await openCall({ agents: [sayingAgent('riley', counting, 'yes')] })
    void bench.endpoint.caller.sayText('count')
    await bench.clock.advance(3_000)
    bench.endpoint.caller.lose()
    await bench.clock.advance(20_000)
    bench.endpoint.caller.resume()
    expect(bench.call.state).not.toHaveProperty('returnWithinMs')
    await bench.clock.advance(10_000)
    expect(await bench.lines()).toEqual(['ada: count', `riley: ${counting}`])
    expect(bench.heard().join(' ')).toBe(counting)
    void bench.endpoint.caller.sayText('good')
    await bench.clock.advance(8_000)
    expect((await bench.lines()).slice(2)).toEqual(['ada: good', 'riley: yes'])
    expect(bench.call.state.isEnded).toBe(false)
  })

  test('C-10 C-12 stays away for 30 s: what was said so far is kept, and the call ends as lost', async () => {
    await using bench = await openCall()
    void bench.endpoint.caller.sayText('please check my last bill for me')
    await bench.clock.advance(1_500)
    const lostAtMs = bench.clock.monotonicMs()
    expect(bench.call.state.returnWithinMs).toBeUndefined()
    bench.endpoint.caller.lose()
    expect(bench.call.state.returnWithinMs).toBe(30_000)
    let endedAtMs = 0
    void bench.call.ended.then(() => (endedAtMs = bench.clock.monotonicMs()))
    await bench.clock.advance(29_900)
    expect(bench.call.state).toMatchObject({ isEnded: false, returnWithinMs: 100 })
    await bench.clock.advance(5_000)
    expect(bench.call.state).not.toHaveProperty('returnWithinMs')
    expect(await bench.call.ended).toBe('lost')
    expect(endedAtMs - lostAtMs).toBeLessThan(32_100)
    const [said] = await bench.lines()
    expect(said).toMatch(/^ada: please/)
  })

  test('C-10 may be lost and back a hundred times: one call, one answer, no timer left', async () => {
    await using bench = await openCall()
    for (let n = 0; n < 100; n++) {
      bench.endpoint.caller.lose()
      await bench.clock.advance(30)
      bench.endpoint.caller.resume()
      await bench.clock.advance(30)
    }
    void bench.endpoint.caller.sayText('hello')
    await bench.clock.advance(40_000)
    expect(await bench.lines()).toEqual(['ada: hello', 'riley: all right'])
    expect(bench.call.state.isEnded).toBe(false)
    const ended = bench.call.hangup()
    await bench.clock.advance(5_000)
    await ended
    expect(bench.clock.pending).toBe(await idleTimers())
  })
})

test('O-9 a line that sends no frame for a second while the person speaks has ended their speech', async () => {
  await using bench = await openCall()
  void bench.endpoint.caller.sayText('this is a long sentence that goes on')
  await bench.clock.advance(500)
  expect(bench.call.state.user).toBe('speaking')
  bench.endpoint.caller.loss(100)
  await bench.clock.advance(960)
  expect(bench.call.state.user).toBe('speaking')
  await bench.clock.advance(80)
  expect(bench.call.state.user).toBe('silent')
  bench.endpoint.caller.hangup()
  await bench.clock.advance(5_000)
})

describe('the end of a call', () => {
  test('C-12 commits what was heard, then what was said and not finished, then the end', async () => {
    await using bench = await openCall({
      agents: [sayingAgent('riley', counting)],
      channel: { interruption: { warmupMs: 0 } },
    })
    void bench.endpoint.caller.sayText('count')
    await bench.clock.advance(3_000)
    void bench.endpoint.caller.sayText('and one more thing')
    await bench.clock.advance(900)
    const ended = bench.call.hangup()
    await bench.clock.advance(5_000)
    await ended
    const [said, heard, rest] = await bench.lines()
    expect(said).toBe('ada: count')
    expect(heard).toMatch(/^riley: one two.* \|$/)
    expect(rest).toMatch(/^ada: and/)
    const log = await bench.kit.events(bench.roomId)
    expect(log.at(-1)?.type).toBe('callEnded')
    expect(log.filter(({ type }) => type === 'message').at(-1)?.metadata['voice']).toMatchObject({ final: false })
  })

  test('C-12 is final: whatever is asked of the call then is voice_call_ended', async () => {
    await using bench = await openCall()
    const ended = bench.call.hangup()
    await bench.clock.advance(5_000)
    await ended
    const over = { code: 'voice_call_ended' }
    const { call } = bench
    for (const act of [() => call.say('hello'), () => call.hold(), () => call.resume()]) {
      expect(act).toThrow(expect.objectContaining(over))
    }
    const asked = [call.setLanguage('de'), call.reply(), call.sendDtmf('1'), call.collect({ digits: 4 })]
    for (const work of asked) await expect(work).rejects.toMatchObject(over)
    await call.hangup()
    expect(bench.endpoint.closedWith).toBe('agent')
  })

  const never = new Promise<never>(() => {})
  const stubborn = {
    stt(): SpeechToText {
      const fake = createFakeStt()
      return { ...fake, open: async (o, context) => ({ ...(await fake.open(o, context)), close: () => never }) }
    },
    tts(): TextToSpeech {
      const fake = createFakeTts({ sampleRateHz: 16_000 })
      return { ...fake, open: async (o, context) => ({ ...(await fake.open(o, context)), close: () => never }) }
    },
    vad: () => ({
      ...createScriptedVad(),
      create: () => ({ push: () => {}, reset: () => {}, close: () => never }),
    }),
  }

  test.each(['stt', 'tts', 'vad'] as const)('C-13 comes within 2 s, though %s never closes', async (stage) => {
    await using bench = await openCall({
      agents: [sayingAgent('riley', counting)],
      channel: { [stage]: stubborn[stage]() },
    })
    void bench.endpoint.caller.sayText('count')
    await bench.clock.advance(3_000)
    let isEnded = false
    void bench.call.ended.then(() => (isEnded = true))
    void bench.call.hangup()
    await bench.clock.advance(2_100)
    expect(isEnded).toBe(true)
    expect(bench.voice.calls).toEqual([])
  })

  test('C-13 aborts a tool and a model at work', async () => {
    const signals: AbortSignal[] = []
    const lookUp = defineTool({
      name: 'look_up',
      description: 'Looks up.',
      input: z.object({}),
      run: (_input, { signal }) => {
        signals.push(signal)
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        })
      },
    })
    const riley = new Agent('riley', {
      name: 'Riley',
      tools: [lookUp],
      model: scriptedModel([{ toolCalls: [{ name: 'look_up', arguments: {} }] }, 'never said']),
    })
    await using bench = await openCall({ agents: [riley] })
    void bench.endpoint.caller.sayText('look it up')
    await bench.clock.advance(4_000)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    void bench.call.hangup()
    await bench.clock.advance(10_000)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(bench.clock.pending).toBe(await idleTimers())
    expect((await bench.lines())[0]).toBe('ada: look it up')
  })

  test('C-13 an interrupted utterance whose end the far side never tells is settled after 5 s', async () => {
    await using bench = await openCall({
      agents: [sayingAgent('riley', counting.repeat(4))],
      channel: { interruption: { warmupMs: 0 } },
    })
    const { output } = bench.endpoint
    void bench.endpoint.caller.sayText('count')
    await bench.clock.advance(3_000)
    // From here on the output says nothing any more.
    output.clear = () => ({ epoch: 1, heardMs: 0, confidence: 'estimated' })
    bench.call.interrupt({ force: true })
    await bench.clock.advance(4_900)
    expect(await bench.lines()).toEqual(['ada: count'])
    await bench.clock.advance(200)
    expect((await bench.lines())[1]).toMatch(/^riley: one.* \|$/)
    expect(bench.call.state.agent).toBe('listening')
  })
})
