import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Agent } from '@parley/kit'
import { scriptedModel } from '@parley/testing'
import { defaultVoiceSettings } from '../options/default-settings.ts'
import { readCallLog } from '../replay/read-call-log.ts'
import { replayCall } from '../replay/replay-call.ts'
import { openCall, sayingAgent } from './__fixtures__/open-call.ts'

/** What the person and the line do, and for how long it then goes on. */
type Act =
  | { do: 'say'; words: number; waitMs: number }
  | { do: 'cough'; waitMs: number }
  | { do: 'type' | 'key' | 'interrupt' | 'lose' | 'resume' | 'mute' | 'unmute'; waitMs: number }

const words = 'one two three four five six seven eight nine ten'.split(' ')
const long = 'there are two payments of yours here and i can give one of them back to you if you like that'

const waitMs = fc.integer({ min: 0, max: 6_000 })
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('say' as const), words: fc.integer({ min: 1, max: 6 }), waitMs }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cough' as const), waitMs }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'type' as const,
        'key' as const,
        'interrupt' as const,
        'lose' as const,
        'resume' as const,
        'mute' as const,
        'unmute' as const,
      ),
      waitMs,
    }),
  },
)

/** The longest time that the line is lost, in ms: a call that is lost for longer than its window is over. */
function longestLossMs(acts: readonly Act[]): number {
  let longest = 0
  let lostMs: number | undefined
  for (const step of acts) {
    if (step.do === 'lose') lostMs ??= 0
    if (step.do === 'resume') lostMs = undefined
    if (lostMs === undefined) continue
    lostMs += step.waitMs
    longest = Math.max(longest, lostMs)
  }
  return longest
}

/** Words may be parted by a pause in their midst. */
function letters(text: string): string {
  return text.replaceAll(' ', '')
}

test('D-2 keys pressed while words are being said are one turn of text with them', async () => {
  await using bench = await openCall({ agents: [sayingAgent('riley', 'yes', 'yes')] })
  bench.endpoint.caller.dtmf('1')
  void bench.endpoint.caller.sayText('one two three four five six')
  await bench.clock.advance(12_000)
  expect(bench.errors).toEqual([])
  const said = (await bench.lines()).filter((line) => line.startsWith('ada: ')).join(' ')
  expect(said).toContain('six')
})

test('H-2 H-3 TM-14 whatever is said, typed, lost and cut: the log holds what was heard and no more, and the next question is answered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
      fc.pre(longestLossMs(acts) < defaultVoiceSettings.resumeWindowMs)
      const agent = new Agent('riley', { name: 'Riley', model: scriptedModel([long], { then: 'last' }) })
      await using bench = await openCall({ agents: [agent], channel: { interruption: { warmupMs: 0 } } })
      const { caller } = bench.endpoint
      for (const [index, step] of acts.entries()) {
        switch (step.do) {
          case 'say':
            void caller.sayText(words.slice(0, step.words).join(' '))
            break
          case 'cough':
            void caller.say(new Int16Array(16 * 90).fill(9_000))
            break
          case 'type':
            caller.type('typed words', `t${index}`)
            break
          case 'key':
            caller.dtmf('1')
            break
          case 'interrupt':
            caller.interrupt()
            break
          case 'lose':
            caller.lose()
            break
          case 'resume':
            caller.resume()
            break
          case 'mute':
          case 'unmute':
            caller.mute(step.do === 'mute')
            break
        }
        await bench.clock.advance(step.waitMs)
      }
      caller.resume()
      caller.mute(false)
      await bench.clock.advance(20_000)
      const before = (await bench.lines()).length
      void caller.sayText('and now')
      await bench.clock.advance(20_000)
      const lines = await bench.lines()
      expect(lines.slice(before).some((line) => line.startsWith('riley: '))).toBe(true)
      const heard = bench.heard().join(' ')
      for (const line of lines.filter((each) => each.startsWith('riley: '))) {
        const said = line.slice('riley: '.length).replace(/ \|$/, '')
        expect(long.startsWith(said)).toBe(true)
        // The last word counts from its middle on: the ear may have half of it.
        const surely = said.split(' ').slice(0, -1)
        expect(letters(heard)).toContain(letters(surely.slice(0, 3).join(' ')))
      }
      const wholes = lines.filter((line) => line === `riley: ${long}`).length
      // So a reply that was cut in the second half of its last word is whole, and the ear has a part of that word.
      expect(heard.split('if you like t').length - 1).toBeGreaterThanOrEqual(wholes)
      await bench.call.hangup()
      await bench.clock.advance(0)
      const log = await readCallLog(bench.kit, bench.roomId, bench.call.id)
      expect(replayCall(log ?? { settings: defaultVoiceSettings, steps: [] })).toMatchObject({
        steps: bench.call.log.length,
        difference: null,
      })
      expect(bench.errors).toEqual([])
    }),
    { numRuns: Number(process.env['PARLEY_PROPERTY_RUNS'] ?? 10), interruptAfterTimeLimit: 40_000 },
  )
}, 120_000)
