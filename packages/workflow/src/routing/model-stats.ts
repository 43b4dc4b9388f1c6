import type { ErrorCode, ParleyError } from '@parley/spec'
import { circuitMachine, type CircuitEvent } from './circuit.ts'
import type { PoolModel } from './routing-pool.ts'

/** What a router is told of a call. */
export type CallReport =
  | { type: 'dispatched' }
  | { type: 'succeeded'; firstTokenMs?: number }
  | { type: 'failed'; error: ParleyError }
  | { type: 'cancelled' }

/** How many first token times make the measured latency of a model. */
const sampleCount = 32
/** Failures that say something of the model and its provider; what is wrong with a request does not. */
const healthCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'model_unavailable',
  'model_timeout',
  'model_stream_broken',
  'model_rate_limited',
  'model_unauthorized',
  'model_quota',
])

/** A model with what was measured of it. */
export interface MeasuredModel {
  readonly model: PoolModel
  /** The latest first token times, oldest first. */
  readonly samples: readonly number[]
}

/** A model after a call of it. Pure. */
export function applyReport(measured: MeasuredModel, report: CallReport, nowMs: number): MeasuredModel {
  const circuit = circuitMachine.step(measured.model.circuit, toCircuitEvent(report), nowMs).state
  if (report.type !== 'succeeded' || report.firstTokenMs === undefined) {
    return circuit === measured.model.circuit ? measured : { ...measured, model: { ...measured.model, circuit } }
  }
  const samples = [...measured.samples, report.firstTokenMs].slice(-sampleCount)
  return { samples, model: { ...measured.model, circuit, firstTokenP50Ms: median(samples) } }
}

function toCircuitEvent(report: CallReport): CircuitEvent {
  if (report.type === 'failed') return healthCodes.has(report.error.code) ? 'failed' : 'released'
  return report.type === 'cancelled' ? 'released' : report.type
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((one, other) => one - other)
  return Math.round(sorted[Math.floor((sorted.length - 1) / 2)] ?? 0)
}
