import { describe, expect, test } from 'vitest'
import { alternate } from '../../bench/alternate.ts'
import { toFigure, type FigureInput } from '../../bench/figure.ts'
import { tablePrinter } from '../../bench/print.ts'
import { quantile } from '../../bench/statistics.ts'

const input: FigureInput = {
  metric: 'inbound',
  unit: 'messages/s',
  better: 'higher',
  ours: 300,
  peer: 100,
  peerName: 'peer',
  n: 5,
}

describe('a figure', () => {
  test('says how many times better ours is, whatever the unit', () => {
    expect(toFigure(input).ratio).toBe(3)
    expect(toFigure({ ...input, unit: 'us', better: 'lower' }).ratio).toBe(0.3333)
  })

  test('has no ratio without a peer', () => {
    expect(toFigure({ ...input, peer: null, note: 'none' })).toMatchObject({ peer: null, ratio: null, note: 'none' })
    expect(toFigure({ ...input, peer: 0 }).ratio).toBeNull()
  })

  test('is refused for what is no measurement', () => {
    expect(() => toFigure({ ...input, ours: Number.NaN })).toThrow(RangeError)
    expect(() => toFigure({ ...input, peer: -1 })).toThrow(RangeError)
  })

  test('is shown in a table with its note', () => {
    let out = ''
    const printer = tablePrinter((text) => (out += text))
    printer.figure({ bench: 'inbound', ...toFigure({ ...input, peer: null, note: 'no peer here' }) })
    printer.end()
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^metric +ours +peer/),
      expect.stringMatching(/^inbound +300 +- +messages\/s +- +5 +peer$/),
      'inbound: no peer here',
      '',
    ])
  })
})

describe('rounds', () => {
  test('alternate, leave warm-ups out and give medians', async () => {
    const order: string[] = []
    const ours = [99, 1, 3, 2]
    const measured = await alternate(
      { ours: () => (order.push('ours'), ours.shift() ?? 0), peer: () => (order.push('peer'), 10) },
      { rounds: 3 },
    )
    expect(measured).toEqual({ ours: 2, peer: 10, n: 3 })
    expect(order).toEqual(['peer', 'ours', 'ours', 'peer', 'peer', 'ours', 'ours', 'peer'])
  })

  test('have quantiles between their samples', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([1], 0.99)).toBe(1)
    expect(() => quantile([], 0.5)).toThrow(RangeError)
  })
})
