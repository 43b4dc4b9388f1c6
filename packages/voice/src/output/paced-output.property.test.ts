import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countingAudio, createLoopback, rate8k } from './__fixtures__/loopback.ts'

const operation = fc.oneof(
  fc.record({ do: fc.constant('open' as const), utterance: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ do: fc.constant('capture' as const), which: fc.nat(5), ms: fc.integer({ min: 1, max: 900 }) }),
  fc.record({ do: fc.constant('flush' as const), which: fc.nat(5) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
  fc.record({
    do: fc.constantFrom('clear' as const, 'pause' as const, 'resume' as const, 'lost' as const, 'resumed' as const),
  }),
  fc.record({ do: fc.constant('far' as const), plays: fc.boolean(), tells: fc.boolean() }),
)

const world = fc.record({
  played: fc.constantFrom('report' as const, 'mark' as const, 'clock' as const),
  pause: fc.constantFrom('native' as const, 'rewind' as const, 'none' as const),
  clear: fc.boolean(),
})

test('O-2 whatever happens, each segment settles exactly once, in the order of opening, and its positions only grow', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.array(operation, { maxLength: 30 }), async (capabilities, operations) => {
      const { clock, output, far, events, stop } = createLoopback({ capabilities, headroomMs: 200 })
      const opened: { id: string; segment: ReturnType<typeof output.open> }[] = []
      for (const each of operations) {
        const target = 'which' in each ? opened.at(-1 - (each.which % Math.max(1, opened.length)))?.segment : undefined
        if (each.do === 'open') {
          const id = `s${opened.length}`
          const segment = output.open({ utteranceId: `u${each.utterance}`, segmentId: id, format: rate8k })
          opened.push({ id, segment })
        } else if (each.do === 'capture') target?.capture(countingAudio(each.ms))
        else if (each.do === 'flush') target?.flush()
        else if (each.do === 'wait') await clock.advance(each.ms)
        else if (each.do === 'far') {
          far.plays = each.plays
          far.marks = far.reports = each.tells
        } else output[each.do]()
        expect(output.queuedMs).toBeGreaterThanOrEqual(0)
      }
      for (const { segment } of opened) segment.flush()
      output.resumed()
      output.resume()
      await clock.runToRest()
      const finished = events.filter(({ type }) => type === 'finished').map(({ segmentId }) => segmentId)
      expect(finished).toEqual(opened.map(({ id }) => id))
      expect(output.isPlaying).toBe(false)
      for (const { id } of opened) {
        const of = events.filter(({ segmentId }) => segmentId === id)
        const positions = of.map(({ positionMs }) => positionMs)
        expect(positions).toEqual(positions.toSorted((one, other) => one - other))
        expect(of.filter(({ type }) => type === 'started').length).toBeLessThanOrEqual(1)
        expect(of.at(-1)?.type).toBe('finished')
      }
      output.close()
      stop()
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 150 },
  )
})
