import { openCallPlaces, stepCallPlaces, type CallLimits, type CallPlacesState } from '../schedule/call-places.ts'
import { orAborted } from '../strategies/watch-stream.ts'

/** Lets calls of models begin, as many at once per provider and per tenant as may. */
export class CallGate {
  #state: CallPlacesState
  readonly #waiting = new Map<number, () => void>()
  #lastId = 0

  constructor(limits: CallLimits) {
    this.#state = openCallPlaces(limits)
  }

  /**
   * Waits for a place; gives the function that gives it back. Again that does nothing.
   * @throws the signal's reason when aborted before
   */
  async enter(place: { provider: string; tenantId: string }, signal: AbortSignal): Promise<() => void> {
    const id = (this.#lastId += 1)
    const begun = new Promise<void>((resolve) => void this.#waiting.set(id, resolve))
    const leave = (): void => {
      this.#waiting.delete(id)
      this.#feed({ type: 'left', id })
    }
    this.#feed({ type: 'enter', call: { id, ...place } })
    try {
      await orAborted(begun, signal)
      return leave
    } catch (reason) {
      leave()
      throw reason
    }
  }

  #feed(input: Parameters<typeof stepCallPlaces>[1]): void {
    const { state, begin } = stepCallPlaces(this.#state, input)
    this.#state = state
    for (const { id } of begin) {
      this.#waiting.get(id)?.()
      this.#waiting.delete(id)
    }
  }
}
