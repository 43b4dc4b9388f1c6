import type { Word } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { createTextFilters } from '../text/text-filters.ts'
import { alignWords } from './align-words.ts'
import { createHeardLedger, type HeardLedger } from './heard-ledger.ts'

/** Words of a text, each as long as given, one after the other. */
function timings(text: string, eachMs: number, source: Word['source'] = 'native'): Word[] {
  return text
    .split(/\s+/u)
    .map((word, index) => ({ text: word, startMs: index * eachMs, endMs: (index + 1) * eachMs, source }))
}

function speak(written: string, eachMs = 200, kind: 'reply' | 'filler' = 'reply'): HeardLedger {
  const ledger = createHeardLedger({ clock: createVirtualClock() })
  ledger.open({ utteranceId: 'u1', agentId: 'a', kind })
  ledger.generated('u1', { written, segmentId: 's1' })
  ledger.timed('s1', timings(written, eachMs))
  ledger.sent('s1', written.split(/\s+/u).length * eachMs)
  return ledger
}

const operation = fc.oneof(
  fc.record({
    op: fc.constant('generated' as const),
    text: fc.constantFrom('Hello **there**. ', 'It costs $5 ', '😀 ', 'now', ' \n'),
    segment: fc.nat(2),
  }),
  fc.record({ op: fc.constant('timed' as const), eachMs: fc.integer({ min: 20, max: 400 }), segment: fc.nat(2) }),
  fc.record({
    op: fc.constantFrom('sent' as const, 'played' as const, 'confirmed' as const),
    ms: fc.nat(4_000),
    segment: fc.nat(2),
  }),
  fc.record({ op: fc.constantFrom('finished' as const, 'cut' as const, 'settle' as const), segment: fc.nat(2) }),
)

describe('createHeardLedger', () => {
  test('H-1 a word counts as played when its middle has passed', () => {
    const ledger = speak('One two three.')
    ledger.played('s1', 299, 'estimated')
    expect(ledger.heardText('u1')).toBe('One')
    ledger.played('s1', 300, 'estimated')
    expect(ledger.heardText('u1')).toBe('One two')
    expect(ledger.counts('u1')).toEqual({ words: 3, played: 2, confirmed: 0 })
  })

  test('H-1 states only grow, and what is heard is a prefix of what is written', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const ledger = createHeardLedger({ clock: createVirtualClock() })
        const filters = createTextFilters({}, 'en')
        ledger.open({ utteranceId: 'u1', agentId: 'a', kind: 'reply' })
        const ranks = (): number[] =>
          (ledger.utterance('u1')?.words ?? []).map(
            (word) => Number(word.generated) + Number(word.sent) + Number(word.played) + Number(word.confirmed),
          )
        let before = ranks()
        let written = ''
        for (const each of operations) {
          const segmentId = `s${each.segment}`
          if (each.op === 'generated') {
            for (const piece of [...filters.push(each.text), ...filters.end()]) {
              written += piece.written
              ledger.generated('u1', { ...piece, segmentId })
            }
          } else if (each.op === 'timed')
            ledger.timed(segmentId, timings('Hello there it costs five dollars', each.eachMs))
          else if (each.op === 'sent') ledger.sent(segmentId, each.ms)
          else if (each.op === 'played' || each.op === 'confirmed') {
            ledger.played(segmentId, each.ms, each.op === 'played' ? 'estimated' : 'confirmed')
          } else if (each.op === 'settle') ledger.settle('u1', 'interrupted')
          else ledger.finished(segmentId, { interrupted: each.op === 'cut' })
          const after = ranks()
          for (const [index, rank] of before.entries()) expect(after[index]).toBeGreaterThanOrEqual(rank)
          for (const word of ledger.utterance('u1')?.words ?? []) {
            expect(!word.confirmed || word.played).toBe(true)
            expect(!word.played || word.sent).toBe(true)
          }
          const heard = ledger.heardText('u1')
          expect(written.startsWith(heard)).toBe(true)
          expect(heard.startsWith(ledger.heardText('u1', { atLeast: 'confirmed' }))).toBe(true)
          before = after
        }
        expect(createHeardLedger({ clock: createVirtualClock(), stored: ledger.toJSON() }).toJSON()).toEqual(
          ledger.toJSON(),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('H-2 an interrupted utterance has its played prefix, as it is written', () => {
    const ledger = createHeardLedger({ clock: createVirtualClock() })
    ledger.open({ utteranceId: 'u1', agentId: 'a', kind: 'reply' })
    const filters = createTextFilters({}, 'en')
    for (const piece of [...filters.push('**Sure:**  it costs\n$5.20, Sir. Bye.'), ...filters.end()]) {
      ledger.generated('u1', { ...piece, segmentId: 's1' })
    }
    ledger.timed('s1', timings('Sure it costs five dollars and twenty cents Sir Bye', 100))
    ledger.played('s1', 820, 'confirmed')
    ledger.finished('s1', { interrupted: true })
    ledger.settle('u1', 'interrupted')
    expect(ledger.heardText('u1')).toBe('**Sure:**  it costs\n$5.20,')
    expect(ledger.utterance('u1')?.status).toBe('interrupted')
  })

  test('H-2 nothing played is no text', () => {
    const ledger = speak('One two three.')
    ledger.finished('s1', { interrupted: true })
    ledger.settle('u1', 'interrupted')
    expect(ledger.heardText('u1')).toBe('')
    expect(ledger.historyText('u1')).toBeNull()
  })

  test('H-2 without any alignment it is what finished and a share of the rest', () => {
    const ledger = createHeardLedger({ clock: createVirtualClock() })
    ledger.open({ utteranceId: 'u1', agentId: 'a', kind: 'reply' })
    ledger.generated('u1', { written: 'First one. ', segmentId: 's1' })
    ledger.generated('u1', { written: 'ba ba ba ba ba ba ba ba ba ba', segmentId: 's2' })
    ledger.sent('s1', 50)
    ledger.played('s1', 50, 'estimated')
    ledger.finished('s1', { interrupted: false })
    ledger.timed('s2', [], 5_000)
    ledger.sent('s2', 5_000)
    ledger.played('s2', 2_000, 'estimated')
    ledger.finished('s2', { interrupted: true })
    expect(ledger.heardText('u1')).toBe('First one. ba ba ba ba')
  })

  test('H-2 a segment that stalled or gave no sound was not heard', () => {
    const ledger = speak('One two three.')
    ledger.finished('s1', { interrupted: false, stalled: true })
    expect(ledger.heardText('u1')).toBe('')
    const silent = createHeardLedger({ clock: createVirtualClock() })
    silent.open({ utteranceId: 'u1', agentId: 'a', kind: 'reply' })
    silent.generated('u1', { written: 'One two', segmentId: 's1' })
    silent.finished('s1', { interrupted: false })
    expect(silent.heardText('u1')).toBe('')
  })

  test('H-3 a model sees the heard text and a marker, never the rest', () => {
    const ledger = speak('One two three.')
    ledger.played('s1', 400, 'estimated')
    ledger.settle('u1', 'interrupted')
    expect(ledger.historyText('u1')).toBe('One two [interrupted]')
    expect(ledger.historyText('u1', { marker: '' })).toBe('One two')
    expect(ledger.historyText('u1', { marker: '(cut)' })).toBe('One two (cut)')
    expect(ledger.generatedText('u1')).toBe('One two three.')
  })

  test('H-4 reports after the end still count', () => {
    const ledger = speak('One two three.')
    ledger.played('s1', 200, 'estimated')
    ledger.finished('s1', { interrupted: true })
    ledger.settle('u1', 'interrupted')
    ledger.played('s1', 400, 'confirmed')
    expect(ledger.heardText('u1')).toBe('One two')
    expect(ledger.heardText('u1', { atLeast: 'confirmed' })).toBe('One two')
  })

  test('H-6 fillers are in the ledger and not in history', () => {
    const ledger = speak('One moment.', 200, 'filler')
    ledger.played('s1', 400, 'confirmed')
    ledger.settle('u1', 'done')
    expect(ledger.historyText('u1')).toBeNull()
    expect(ledger.heardText('u1')).toBe('One moment.')
    expect(ledger.utterances()).toHaveLength(1)
  })

  test('H-7 a must-hear text is said again from its first sentence not heard, twice at most', () => {
    const ledger = createHeardLedger({ clock: createVirtualClock() })
    const text = 'Calls are recorded. You may refuse now. Say no.'
    ledger.open({ utteranceId: 'u1', agentId: 'a', kind: 'say' })
    ledger.generated('u1', { written: text, segmentId: 's1', spanId: 'consent', mustHear: 'resay' })
    ledger.timed('s1', timings(text, 100))
    ledger.played('s1', 450, 'confirmed')
    ledger.settle('u1', 'interrupted')
    expect(ledger.wasHeard('consent')).toBe('partial')
    const first = ledger.mustHearDue('u1')
    expect(first).toEqual({
      due: [{ spanId: 'consent', text: 'You may refuse now. Say no.', fromWord: 3, attempt: 1 }],
      unheard: [],
    })

    const say = (utteranceId: string, playedMs: number): void => {
      const due = ledger.mustHearDue('u1').due[0]
      if (due === undefined) throw new Error('nothing is due')
      ledger.open({ utteranceId, agentId: 'a', kind: 'resay' })
      ledger.generated(utteranceId, {
        written: due.text,
        segmentId: `s${utteranceId}`,
        spanId: 'consent',
        mustHear: 'resay',
        fromWord: due.fromWord,
      })
      ledger.timed(`s${utteranceId}`, timings(due.text, 100))
      ledger.played(`s${utteranceId}`, playedMs, 'confirmed')
      ledger.settle(utteranceId, 'interrupted')
    }
    say('u2', 450)
    expect(ledger.mustHearDue('u2').due).toEqual([{ spanId: 'consent', text: 'Say no.', fromWord: 7, attempt: 2 }])
    say('u3', 100)
    expect(ledger.mustHearDue('u3')).toEqual({ due: [], unheard: ['consent'] })
    expect(ledger.wasHeard('consent')).toBe('partial')
  })

  test('H-7 said again and heard, nothing is due; an uninterruptible one is never said again', () => {
    const ledger = createHeardLedger({ clock: createVirtualClock() })
    ledger.open({ utteranceId: 'u1', agentId: 'a', kind: 'say' })
    ledger.generated('u1', { written: 'One two. ', segmentId: 's1', spanId: 'x', mustHear: 'resay' })
    ledger.generated('u1', { written: 'Three four.', segmentId: 's2', spanId: 'y', mustHear: 'uninterruptible' })
    ledger.settle('u1', 'interrupted')
    expect(ledger.mustHearDue('u1')).toMatchObject({ due: [{ spanId: 'x', attempt: 1 }], unheard: ['y'] })
    ledger.open({ utteranceId: 'u2', agentId: 'a', kind: 'resay' })
    ledger.generated('u2', { written: 'One two.', segmentId: 's3', spanId: 'x', mustHear: 'resay' })
    ledger.sent('s3', 500)
    ledger.finished('s3', { interrupted: false })
    expect(ledger.mustHearDue('u2')).toEqual({ due: [], unheard: [] })
    expect(ledger.wasHeard('x')).toBe('full')
    expect(ledger.spans('u1')).toEqual({ x: 'full', y: 'none' })
  })

  test('H-8 the stored ledger answers whether and how surely something was heard', () => {
    const ledger = createHeardLedger({ clock: createVirtualClock() })
    ledger.open({ utteranceId: 'u1', agentId: 'a', kind: 'say' })
    ledger.generated('u1', { written: 'This call is recorded.', segmentId: 's1', spanId: 'notice' })
    ledger.timed('s1', timings('This call is recorded.', 100))
    ledger.played('s1', 400, 'estimated')
    const stored = JSON.parse(JSON.stringify(ledger.toJSON()))
    const later = createHeardLedger({ clock: createVirtualClock(), stored })
    expect(later.spanReport('notice')).toEqual({
      spanId: 'notice',
      played: 'full',
      confirmed: 'none',
      confidence: 0.8,
      says: 1,
    })
    ledger.played('s1', 400, 'confirmed')
    const sure = createHeardLedger({ clock: createVirtualClock(), stored: ledger.toJSON() })
    expect(sure.spanReport('notice')).toMatchObject({ confirmed: 'full', confidence: 1 })
    expect(sure.wasHeard('notice', { atLeast: 'confirmed' })).toBe('full')
    expect(sure.wasHeard('other')).toBe('none')
  })

  test('H-8 the word that played at an instant is known, pauses left out', async () => {
    const clock = createVirtualClock()
    const ledger = createHeardLedger({ clock })
    ledger.open({ utteranceId: 'u1', agentId: 'a', kind: 'reply' })
    ledger.generated('u1', { written: 'One two three four', segmentId: 's1' })
    ledger.timed('s1', timings('One two three four', 500))
    await clock.advance(1_000)
    ledger.played('s1', 0, 'confirmed')
    await clock.advance(600)
    ledger.played('s1', 600, 'confirmed')
    await clock.advance(5_000)
    ledger.played('s1', 700, 'confirmed')
    await clock.advance(1_000)
    ledger.played('s1', 1_700, 'confirmed')
    expect(ledger.at(900)).toBeNull()
    expect(ledger.at(1_550)).toMatchObject({
      utteranceId: 'u1',
      segmentId: 's1',
      positionMs: 550,
      word: { text: 'two' },
    })
    expect(ledger.at(4_000)).toBeNull()
    expect(ledger.at(7_100)).toMatchObject({ positionMs: 1_200, word: { text: 'three' } })
  })

  test('S-3 spoken words are aligned to the written ones', () => {
    const ledger = createHeardLedger({ clock: createVirtualClock() })
    ledger.open({ utteranceId: 'u1', agentId: 'a', kind: 'reply' })
    ledger.generated('u1', {
      written: 'Room 12 on 5 May.',
      units: [
        { written: 'Room ', spoken: 'Room ' },
        { written: '12 ', spoken: '12 ' },
        { written: 'on ', spoken: 'on ' },
        { written: '5 May', spoken: 'May fifth' },
        { written: '.', spoken: '.' },
      ],
      segmentId: 's1',
    })
    // The voice says the number in its own words.
    ledger.timed('s1', timings('Room twelve on May fifth', 100))
    expect(ledger.utterance('u1')?.words.map(({ text, startMs, endMs }) => [text, startMs, endMs])).toEqual([
      ['Room', 0, 100],
      ['12', 100, 200],
      ['on', 200, 300],
      ['5 May.', 300, 500],
    ])
  })

  test('S-4 text that nobody can say is heard when it is done, and not when it is cut', () => {
    const make = (status: 'done' | 'interrupted'): string => {
      const ledger = createHeardLedger({ clock: createVirtualClock() })
      ledger.open({ utteranceId: 'u1', agentId: 'a', kind: 'reply' })
      ledger.generated('u1', { written: '👍', spoken: '', units: [{ written: '👍', spoken: '' }], segmentId: 's1' })
      ledger.settle('u1', status)
      return ledger.heardText('u1')
    }
    expect(make('done')).toBe('👍')
    expect(make('interrupted')).toBe('')
  })

  test('unheard text begins at the first sentence not heard to its end', () => {
    const ledger = speak('One two. Three four. Five.', 100)
    ledger.played('s1', 300, 'confirmed')
    expect(ledger.unheardText('u1')).toBe('Three four. Five.')
  })
})

describe('alignWords', () => {
  test('times that come in parts cover what they tell, the rest is reckoned', () => {
    const times = alignWords(['one', 'two', 'three'], timings('one two', 100))
    expect(times.slice(0, 2)).toEqual([
      { startMs: 0, endMs: 100, source: 'native' },
      { startMs: 100, endMs: 200, source: 'native' },
    ])
    expect(times[2]).toMatchObject({ startMs: 200, source: 'estimate' })
    expect(alignWords(['one', 'two', 'three'], timings('one two', 100), 900)[2]?.endMs).toBeCloseTo(900)
  })

  test('characters of Chinese are found in words of any length', () => {
    const words: Word[] = [
      { text: '你好', startMs: 0, endMs: 400 },
      { text: '我是', startMs: 400, endMs: 800 },
    ]
    expect(alignWords(['你好，我', '是'], words).map(({ endMs }) => endMs)).toEqual([600, 800])
  })
})
