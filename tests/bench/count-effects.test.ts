import { describe, expect, test } from 'vitest'
import { countEffects } from '../../bench/workflows/count-effects.ts'

describe('the effects of a run whose workers were killed', () => {
  test('are neither lost nor repeated when each worker goes on where the journal ends', () => {
    const lives = [
      { kept: 0, ran: [0, 1] },
      { kept: 2, ran: [2] },
    ]
    expect(countEffects(lives, 3)).toEqual({ lost: 0, repeated: 0, interrupted: 0 })
  })

  test('are interrupted, not repeated, when a result was not kept', () => {
    const lives = [
      { kept: 0, ran: [0, 1] },
      { kept: 1, ran: [1, 2] },
    ]
    expect(countEffects(lives, 3)).toEqual({ lost: 0, repeated: 0, interrupted: 1 })
  })

  test('are repeated when a kept step runs again, and lost when a step never ran', () => {
    const lives = [
      { kept: 0, ran: [0, 1] },
      { kept: 2, ran: [1, 3] },
    ]
    expect(countEffects(lives, 4)).toEqual({ lost: 1, repeated: 1, interrupted: 0 })
  })
})
