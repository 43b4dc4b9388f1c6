import { expect, test } from 'vitest'
import { settingsWith, Timeline } from './__fixtures__/timeline.ts'

const withDetector = (change: Parameters<typeof settingsWith>[0] = {}) =>
  settingsWith({
    ...change,
    stages: { turnDetector: true, ...change.stages },
    endpointing: { minDelayMs: 300, maxDelayMs: 2500, ...change.endpointing },
  })

function predict(call: Timeline, probability: number | null): void {
  const asked = call.all('predictTurn').at(-1)
  call.feed({ type: 'turnPrediction', decisionId: asked?.decisionId ?? '', probability, threshold: 0.5 })
}

test('TM-1 the delay counts from the last voiced instant: slow detection and recognition are inside it', () => {
  const quick = new Timeline().speak(0).final(900, 'a refund please').silence(1000, 10).to(3000)
  const slow = new Timeline().speak(0).silence(1000, 400).final(1450, 'a refund please').to(3000)
  expect(quick.commits).toEqual([{ atMs: 1500, text: 'a refund please' }])
  expect(slow.commits).toEqual([{ atMs: 1500, text: 'a refund please' }])
})

test('TM-1 without detection of speech the end of the last word counts, never later than now', () => {
  const settings = settingsWith({ stages: { vad: false } })
  const call = new Timeline(settings).final(1000, 'a refund please', { lastWordEndMs: 800 }).to(3000)
  expect(call.commits).toEqual([{ atMs: 1300, text: 'a refund please' }])
  const ahead = new Timeline(settings).final(1000, 'a refund please', { lastWordEndMs: 99_000 }).to(3000)
  expect(ahead.commits[0]?.atMs).toBe(1500)
})

test('TM-2 commit after the least delay, and after the longest only if the prediction is low', () => {
  const run = (probability: number) => {
    const call = new Timeline(withDetector()).speak(0).final(900, 'I would like').silence(1000).to(1250)
    expect(call.all('predictTurn')).toMatchObject([{ atMs: 1250, text: 'I would like' }])
    predict(call, probability)
    return call.to(9000).commits[0]?.atMs
  }
  expect(run(0.5)).toBe(1300)
  expect(run(0.49)).toBe(3500)
})

test('TM-2 a late prediction is waited for until its time is over, and the decision is made without it', () => {
  const call = new Timeline(withDetector()).speak(0).final(900, 'I would like').silence(1000).to(9000)
  expect(call.all('predictTurn')[0]?.atMs).toBe(1250)
  expect(call.commits[0]?.atMs).toBe(2250)
})

test('TM-2 a deadline that has passed commits at once', () => {
  const call = new Timeline().speak(0).final(900, 'go on').silence(1000, 900)
  expect(call.commits).toEqual([{ atMs: 1900, text: 'go on' }])
})

test('TM-3 new speech cancels the decision and its prediction', () => {
  const call = new Timeline(withDetector()).speak(0).final(900, 'I would like').silence(1000).to(1260)
  const stale = call.all('predictTurn')[0]?.decisionId ?? ''
  call.speak(1270).feed({ type: 'turnPrediction', decisionId: stale, probability: 1, threshold: 0.5 })
  expect(call.to(3000).commits).toEqual([])
  call.final(3000, 'a refund').silence(3000).to(3260)
  predict(call, 1)
  expect(call.to(9000).commits).toEqual([{ atMs: 3300, text: 'I would like a refund' }])
})

test('TM-3 two live triggers commit one turn', () => {
  const call = new Timeline(settingsWith({ endpointing: { mode: 'stt' }, stages: { sttEndOfSpeech: true } }))
  call.speak(0).final(900, 'one turn')
  call.at(1400, { type: 'sttSpeechEnd', atMs: 1000 })
  call.at(1400, { type: 'sttSpeechEnd', atMs: 1000 })
  call.at(1500, { type: 'command', command: { kind: 'commit' } })
  expect(call.to(9000).commits).toHaveLength(1)
})

test('TM-4 sound without text is not committed', () => {
  const call = new Timeline().speak(0).silence(600).to(9000)
  expect(call.commits).toEqual([])
  expect(call.receipt('discarded')?.data).toMatchObject({ reason: 'noText' })
})

test('TM-4 a manual commit without text is told to who asked for it', () => {
  const call = new Timeline()
  call.feed({ type: 'command', command: { kind: 'commit' } })
  expect(call.all('notify')).toMatchObject([{ event: 'emptyTurn', data: { code: 'voice_empty_turn' } }])
  expect(call.commits).toEqual([])
})

test('TM-4 text that comes after its decision closed is decided by itself, from its last word', () => {
  const call = new Timeline().speak(0).silence(600).to(2000)
  expect(call.commits).toEqual([])
  call.final(2100, 'are you there', { lastWordEndMs: 1900 }).to(9000)
  expect(call.commits).toEqual([{ atMs: 2400, text: 'are you there' }])
})

test('TM-5 two finals within one pause are one turn', () => {
  const call = new Timeline().speak(0).silence(1000).final(1300, 'first part').final(1450, 'second part').to(9000)
  expect(call.commits).toEqual([{ atMs: 1500, text: 'first part second part' }])
})

test('TM-5 a final that repeats committed text is ignored: by its id, or by its words from before the commit', () => {
  const call = new Timeline().speak(0).final(900, 'Yes, please.', { id: 'a' }).silence(1000).to(2000)
  call.final(2100, 'Yes, please.', { id: 'a' })
  call.final(2200, 'yes please', { id: 'b', lastWordEndMs: 950 })
  expect(call.to(9000).commits).toHaveLength(1)
  call.final(9100, 'yes please', { id: 'c', lastWordEndMs: 9050 }).to(12_000)
  expect(call.commits).toHaveLength(2)
})

test('TM-6 the final is awaited, then what was heard so far is committed', () => {
  const call = new Timeline().speak(0).interim(800, 'I want a').silence(1000).to(1999)
  expect(call.commits).toEqual([])
  call.to(2000)
  expect(call.all('commitUserTurn')[0]?.turn).toMatchObject({ text: 'I want a', fromInterim: true })
})

test('TM-6 a later final amends the turn, and asks again only if words differ and nothing was heard', () => {
  const until = () => {
    const call = new Timeline().speak(0).interim(800, 'I want a').silence(1000).to(2100)
    return call.reply('u1', { turnId: call.all('commitUserTurn')[0]?.turn.turnId ?? '' })
  }
  const same = until().final(2200, 'I want a.', { id: 'interim' })
  expect(same.all('amendUserTurn')).toEqual([])
  const unheard = until().final(2200, 'I want a refund', { id: 'interim' })
  expect(unheard.all('amendUserTurn')).toMatchObject([{ text: 'I want a refund', asksAgent: true }])
  expect(unheard.all('interrupt')).toMatchObject([{ plan: { reason: 'turn', utteranceIds: ['u1'] } }])
  expect(unheard.state.awaiting?.turnId).toBe('turn-1')
  const heard = until().audible('u1').final(2200, 'I want a refund', { id: 'interim' })
  expect(heard.all('amendUserTurn')).toMatchObject([{ text: 'I want a refund', asksAgent: false }])
  expect(heard.all('interrupt')).toEqual([])
})

test("TM-7 with mode 'stt' the recognizer tells the end, and silence alone does not", () => {
  const call = new Timeline(settingsWith({ endpointing: { mode: 'stt' }, stages: { sttEndOfSpeech: true } }))
  call.speak(0).final(900, 'the end is told').silence(1000).to(2500)
  expect(call.commits).toEqual([])
  call.at(2600, { type: 'sttSpeechEnd', atMs: 1000 })
  expect(call.commits).toEqual([{ atMs: 2600, text: 'the end is told' }])
})

test("TM-7 with mode 'stt' a recognizer that cannot tell falls to detection, and without it to inactivity", () => {
  const vad = new Timeline(settingsWith({ endpointing: { mode: 'stt' } }))
    .speak(0)
    .final(900, 'by silence')
    .silence(1000)
  expect(vad.to(9000).commits[0]?.atMs).toBe(1500)
  const none = new Timeline(settingsWith({ endpointing: { mode: 'stt' }, stages: { vad: false } }))
  none.interim(900, 'by', 'x').final(1200, 'by inactivity', { id: 'x', lastWordEndMs: 900 }).to(9000)
  expect(none.commits).toEqual([{ atMs: 1700, text: 'by inactivity' }])
})

test('TM-8 a detector that cannot tell leaves the timers, with the delays that hold without one', () => {
  const call = new Timeline(withDetector()).speak(0).final(900, 'je voudrais').silence(1000).to(1260)
  predict(call, null)
  expect(call.to(9000).commits[0]?.atMs).toBe(1500)
  call.speak(10_000).final(10_900, 'encore une').silence(11_000).to(19_000)
  expect(call.commits[1]?.atMs).toBe(11_500)
  expect(call.all('predictTurn')).toHaveLength(1)
  const missing = new Timeline().speak(0).final(900, 'no detector').silence(1000).to(9000)
  expect(missing.all('predictTurn')).toEqual([])
  expect(missing.commits[0]?.atMs).toBe(1500)
})

test('TM-9 dynamic delay learns from pauses inside a turn, and stays in its bounds', () => {
  const call = new Timeline(
    settingsWith({ endpointing: { dynamic: true, dynamicAlpha: 0.5, minDelayMs: 500, maxDelayMs: 900 } }),
  )
  call.speak(0).interim(500, 'I').silence(1000)
  call.speak(1480).interim(1600, 'I want').silence(2000)
  expect(call.state.pauseMs).toBe(500)
  const slow = new Timeline(
    settingsWith({
      endpointing: {
        dynamic: true,
        dynamicAlpha: 0.5,
        plainMinDelayMs: 500,
        plainMaxDelayMs: 3000,
        minDelayMs: 500,
        maxDelayMs: 900,
        sttNetMs: 5000,
      },
    }),
  )
  slow.speak(0).interim(500, 'I', 'x').silence(1000)
  slow.speak(2000).final(2500, 'I want', { id: 'x' }).silence(2600)
  expect(slow.state.pauseMs).toBe(750)
  expect(slow.to(9000).commits[0]?.atMs).toBe(3350)
  slow.to(9000)
  for (let round = 0; round < 9; round++) {
    const from = 10_000 * (round + 1)
    slow
      .speak(from)
      .interim(from + 100, 'a', `y${round}`)
      .silence(from + 500)
    slow
      .speak(from + 3500)
      .final(from + 3600, 'a b', { id: `y${round}` })
      .silence(from + 3700)
      .to(from + 9000)
  }
  expect(slow.state.pauseMs).toBeLessThanOrEqual(900)
})

test('TM-9 a person who goes on within a second of the agent had only paused', () => {
  const run = (resumesAfterMs: number) => {
    const call = new Timeline(
      settingsWith({ endpointing: { dynamic: true, dynamicAlpha: 0.5, minDelayMs: 500, maxDelayMs: 3000 } }),
    )
    call.speak(0).final(900, 'I want').silence(1000).to(1500).plays('u1', { turnId: 'turn-1' })
    return call.speak(1500 + resumesAfterMs).state.pauseMs
  }
  expect(run(900)).toBe((500 + 1400) / 2)
  expect(run(1100)).toBe(null)
})

test('hints replace the least delay until their length is met', () => {
  const run = (text: string) => {
    const call = new Timeline()
    call.feed({ type: 'hint', expect: 'digits', minLength: 4 })
    return call.speak(0).final(900, text).silence(1000).to(9000).commits[0]?.atMs
  }
  expect(run('1 2')).toBe(2200)
  expect(run('1 2 3 4')).toBe(1500)
})

test('a prediction is asked again when words come, and the older answer counts for nothing', () => {
  const call = new Timeline(withDetector()).speak(0).final(900, 'I would').silence(1000).to(1260)
  const first = call.all('predictTurn')[0]?.decisionId ?? ''
  call.final(1270, 'like').feed({ type: 'turnPrediction', decisionId: first, probability: 1, threshold: 0.5 })
  expect(call.all('predictTurn').map(({ text }) => text)).toEqual(['I would', 'I would like'])
  predict(call, 0.1)
  expect(call.to(9000).commits[0]?.atMs).toBe(3500)
})

test('a turn that is held open because more is expected is told', () => {
  const events = (probability: number): string[] => {
    const call = new Timeline(withDetector()).speak(0).final(900, 'I would like').silence(1000).to(1260)
    predict(call, probability)
    return call.all('notify').map(({ event }) => event)
  }
  expect(events(0.1)).toContain('turnIncomplete')
  expect(events(0.9)).not.toContain('turnIncomplete')
})
