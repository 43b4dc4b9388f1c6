import { describe, expect, test } from 'vitest'
import { countingAudio, createLoopback, rate8k, speak } from './__fixtures__/loopback.ts'
import { defaultOutputTimings } from './paced-output-options.ts'

test('defaults: times of a paced output', () => {
  expect(defaultOutputTimings).toEqual({
    queueMs: 10_000,
    headroomMs: 60,
    aheadMs: 2_000,
    markEveryMs: 200,
    sourceSilentMs: 1_000,
    stallMs: 5_000,
    rewindMs: 40,
    progressEveryMs: 100,
    outputLatencyMs: 0,
  })
})

test('sends the first frame in the call that captures it, and the rest at the pace of playout', async () => {
  const { clock, output, sent, heard } = createLoopback()
  const segment = speak(output, 's1', 20)
  expect(sent).toHaveLength(1)
  segment.capture(countingAudio(980, 8000, 160))
  segment.flush()
  expect(sent).toHaveLength(4)
  await clock.advance(500)
  expect(sent.length).toBeGreaterThanOrEqual(28)
  expect(sent.length).toBeLessThanOrEqual(29)
  await clock.runToRest()
  expect(sent).toHaveLength(50)
  const samples = heard.flatMap((entry) => Array.from(entry.samples))
  expect(samples).toEqual(Array.from(countingAudio(1000).samples))
  expect(heard.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 50 }, (_, index) => index * 20))
  expect(clock.pending).toBe(0)
})

test('O-6 an utterance that goes on after another one goes on where it was', async () => {
  const { clock, output, sent } = createLoopback()
  speak(output, 's1', 100, 'u1').flush()
  speak(output, 's2', 60, 'u2').flush()
  speak(output, 's3', 40, 'u1').flush()
  await clock.runToRest()
  const places = sent.map(({ frame }) => [frame.utteranceId, frame.utteranceSamples / 160])
  expect(places).toEqual([
    ...[0, 1, 2, 3, 4].map((at) => ['u1', at]),
    ...[0, 1, 2].map((at) => ['u2', at]),
    ...[5, 6].map((at) => ['u1', at]),
  ])
})

describe('back pressure', () => {
  test('O-1 takes ten seconds ahead, says full, drops nothing and goes on when there is room', async () => {
    const { clock, output, heard } = createLoopback()
    const segment = output.open({ utteranceId: 'u1', segmentId: 's1', format: rate8k })
    let captured = 0
    while (segment.capture(countingAudio(100, 8000, captured * 800)) === 'ok') captured += 1
    // What was sent at once does not wait any more.
    expect(captured).toBe(100)
    let isReady = false
    void segment.ready().then(() => (isReady = true))
    await clock.advance(100)
    expect(isReady).toBe(false)
    await clock.advance(2_500)
    expect(isReady).toBe(true)
    expect(segment.capture(countingAudio(100, 8000, captured * 800))).toBe('ok')
    segment.flush()
    await clock.runToRest()
    const samples = heard.flatMap((entry) => Array.from(entry.samples))
    expect(samples).toEqual(Array.from(countingAudio(10_100).samples))
  })

  test('O-1 a segment that waits its turn cannot fill the queue of the one that is sent', () => {
    const { output } = createLoopback()
    const first = speak(output, 's1', 20)
    const second = output.open({ utteranceId: 'u1', segmentId: 's2', format: rate8k })
    while (second.capture(countingAudio(500)) === 'ok');
    expect(first.capture(countingAudio(500))).toBe('ok')
  })
})

describe('settling', () => {
  test('O-2 a segment without a frame settles once, after those before it', async () => {
    const { clock, output, of } = createLoopback()
    const first = speak(output, 's1', 100)
    const empty = output.open({ utteranceId: 'u1', segmentId: 's2', format: rate8k })
    empty.flush()
    expect(of('finished')).toEqual([])
    first.flush()
    await clock.runToRest()
    expect(
      of('finished').map(({ segmentId, interrupted, positionMs }) => [segmentId, interrupted, positionMs]),
    ).toEqual([
      ['s1', false, 100],
      ['s2', false, 0],
    ])
    expect(of('started').map(({ segmentId }) => segmentId)).toEqual(['s1'])
  })

  test('O-2 closing settles what is open, once, and nothing moves afterwards', async () => {
    const { clock, output, of, sent } = createLoopback()
    speak(output, 's1', 500)
    speak(output, 's2', 500)
    await clock.advance(200)
    const before = sent.length
    output.close()
    output.close()
    await clock.runToRest()
    expect(
      of('finished').map(({ segmentId, interrupted, positionMs }) => [segmentId, interrupted, positionMs]),
    ).toEqual([
      ['s1', true, 200],
      ['s2', true, 0],
    ])
    expect(sent).toHaveLength(before)
    expect(clock.pending).toBe(0)
    expect(() => output.open({ utteranceId: 'u2', segmentId: 's3', format: rate8k })).toThrow('is over')
  })

  test('O-2 the watchdog gives up on a segment whose end is never told, and the next one is heard', async () => {
    const { clock, output, of, errors, far } = createLoopback({ capabilities: { played: 'report' } })
    far.plays = false
    const segment = speak(output, 's1', 300)
    segment.flush()
    // The far end lives and says that it does not move: its sound is blocked.
    const saying = (): void => {
      output.played({ epoch: 0, utteranceId: 'u1', positionMs: 0 })
      if (of('finished').length === 0) clock.setTimer(100, saying)
    }
    saying()
    await clock.advance(300 + 200 + 5_000 - 40)
    expect(of('finished')).toEqual([])
    await clock.advance(60)
    expect(of('finished')).toMatchObject([{ segmentId: 's1', interrupted: true, stalled: true }])
    expect(errors).toEqual(['voice_output_stalled'])
    speak(output, 's2', 100).flush()
    await clock.runToRest()
    expect(of('finished').map(({ segmentId }) => segmentId)).toEqual(['s1', 's2'])
    expect(clock.pending).toBe(0)
  })
})

describe('epochs', () => {
  test('O-3 reports and marks of a cleared speech change nothing of the next one', async () => {
    const { clock, output, of, calls } = createLoopback()
    speak(output, 's1', 1_000).flush()
    await clock.advance(300)
    const stale = calls.filter((call) => call.startsWith('mark:')).map((call) => call.slice(5))
    output.clear()
    far(output)
    speak(output, 's2', 1_000, 'u2')
    for (const name of stale) output.markPlayed(name)
    output.played({ epoch: 0, utteranceId: 'u2', positionMs: 900 })
    expect(of('progress').filter(({ segmentId }) => segmentId === 's2')).toEqual([])
    await clock.advance(100)
    const { heardMs } = output.clear()
    expect(heardMs).toBe(100)
    const late = of('finished')
      .concat(of('cleared'))
      .map(({ segmentId, epoch }) => [segmentId, epoch])
    expect(late).toEqual([
      ['s1', 0],
      ['s2', 1],
      ['s1', 0],
      ['s2', 1],
    ])
    function far(of: typeof output): void {
      of.cleared({ epoch: 0, positionMs: 900 })
    }
  })

  test('O-3 the answer to a clear corrects what was heard of the cleared speech alone', async () => {
    const { clock, output, of } = createLoopback({ capabilities: { played: 'report' } })
    speak(output, 's1', 200).flush()
    speak(output, 's2', 1_000)
    await clock.advance(450)
    const cut = output.clear()
    expect(cut).toMatchObject({ epoch: 1, segmentId: 's2', heardMs: 450, positionMs: 250 })
    speak(output, 's3', 500, 'u2')
    output.cleared({ epoch: 1, positionMs: 421 })
    output.cleared({ epoch: 1, positionMs: 10 })
    expect(of('cleared')).toMatchObject([
      { segmentId: 's2', positionMs: 250, epoch: 0 },
      { segmentId: 's2', positionMs: 221, epoch: 0, confidence: 'confirmed' },
    ])
  })
})

describe('pause', () => {
  test('O-4 rewind: the far buffer is cleared and the unplayed part said again from 40 ms before', async () => {
    const { clock, output, heard, calls, of } = createLoopback()
    speak(output, 's1', 1_000).flush()
    await clock.advance(410)
    expect(output.pause()).toBe(true)
    expect(calls.at(-1)).toBe('clear:1')
    expect(output.isPlaying).toBe(false)
    const before = heard.length
    await clock.advance(2_000)
    expect(heard).toHaveLength(before)
    output.resume()
    await clock.runToRest()
    // The last mark was at 400.
    expect(heard.slice(before).map(({ frame }) => frame.positionMs)).toEqual(
      Array.from({ length: 32 }, (_, index) => 360 + index * 20),
    )
    expect(heard[before]?.frame.gap).toBe(true)
    expect(of('finished')).toMatchObject([{ segmentId: 's1', positionMs: 1_000, interrupted: false }])
    expect(clock.pending).toBe(0)
  })

  test('O-4 native: the far end is told, nothing is sent, and positions stand still', async () => {
    const { clock, output, calls, sent, of } = createLoopback({ capabilities: { pause: 'native', played: 'clock' } })
    speak(output, 's1', 1_000).flush()
    await clock.advance(410)
    output.pause()
    expect(calls.at(-1)).toBe('pause:0')
    const before = sent.length
    await clock.advance(3_000)
    expect(sent).toHaveLength(before)
    expect(of('progress').at(-1)?.positionMs).toBeLessThanOrEqual(420)
    output.resume()
    await clock.runToRest()
    expect(calls).toContain('continue:0')
    expect(of('finished')).toMatchObject([{ positionMs: 1_000, atMs: 4_000, interrupted: false }])
  })

  test('O-4 none: refused', async () => {
    const { clock, output, calls } = createLoopback({ capabilities: { pause: 'none' } })
    speak(output, 's1', 200).flush()
    expect(output.pause()).toBe(false)
    expect(output.isPlaying).toBe(true)
    await clock.runToRest()
    expect(calls.filter((call) => call.startsWith('send'))).toHaveLength(10)
  })

  test('O-4 A-10 what is said again is faded in', async () => {
    const { clock, output, heard } = createLoopback()
    const segment = output.open({ utteranceId: 'u1', segmentId: 's1', format: rate8k })
    segment.capture({ ...countingAudio(400), samples: new Int16Array(3_200).fill(20_000) })
    await clock.advance(210)
    output.pause()
    const before = heard.length
    output.resume()
    await clock.advance(20)
    const samples = Array.from(heard[before]?.samples ?? [])
    expect(samples[0]).toBe(0)
    expect(samples.at(-1)).toBe(20_000)
    expect(Math.max(...samples.slice(1).map((sample, index) => Math.abs(sample - (samples[index] ?? 0))))).toBeLessThan(
      3_277,
    )
  })
})

describe('clear', () => {
  test('O-5 the far end is cleared first; marks that come back because of it do not count as played', async () => {
    const { clock, output, calls, of } = createLoopback({ headroomMs: 600 })
    speak(output, 's1', 2_000).flush()
    await clock.advance(250)
    const before = calls.length
    const cut = output.clear()
    expect(calls[before]).toBe('clear:1')
    expect(cut).toEqual({ epoch: 1, heardMs: 250, segmentId: 's1', positionMs: 250, confidence: 'estimated' })
    const told = of('progress').length
    await clock.runToRest()
    expect(of('progress')).toHaveLength(told)
    expect(of('finished')).toMatchObject([{ segmentId: 's1', positionMs: 250, interrupted: true, atMs: 250 }])
    expect(calls.slice(before)).toEqual(['clear:1'])
    expect(output.queuedMs).toBe(0)
  })

  test('O-5 without a clear at the far end the sound itself fades out within one frame', async () => {
    const { clock, output, sent } = createLoopback({ capabilities: { clear: false, played: 'clock' } })
    const segment = output.open({ utteranceId: 'u1', segmentId: 's1', format: rate8k })
    segment.capture({ ...countingAudio(400), samples: new Int16Array(3_200).fill(20_000) })
    await clock.advance(100)
    const before = sent.length
    output.clear()
    await clock.runToRest()
    expect(sent).toHaveLength(before + 1)
    expect(sent.at(-1)?.samples[0]).toBe(20_000)
    expect(sent.at(-1)?.samples.at(-1)).toBe(0)
  })

  test('O-5 nothing played: nothing was heard, and a clear after everything was heard is empty', async () => {
    const { clock, output } = createLoopback()
    speak(output, 's1', 0)
    expect(output.clear()).toEqual({ epoch: 1, heardMs: 0, confidence: 'confirmed' })
    speak(output, 's2', 100).flush()
    await clock.runToRest()
    expect(output.clear()).toEqual({ epoch: 2, heardMs: 0, confidence: 'confirmed' })
  })

  test('O-5 a clear while paused tells what was heard before the pause and lets the next speech play', async () => {
    const { clock, output, of } = createLoopback()
    speak(output, 's1', 1_000).flush()
    await clock.advance(310)
    output.pause()
    await clock.advance(500)
    expect(output.clear()).toMatchObject({ heardMs: 310, segmentId: 's1' })
    speak(output, 's2', 200, 'u2').flush()
    await clock.runToRest()
    expect(of('finished').map(({ segmentId, interrupted }) => [segmentId, interrupted])).toEqual([
      ['s1', true],
      ['s2', false],
    ])
  })
})

describe('listeners that act', () => {
  test('O-3 who clears and speaks anew while he is told of the old speech disturbs nothing', async () => {
    for (const played of ['report', 'mark', 'clock'] as const) {
      const { clock, output, of, heard } = createLoopback({ capabilities: { played } })
      let isCut = false
      output.on('progress', ({ segmentId, positionMs }) => {
        if (isCut || segmentId !== 's1' || positionMs < 300) return
        isCut = true
        output.clear()
        speak(output, 's2', 400, 'u2').flush()
      })
      speak(output, 's1', 2_000).flush()
      await clock.runToRest()
      expect(of('finished').map(({ segmentId, interrupted }) => [segmentId, interrupted])).toEqual([
        ['s1', true],
        ['s2', false],
      ])
      expect(heard.filter(({ frame }) => frame.segmentId === 's2')).toHaveLength(20)
      expect(clock.pending).toBe(0)
    }
  })
})

describe('a lost wire', () => {
  test('nothing is sent until it is back, then what was not confirmed is said again', async () => {
    const { clock, output, sent, heard, of, far } = createLoopback({ capabilities: { played: 'report' } })
    speak(output, 's1', 1_000).flush()
    await clock.advance(310)
    output.lost()
    far.plays = false
    const before = sent.length
    await clock.advance(8_000)
    expect(sent).toHaveLength(before)
    expect(clock.pending).toBeLessThanOrEqual(1)
    far.plays = true
    const again = heard.length
    output.resumed()
    await clock.runToRest()
    expect(heard.slice(again)[0]?.frame).toMatchObject({ positionMs: 260, gap: true, epoch: 1 })
    expect(of('finished')).toMatchObject([{ positionMs: 1_000, interrupted: false }])
  })
})

describe('mixing', () => {
  test('an always-on layer sounds alone, under speech, and after a clear without a gap', async () => {
    const { clock, output, heard, of } = createLoopback()
    const speaking: boolean[] = []
    output.setMixer(
      (samples, isSpeech) => {
        speaking.push(isSpeech)
        for (let index = 0; index < samples.length; index++) samples[index] = (samples[index] ?? 0) + 5
      },
      { alwaysOn: true },
    )
    await clock.advance(500)
    speak(output, 's1', 2_000).flush()
    await clock.advance(500)
    expect(output.clear()).toMatchObject({ segmentId: 's1' })
    await clock.advance(500)
    expect(heard.map(({ atMs }) => atMs)).toEqual(Array.from({ length: heard.length }, (_, index) => index * 20))
    expect(heard.length).toBeGreaterThanOrEqual(75)
    expect(heard[0]?.samples[0]).toBe(5)
    expect(speaking).toContain(true)
    expect(of('started')[0]?.atMs).toBeLessThanOrEqual(540)
    output.setMixer(undefined)
    await clock.runToRest()
    expect(clock.pending).toBe(0)
  })
})
