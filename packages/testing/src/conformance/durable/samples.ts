import type {
  AttemptRecord,
  Clock,
  CommitBatch,
  DurableBackend,
  IdSource,
  Json,
  Lease,
  LedgerEntry,
  ModelReceipt,
  RunEvent,
  RunEventType,
  RunRecord,
  StepRunRecord,
  WaitRecord,
  WaitResolution,
  WorkflowDefinition,
} from '@parley/spec'

/** Makes the records that tests of durable back ends write, with fresh ids and the clock's instants. */
export interface RunSamples {
  now(): string
  id(prefix: string): string
  definition(fields?: Partial<WorkflowDefinition>): WorkflowDefinition
  run(definition: WorkflowDefinition, fields?: Partial<RunRecord>): RunRecord
  event(type?: RunEventType, data?: { [key: string]: Json }): CommitBatch['events'][number]
  stepRun(runId: string, stepKey: string, fields?: Partial<StepRunRecord>): StepRunRecord
  attempt(runId: string, stepKey: string, fields?: Partial<AttemptRecord>): AttemptRecord
  ledger(runId: string, key: string, fields?: Partial<LedgerEntry>): LedgerEntry
  receipt(run: RunRecord, fields?: Partial<ModelReceipt>): ModelReceipt
  wait(runId: string, fields?: Partial<WaitRecord>): WaitRecord
  answer(fields?: Partial<WaitResolution>): WaitResolution
}

/** Makes samples for one test. */
export function createRunSamples(clock: Clock, ids: IdSource): RunSamples {
  const now = (): string => new Date(clock.now()).toISOString()
  return {
    now,
    id: (prefix) => ids.next(prefix),
    definition: (fields) => ({
      name: 'report',
      version: '1',
      hash: ids.next('hash'),
      root: { kind: 'dag', steps: [], maxConcurrency: 32 },
      defaults: { tier: 'balanced' },
      templates: {},
      servers: { rest: [], mcp: [] },
      functions: {},
      limits: { maxConcurrency: 32, maxModelCalls: 50, maxVisits: 1_000 },
      compat: {},
      sensitiveKeys: [],
      metadata: {},
      ...fields,
    }),
    run: (definition, fields) => ({
      id: ids.next('run'),
      tenantId: 'acme',
      taskId: ids.next('task'),
      status: 'running',
      workflow: definition.name,
      definitionHash: definition.hash,
      input: { goal: 'tea' },
      planVersion: 1,
      createdAt: now(),
      updatedAt: now(),
      ...fields,
    }),
    event: (type = 'step_completed', data = {}) => ({ type, data }),
    stepRun: (runId, stepKey, fields) => ({
      runId,
      stepKey,
      step: stepKey.split('@')[0] ?? stepKey,
      status: 'completed',
      seq: 1,
      attempts: 1,
      costNanoUsd: 0,
      receiptIds: [],
      startedAt: now(),
      ...fields,
    }),
    attempt: (runId, stepKey, fields) => ({
      runId,
      stepKey,
      attempt: 1,
      dispatch: 1,
      status: 'success',
      startedAt: now(),
      receiptIds: [],
      ...fields,
    }),
    ledger: (runId, key, fields) => ({
      runId,
      key,
      kind: 'reserve',
      envelopes: [{ kind: 'run', id: runId }],
      costNanoUsd: 1_000,
      tokens: 10,
      calls: 1,
      ...fields,
    }),
    receipt: (run, fields) => ({
      receiptId: ids.next('rcpt'),
      kind: 'model_routing',
      tenantId: run.tenantId,
      taskId: run.taskId,
      runId: run.id,
      createdAt: now(),
      routerVersion: '1',
      priceVersion: '1',
      capabilityVersion: '1',
      promptHash: 'aa',
      classification: { category: 'writing', confidence: 0.5, signals: [] },
      candidates: [{ modelId: 'fast', score: 0.5, estCostNanoUsd: null, reasons: [] }],
      decision: { modelId: 'fast', strategy: 'single', fallbackChain: [], promptRewritten: false },
      execution: {
        status: 'dispatched',
        actualCostNanoUsd: null,
        actualLatencyMs: null,
        tokens: { input: 0, output: 0, cached: 0, reasoning: 0 },
        hops: [],
      },
      budget: { estimateNanoUsd: null, settledNanoUsd: null, envelopes: [] },
      ...fields,
    }),
    wait: (runId, fields) => ({
      id: ids.next('wait'),
      runId,
      stepKey: 'review@1',
      kind: 'approval',
      status: 'open',
      tokenHash: ids.next('hash'),
      createdAt: now(),
      ...fields,
    }),
    answer: (fields) => ({ decision: 'approved', at: now(), ...fields }),
  }
}

/** Makes a run and claims it. */
export async function startRun(
  { backend, make }: { backend: DurableBackend; make: RunSamples },
  fields: Partial<RunRecord> = {},
): Promise<{ run: RunRecord; lease: Lease; definition: WorkflowDefinition }> {
  const definition = make.definition()
  const { run } = await backend.createRun(make.run(definition, fields), definition)
  return { run, definition, lease: await claimed(backend, run.id) }
}

/** A lease of a run that nobody holds. */
export async function claimed(backend: DurableBackend, runId: string, executorId = 'a'): Promise<Lease> {
  const lease = await backend.claim(runId, executorId)
  if (lease === null) throw new Error(`run ${runId} could not be claimed`)
  return lease
}

/** Reads events until `count` have come, or the feed ends. */
export async function readEvents(
  backend: DurableBackend,
  runId: string,
  { afterSeq = 0, count = Number.POSITIVE_INFINITY }: { afterSeq?: number; count?: number } = {},
): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  const controller = new AbortController()
  if (count === 0) return events
  for await (const event of backend.subscribe(runId, afterSeq, controller.signal)) {
    events.push(event)
    if (events.length >= count) break
  }
  return events
}
