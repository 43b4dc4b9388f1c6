import type { DurableBackend, ParleyError, RunEvent } from '@parley/spec'
import { createSeededIds, createVirtualClock, scriptedModel } from '@parley/testing'
import type { ScriptedModel, ScriptedTurn, VirtualClock } from '@parley/testing'
import { memoryBackend } from '../../backend/memory-backend.ts'
import { createEngine, type Engine } from '../create-engine.ts'
import type { EngineOptions } from '../engine-options.ts'
import type { OpenedWait } from '../engine-parts.ts'

/** An engine in virtual time, with what tests look at. */
export interface EngineSetup {
  engine: Engine
  clock: VirtualClock
  backend: DurableBackend
  /** Waits that were opened, with their tokens. */
  waits: OpenedWait[]
  /** Errors that nobody was there to take. */
  errors: ParleyError[]
  /** Another engine on the same store, as after a restart. */
  restart(options?: EngineOptions): Engine
  eventsOf(runId: string): Promise<RunEvent[]>
}

/** Makes an engine in virtual time. */
export function setupEngine(options: EngineOptions = {}): EngineSetup {
  const clock = createVirtualClock()
  let seed = 1
  const backend = options.backend ?? memoryBackend({ clock, ids: createSeededIds(900) })
  const waits: OpenedWait[] = []
  const errors: ParleyError[] = []
  const restart = (more: EngineOptions = {}): Engine =>
    createEngine({
      clock,
      ids: createSeededIds((seed += 1)),
      // One name, as a process that is started again has it.
      executorId: 'test',
      onWait: (wait) => void waits.push(wait),
      onError: (error) => void errors.push(error),
      ...options,
      backend,
      ...more,
    })
  return {
    engine: restart(),
    clock,
    backend,
    waits,
    errors,
    restart,
    eventsOf: (runId) => storedEvents(backend, runId),
  }
}

/** What is stored of a run, as far as it has come. */
export async function storedEvents(backend: DurableBackend, runId: string): Promise<RunEvent[]> {
  const { lastSeq } = await backend.read(runId)
  const events: RunEvent[] = []
  if (lastSeq === 0) return events
  for await (const event of backend.subscribe(runId, 0, new AbortController().signal)) {
    events.push(event)
    if (event.seq >= lastSeq) break
  }
  return events
}

/** A model with a price, so that what it costs can be seen: 1000 nano-USD a token. */
export function pricedModel(turns: readonly ScriptedTurn[], options: Parameters<typeof scriptedModel>[1] = {}): ScriptedModel {
  return scriptedModel(turns, {
    then: 'last',
    ...options,
    card: {
      tiers: ['fast', 'balanced', 'high'],
      maxOutputTokens: 100,
      price: { from: '2020-01-01T00:00:00Z', input: 1_000, output: 1_000 },
      ...options.card,
    },
  })
}

/** Work that ends when the test says so. */
export function heldWork<T = string>(): { promise: Promise<T>; end: (value: T) => void; fail: (error: Error) => void } {
  let end = (_value: T): void => {}
  let fail = (_error: Error): void => {}
  const promise = new Promise<T>((resolve, reject) => {
    end = resolve
    fail = reject
  })
  return { promise, end, fail }
}

