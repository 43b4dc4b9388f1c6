import { toWire, type DurableBackend } from '@parley/spec'
import type { Engine } from '@parley/workflow'
import { problem } from './problem.ts'

/** Where runs are looked up. */
export interface RunSource {
  engine: Pick<Engine, 'get' | 'list' | 'receipts'>
  backend: Pick<DurableBackend, 'read'>
}

/** The latest runs, newest first, as `parley runs list --json` gives them. */
export async function listRuns({ engine }: RunSource): Promise<Response> {
  const { runs } = await engine.list()
  return Response.json({ runs: runs.map((run) => toWire(run)) })
}

/** One run with its steps, waits and receipts, as `parley runs show --json` gives it. */
export async function showRun(runId: string, { engine, backend }: RunSource): Promise<Response> {
  if ((await engine.get(runId)) === undefined)
    return problem(404, 'run_unknown', `There is no run ${runId.slice(0, 80)}.`)
  const { run, stepRuns, waits } = await backend.read(runId)
  const receipts = await engine.receipts({ runId })
  return Response.json({
    run: toWire(run),
    steps: stepRuns.map((step) => toWire(step)),
    // Who has the token may answer, so nothing of it is shown.
    waits: waits.map(({ tokenHash: _tokenHash, ...wait }) => toWire(wait)),
    receipts: receipts.map((receipt) => toWire(receipt)),
  })
}
