import { describe, expect, it } from 'vitest'
import { createFrameClock } from './frame-clock.ts'

/** Places frames of 20 ms that arrived at these instants. */
function place(arrivals: number[]): number[] {
  const clock = createFrameClock()
  return arrivals.map((atMs) => clock.at(20, atMs))
}

describe('createFrameClock', () => {
  it('O-9: frames that come evenly are where they arrive', () => {
    expect(place([100, 120, 140, 160])).toEqual([100, 120, 140, 160])
  })

  it('O-9: a frame that is late is where its position is', () => {
    expect(place([100, 120, 157, 160])).toEqual([100, 120, 140, 160])
  })

  it('O-9: speech held up by the network is as long as it was', () => {
    expect(place([100, 120, 320, 320, 320, 320, 320, 320, 320, 320, 320, 320])).toEqual([
      100, 120, 140, 160, 180, 200, 220, 240, 260, 280, 300, 320,
    ])
  })

  it('O-9: a frame that comes quicker than all before moves those that follow, and time does not go back', () => {
    expect(place([109, 129, 140, 165, 180])).toEqual([109, 129, 140, 160, 180])
  })

  it('O-9: after a pause of the sender the stream begins anew', () => {
    expect(place([100, 120, 2_000, 2_020])).toEqual([100, 120, 2_000, 2_020])
  })

  it('O-9: a shorter pause is forgotten with the frames before it', () => {
    const arrivals = Array.from({ length: 40 }, (_, index) => (index < 5 ? 0 : 500) + index * 20)
    const placed = place(arrivals)
    expect(placed[5]).toBe(100)
    expect(placed[36]).toBe(arrivals[36])
    expect(placed[39]).toBe(arrivals[39])
  })

  it('O-9: clocks that drift apart are followed', () => {
    // A sender whose 20 ms last 20.02 ms here.
    const arrivals = Array.from({ length: 5_000 }, (_, index) => index * 20.02)
    const placed = place(arrivals)
    expect((arrivals.at(-1) ?? 0) - (placed.at(-1) ?? 0)).toBeLessThan(1)
  })

  it('O-9: an instant is never after its arrival, whatever the arrivals are', () => {
    const arrivals = [50, 40, 30, 200, 201, 180, 400]
    for (const [index, atMs] of place(arrivals).entries()) expect(atMs).toBeLessThanOrEqual(arrivals[index] ?? 0)
  })
})
