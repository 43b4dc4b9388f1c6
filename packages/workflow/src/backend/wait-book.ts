import { answerWait, isSignalKept, waitTokenTaken, waitUnknown } from '@parley/spec'
import type { SignalRecord, WaitRecord, WaitResolution } from '@parley/spec'

/** The waits and signals of all runs, by what they are looked up by. */
export class WaitBook {
  readonly #waits = new Map<string, WaitRecord>()
  readonly #idsByToken = new Map<string, string>()
  readonly #idsByRun = new Map<string, Set<string>>()
  readonly #signals = new Map<string, SignalRecord>()
  readonly #signalIdsByRun = new Map<string, Set<string>>()

  /** @throws {ParleyError} `invalid_options` when a wait of the batch would take the id or token of another */
  check(runId: string, waits: readonly WaitRecord[]): void {
    const fresh = new Map<string, string>()
    for (const { id, tokenHash } of waits) {
      const known = this.#waits.get(id)
      if (known !== undefined && known.runId !== runId) throw waitTokenTaken(id)
      if (tokenHash === undefined) continue
      const owner = this.#idsByToken.get(tokenHash) ?? fresh.get(tokenHash)
      if (owner !== undefined && owner !== id) throw waitTokenTaken(id)
      fresh.set(tokenHash, id)
    }
  }

  /** Keeps waits; one that is no longer open stays as it is. */
  write(runId: string, waits: readonly WaitRecord[]): void {
    for (const wait of waits) {
      const known = this.#waits.get(wait.id)
      if (known !== undefined && known.status !== 'open') continue
      this.#waits.set(wait.id, wait)
      addTo(this.#idsByRun, runId, wait.id)
      if (wait.tokenHash !== undefined) this.#idsByToken.set(wait.tokenHash, wait.id)
    }
  }

  /** @throws {ParleyError} `wait_unknown`, `wait_resolved`, `wait_expired` */
  resolve(waitId: string, resolution: WaitResolution): { wait: WaitRecord; first: boolean } {
    const answered = answerWait(this.find({ id: waitId }), resolution)
    this.#waits.set(waitId, answered.wait)
    return answered
  }

  /** @throws {ParleyError} `wait_unknown` */
  find({ id, tokenHash }: { id?: string; tokenHash?: string }): WaitRecord {
    const key = id ?? (tokenHash === undefined ? undefined : this.#idsByToken.get(tokenHash))
    const wait = key === undefined ? undefined : this.#waits.get(key)
    if (wait === undefined || (tokenHash !== undefined && wait.tokenHash !== tokenHash)) throw waitUnknown()
    return wait
  }

  ofRun(runId: string): WaitRecord[] {
    return pick(this.#waits, this.#idsByRun.get(runId))
  }

  addSignal(signal: SignalRecord): void {
    this.#signals.set(signal.id, signal)
    addTo(this.#signalIdsByRun, signal.runId, signal.id)
  }

  /** Signals of a run that a wait may still take. */
  signalsOf(runId: string, nowMs: number): SignalRecord[] {
    const signals = pick(this.#signals, this.#signalIdsByRun.get(runId))
    return signals.length === 0 ? [] : signals.filter((signal) => isSignalKept(signal, this.ofRun(runId), nowMs))
  }

  takeSignal(signalId: string, nowMs: number): boolean {
    const signal = this.#signals.get(signalId)
    if (signal === undefined || !isSignalKept(signal, this.ofRun(signal.runId), nowMs)) return false
    this.#signals.set(signalId, { ...signal, taken: true })
    return true
  }

  forget(runId: string): void {
    for (const { id, tokenHash } of this.ofRun(runId)) {
      this.#waits.delete(id)
      if (tokenHash !== undefined) this.#idsByToken.delete(tokenHash)
    }
    for (const id of this.#signalIdsByRun.get(runId) ?? []) this.#signals.delete(id)
    this.#idsByRun.delete(runId)
    this.#signalIdsByRun.delete(runId)
  }
}

function addTo(sets: Map<string, Set<string>>, key: string, id: string): void {
  const known = sets.get(key)
  if (known === undefined) sets.set(key, new Set([id]))
  else known.add(id)
}

function pick<Value>(from: ReadonlyMap<string, Value>, ids: Iterable<string> = []): Value[] {
  const found: Value[] = []
  for (const id of ids) {
    const value = from.get(id)
    if (value !== undefined) found.push(value)
  }
  return found
}
