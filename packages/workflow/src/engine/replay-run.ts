import {
  ParleyError,
  terminalRunStatuses,
  type ChatModel,
  type ChatPart,
  type Clock,
  type Journal,
  type ModelReceipt,
  type RunEvent,
  type RunRecord,
} from '@parley/spec'
import { memoryBackend } from '../backend/memory-backend.ts'
import { createRouter, type Router } from '../routing/create-router.ts'
import type { RouterOptions } from '../routing/router-options.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import { firstDifference, type ReplayDifference } from './compare-decisions.ts'
import type { EngineParts } from './engine-parts.ts'
import { executeRun } from './execute-run.ts'
import { prepareWorkflow } from './prepare.ts'
import { recordedRun, type RecordedRun } from './recorded-run.ts'
import { createReplayClock } from './replay-clock.ts'

export type ReplayMode = 'dry' | 'rerun'

/** What came of a replay. */
export type ReplayReport =
  /** `difference`: the first decision that is not as it was; absent when all are. */
  { mode: 'dry'; runId: string; decisions: number; difference?: ReplayDifference } | { mode: 'rerun'; run: RunRecord }

/** Executions of a dry replay at the most; one for each time that the run stood still. */
const MAX_EXECUTIONS = 10_000

/**
 * Goes through a run again: what acted repeats what was recorded, what is decided is decided anew. Nothing is stored, no
 * model is asked, no time passes.
 */
export async function replayDry(
  parts: EngineParts,
  compiled: CompiledWorkflow,
  journal: Journal,
  routerOptions: Omit<RouterOptions, 'models'>,
  models: readonly ChatModel[] | undefined,
): Promise<ReplayReport> {
  const { run } = journal
  const receipts = (await parts.backend.receipts({ runId: run.id })).filter(({ execution }) => !execution.replayed)
  const events = await eventsOf(parts, journal)
  const clock = createReplayClock(Date.parse(run.startedAt ?? run.createdAt), (turn) => parts.clock.setTimer(0, turn))
  const recorded = recordedRun(compiled, journal)
  const router = models === undefined ? parts.router : createRouter({ ...routerOptions, clock, models })
  const dry: EngineParts = {
    ...parts,
    clock,
    archive: parts.archive ?? parts.backend,
    backend: memoryBackend({ clock, ids: parts.ids }),
    router,
    stepCache: undefined,
    reusedAt({ stepKey, attempt }) {
      const receipt = receipts.find(
        (known) => known.execution.cached === true && known.stepKey === stepKey && known.attempt === attempt,
      )
      const output = receipt === undefined ? undefined : recorded.outcomeOf(stepKey, attempt)
      if (receipt === undefined || output === undefined || typeof output === 'symbol') return undefined
      return { output, receipt: { promptHash: receipt.promptHash, origin: receipt } }
    },
    onWait: () => {},
    callHooks: () => undefined,
    ...(router === undefined
      ? {}
      : { routerOf: (place) => repeatingRouter(router, clock, recorded, receipts, place, models !== undefined) }),
  }
  const again = await execute(dry, recorded, journal)
  const isWhole = terminalRunStatuses.includes(run.status) && run.status !== 'cancelled'
  const difference = firstDifference({ events, receipts }, again, isWhole)
  return {
    mode: 'dry',
    runId: run.id,
    decisions: events.length + receipts.length,
    ...(difference === undefined ? {} : { difference }),
  }
}

async function execute(
  dry: EngineParts,
  { workflow }: RecordedRun,
  { run, definition, waits }: Journal,
): Promise<{ events: RunEvent[]; receipts: readonly ModelReceipt[] }> {
  const { output: _output, outputs: _outputs, error: _error, endedAt: _endedAt, startedAt: _startedAt, ...begun } = run
  const { pauseReason: _pauseReason, idempotencyKey: _key, ...record } = begun
  await dry.backend.createRun({ ...record, status: 'pending' }, definition)
  let receipts: readonly ModelReceipt[] = []
  for (let execution = 0; execution < MAX_EXECUTIONS; execution++) {
    const lease = await dry.backend.claim(run.id, 'replay')
    if (lease === null) break
    const scope = await executeRun({
      parts: dry,
      workflow: prepareWorkflow(workflow),
      lease,
      hooks: [],
      outerBudget: undefined,
      recordsPayloads: false,
      depth: 0,
      onOpen: () => {},
    })
    receipts = scope.receipts
    if (scope.run.status !== 'waiting') break
    let isAnswered = false
    for (const open of scope.waits.values()) {
      const answer = waits.find(({ stepKey }) => stepKey === open.stepKey)?.resolution
      if (open.status !== 'open' || answer === undefined) continue
      await dry.backend.resolveWait(open.id, answer)
      isAnswered = true
    }
    if (!isAnswered) break
  }
  const { lastSeq } = await dry.backend.read(run.id)
  return { events: await firstEvents(dry, run.id, lastSeq), receipts }
}

function eventsOf({ backend }: EngineParts, { run, lastSeq }: Journal): Promise<RunEvent[]> {
  return firstEvents({ backend }, run.id, lastSeq)
}

async function firstEvents(
  { backend }: Pick<EngineParts, 'backend'>,
  runId: string,
  last: number,
): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  if (last === 0) return events
  for await (const event of backend.subscribe(runId, 0, new AbortController().signal)) {
    events.push(event)
    if (event.seq >= last) break
  }
  return events
}

/** Decides as the router does; the models that it names repeat what was recorded of the attempt. */
function repeatingRouter(
  router: Router,
  clock: Clock,
  recorded: RecordedRun,
  receipts: readonly ModelReceipt[],
  { stepKey, attempt }: { stepKey: string; attempt: number },
  isOwn: boolean,
): Router {
  const own = receipts.filter((receipt) => receipt.stepKey === stepKey && receipt.attempt === attempt)
  let next = 0
  return {
    ...router,
    clock,
    classify: () => {
      const classified = own[next]?.classification ?? own.at(-1)?.classification
      return { category: 'other', confidence: 0, signals: [], ...classified } as Awaited<ReturnType<Router['classify']>> // categories of receipts are those of the classifier
    },
    model: (id) =>
      repeatingModel(router.model(id), clock, own[next] ?? own.at(-1), () => recorded.outcomeOf(stepKey, attempt)),
    receipt(draft) {
      const opened = router.receipt(draft)
      next = Math.max(
        0,
        own.findIndex(({ promptHash }) => promptHash === opened.promptHash),
      )
      return opened
    },
    // What a router of its own learns goes with it; one that is shared is not taught by the past.
    report: (id, report) => {
      if (isOwn) router.report(id, report)
    },
  }
}

function repeatingModel(
  model: ChatModel,
  clock: Clock,
  receipt: ModelReceipt | undefined,
  outcome: () => unknown,
): ChatModel {
  return {
    id: model.id,
    card: model.card,
    async *stream(_request, { signal }): AsyncGenerator<ChatPart, void, void> {
      const hop = receipt?.execution.hops.find(({ modelId }) => modelId === model.id)
      await clock.sleep(hop?.latencyMs ?? receipt?.execution.actualLatencyMs ?? 0, { signal })
      if (hop !== undefined && hop.status !== 'success') {
        throw new ParleyError({
          // Codes of stored hops were written by this engine.
          code: (hop.errorCode ?? 'model_unavailable') as ParleyError['code'],
          message: 'The model failed then, too.',
        })
      }
      const output = outcome()
      yield { type: 'textDelta', text: typeof output === 'string' ? output : JSON.stringify(output) }
      const { input = 0, output: written = 0 } = receipt?.execution.tokens ?? {}
      const usage = { inputTokens: input, outputTokens: written }
      yield { type: 'usage', usage }
      yield { type: 'end', reason: 'stop', usage }
    },
  }
}
