import { checkOptions, createSystemClock, createSystemIds, noLogger, readItemChunks } from '@parley/spec'
import { memoryBackend } from '../backend/memory-backend.ts'
import { memoryStepCache } from '../backend/memory-step-cache.ts'
import { callHooks } from '../log/call-hooks.ts'
import type { WorkflowHooks } from '../log/workflow-hooks.ts'
import { createRouter } from '../routing/create-router.ts'
import { builtInTemplates } from '../templates/built-in-templates.ts'
import { CallGate } from './call-gate.ts'
import { createToolCaller } from './call-tool.ts'
import { runChild } from './child-run.ts'
import type { Engine } from './engine.ts'
import { readEngineLimits } from './engine-limits.ts'
import { engineOptionNames, type EngineOptions } from './engine-options.ts'
import type { EngineParts } from './engine-parts.ts'
import { prepareFork } from './fork-run.ts'
import { replayDry } from './replay-run.ts'
import {
  cancelRun,
  knownRun,
  pauseRun,
  recoverRuns,
  resumeByBudget,
  resumeRun,
  type RunControl,
} from './run-control.ts'
import { eventsOfWork } from './events-of-work.ts'
import { RunDesk, toEngineError } from './run-desk.ts'
import { RunPlaces } from './run-places.ts'
import { toRunResult } from './run-result.ts'
import { checkedInput, refuseClosed, startRun, type RunStarter } from './start-run.ts'
import { openTaskBook } from './task-book.ts'
import { answerWaitOf, signalRun } from './wait-desk.ts'
import { WorkflowRegistry } from './workflow-registry.ts'

export type { Engine, Runnable } from './engine.ts'

/** Makes an engine. @throws {ParleyError} `invalid_options` */
export function createEngine(options: EngineOptions = {}): Engine {
  checkOptions('createEngine', options, engineOptionNames)
  const { clock = createSystemClock(), ids = createSystemIds(), hooks = [] } = options
  const { backend = memoryBackend({ clock, ids }), executorId = ids.next('exec'), logger = noLogger } = options
  const onError = options.onError ?? ((error) => logger.warn(error.message, { code: error.code }))
  const onCaught = (error: unknown): void => onError(toEngineError(error))
  const routerOptions = { clock, ids, ...(options.prices === undefined ? {} : { prices: options.prices }) }
  const limits = readEngineLimits(options.limits)
  const places = new RunPlaces({ maxRunning: limits.runsPerTenant, maxQueued: limits.queuedRunsPerTenant })
  const registry = new WorkflowRegistry()
  for (const workflow of options.workflows ?? []) registry.register(workflow)
  const reported = new Set<WorkflowHooks>()
  const tasks = openTaskBook({
    backend,
    clock,
    nextId: () => ids.next('task'),
    cancelRun: (runId) => cancelRun(control, runId, 'task'),
    resumeRun: (runId) => void resumeByBudget(control, runId).catch(onCaught),
    tenantBudget: options.tenantBudget,
  })
  const parts: EngineParts = {
    backend,
    clock,
    ids,
    logger,
    router:
      options.router ??
      (options.models === undefined ? undefined : createRouter({ ...routerOptions, models: options.models })),
    routerOver: (model) => createRouter({ ...routerOptions, models: [model] }),
    callGate: limits.calls === undefined ? undefined : new CallGate(limits.calls),
    stepCache: options.stepCache ?? memoryStepCache(),
    embedder: options.embedder,
    kernel: options.kernel,
    agents: new Map((options.agents ?? []).map((agent) => [agent.id, agent])),
    retrievers: new Map(Object.entries(options.retrievers ?? {})),
    handlers: new Map(Object.entries(options.handlers ?? {})),
    planner: options.planner,
    failurePolicy: options.failurePolicy,
    workflows: registry.byName,
    onWait(wait) {
      try {
        options.onWait?.(wait)
      } catch (error) {
        onCaught(error)
      }
    },
    onError,
    callHooks: (told, name, event) => callHooks(told, name, event, { clock, reported, onError }),
    callTool: createToolCaller(clock),
    runChild: (workflow, input, child) => runChild({ starter, control }, workflow, input, child),
  }
  const desk = new RunDesk({
    parts,
    executorId,
    hooks,
    places,
    recordsPayloads: (options.recordPayloads ?? 'all') === 'all',
    surroundings: ({ taskId, tenantId }) => ({ outer: tasks.budget(taskId, { tenantId }), depth: 0 }),
    workflowOf: (run) => registry.ofRun(run, backend),
  })
  const control: RunControl = { parts, desk, registry, tasks, executorId, onCaught }
  const cancel: Engine['cancel'] = (runId, reason = 'cancelled') => cancelRun(control, runId, reason)
  const starter: RunStarter = { parts, desk, tasks, hooks, cancel, onCaught }
  let closing: Promise<void> | undefined

  const engine: Engine = {
    tasks,
    templates: builtInTemplates,
    register: (workflow) => void registry.register(workflow),
    async start(workflow, input, runOptions = {}) {
      return startRun(starter, registry.resolve(workflow), input, runOptions)
    },
    async run(workflow, input, runOptions) {
      return engine.result((await engine.start(workflow, input, runOptions)).id)
    },
    async *stream(workflow, input, runOptions) {
      const { id } = await engine.start(workflow, input, runOptions)
      yield* eventsOfWork(desk.active(id), (signal) => engine.events(id, 0, signal))
    },
    async result(runId) {
      const entry = desk.active(runId)
      if (entry !== undefined) {
        await entry.done
        if (entry.last !== undefined) return entry.last
      }
      const { run, stepRuns, attempts, state, waits, definition } = readItemChunks(await backend.read(runId))
      const receipts = await backend.receipts({ runId })
      const { sensitiveKeys } = definition
      return toRunResult({ run, stepRuns, attempts, state: () => state, waits, receipts, sensitiveKeys })
    },
    get: (runId) => backend.get(runId),
    list: (filter = {}) => backend.list(filter),
    queue: ({ tenantId = 'default' } = {}) => places.queueOf(tenantId),
    events: (runId, afterSeq = 0, signal = new AbortController().signal) => backend.subscribe(runId, afterSeq, signal),
    cancel,
    pause: (runId, reason = 'asked') => pauseRun(control, runId, reason),
    resume: (runId, { budget } = {}) => resumeRun(control, runId, budget),
    recover: () => recoverRuns(control),
    async fork(runId, forkOptions) {
      refuseClosed(desk)
      checkOptions('fork', forkOptions, ['fromStep', 'patch', 'definition'])
      checkOptions('fork.patch', forkOptions.patch ?? {}, ['input', 'state', 'outputs'])
      const run = await knownRun(backend, runId)
      const { definition, patch = {} } = forkOptions
      const compiled = definition === undefined ? await registry.ofRun(run, backend) : registry.resolve(definition)
      const input = Object.hasOwn(patch, 'input') ? await checkedInput(compiled, patch.input) : run.input
      const journal = readItemChunks(await backend.read(runId))
      const id = ids.next('run')
      const place = desk.enter({ id, tenantId: run.tenantId })
      try {
        const fork = await prepareFork(parts, executorId, id, journal, compiled, forkOptions, input)
        desk.execute(fork, compiled, undefined, place)
        return fork
      } catch (error) {
        place.leave()
        throw error
      }
    },
    async replay(runId, { mode }) {
      const run = await knownRun(backend, runId)
      const compiled = await registry.ofRun(run, backend)
      if (mode === 'dry') {
        const journal = readItemChunks(await backend.read(runId))
        return replayDry(parts, compiled, journal, routerOptions, options.models)
      }
      const { tenantId, sessionId, budget } = run
      const rerun = await startRun(starter, compiled, run.input, {
        tenantId,
        ...(sessionId === undefined ? {} : { sessionId }),
        ...(budget === undefined ? {} : { budget }),
      })
      return { mode, run: rerun }
    },
    resolveWait: (by, reply = {}) => answerWaitOf({ parts, desk }, by, reply),
    signal: (runId, name, data = null) => signalRun({ parts, desk }, runId, name, data),
    receipts: (by) => backend.receipts(by),
    async close({ drainMs = 10_000 } = {}) {
      closing ??= desk.close(drainMs).then(() => backend.close())
      await closing
    },
    [Symbol.asyncDispose]: async () => engine.close(),
  }
  return engine
}
