import type { RunEvent } from '@parley/spec'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import { memoryBackend } from '../backend/memory-backend.ts'
import { createEngine, type Engine } from './create-engine.ts'
import type { RunOptions } from './engine-options.ts'
import type { RunResult } from './run-result.ts'

/** Options of a workflow's own `run`: those of a run, and the engine that it is to run on. */
export interface OwnRunOptions extends RunOptions {
  /** @default one in memory, for this run alone */
  engine?: Engine
}

/** Runs a workflow on the engine that is given, else on one in memory that is gone with the run. */
export async function runCompiled(
  compiled: CompiledWorkflow,
  input?: unknown,
  { engine, ...options }: OwnRunOptions = {},
): Promise<RunResult> {
  if (engine !== undefined) return engine.run(compiled, input, options)
  // Nobody reads the events of an engine that is gone with the run, but hooks are told what they carry.
  const recordPayloads = compiled.hooks === undefined || compiled.hooks.length === 0 ? 'none' : 'all'
  const own = createEngine({ backend: memoryBackend({ keepsEvents: false }), recordPayloads })
  return own.run(compiled, input, options)
}

/** The same as its events. */
export async function* streamCompiled(
  compiled: CompiledWorkflow,
  input?: unknown,
  { engine = createEngine(), ...options }: OwnRunOptions = {},
): AsyncGenerator<RunEvent> {
  yield* engine.stream(compiled, input, options)
}
