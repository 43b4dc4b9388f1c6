import type { LaneStep } from '../schedule/lanes.ts'
import type { LaneGate } from './lane-gate.ts'

/** Of the step's own place, which it has as long as it runs. */
const OWN = ''

/**
 * Places of the items of one foreach among the steps that act at once in a run: one is that of the step itself, each item
 * beside the first asks for one more. A place that an item leaves is the next one's, unless a step stands in line for it.
 */
export class ItemPlaces {
  readonly #lanes: LaneGate
  readonly #step: Pick<LaneStep, 'key' | 'order' | 'region'>
  /** Keys of places by item. */
  readonly #held = new Map<number, string>()
  /** Items in line, in their order. */
  readonly #asked = new Map<number, { key: string; begin: () => void }>()
  /** Places that nobody has just now. */
  readonly #spare: string[] = [OWN]
  #lastPlace = 0

  constructor(lanes: LaneGate, step: Pick<LaneStep, 'key' | 'order' | 'region'>) {
    this.#lanes = lanes
    this.#step = step
  }

  /** Calls `begin` when the item has a place, at once if there is one. */
  take(item: number, begin: () => void): void {
    const spare = this.#spare.pop()
    if (spare !== undefined) {
      this.#held.set(item, spare)
      return begin()
    }
    const key = `${this.#step.key} place ${(this.#lastPlace += 1)}`
    this.#asked.set(item, { key, begin })
    this.#lanes.request({ ...this.#step, key, serial: false }, () => {
      this.#asked.delete(item)
      this.#held.set(item, key)
      begin()
    })
  }

  /** The item has ended; `rest` gives on what nobody takes then. */
  give(item: number): void {
    const key = this.#held.get(item)
    if (key === undefined) return
    this.#held.delete(item)
    if (key !== OWN) {
      if (this.#lanes.isAskedFor) this.#lanes.leave(key)
      else this.#spare.push(key)
      return
    }
    const [next] = this.#asked
    if (next === undefined) {
      this.#spare.push(OWN)
      return
    }
    const [waiting, asked] = next
    this.#asked.delete(waiting)
    this.#lanes.leave(asked.key)
    this.#held.set(waiting, OWN)
    asked.begin()
  }

  /** Gives on the places that no item has taken. */
  rest(): void {
    for (let at = this.#spare.length - 1; at >= 0; at -= 1) {
      const key = this.#spare[at] ?? OWN
      if (key === OWN) continue
      this.#spare.splice(at, 1)
      this.#lanes.leave(key)
    }
  }

  /** Takes the items out of line that stand there, and gives them back: they do not begin any more. */
  drop(): number[] {
    const dropped = [...this.#asked]
    this.#asked.clear()
    for (const [, { key }] of dropped) this.#lanes.leave(key)
    return dropped.map(([item]) => item)
  }
}
