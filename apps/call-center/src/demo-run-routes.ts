import { ParleyError, toWire, type DurableBackend, type Json } from '@parley/spec'
import type { Engine } from '@parley/workflow'

/** Where runs are looked up. */
export interface RunSource {
  engine: Pick<Engine, 'get' | 'list' | 'receipts'>
  backend: Pick<DurableBackend, 'read'>
}

/** The latest runs, newest first, with the fields of `parley runs list --json`. */
export async function listRuns({ engine }: RunSource): Promise<Response> {
  const { runs } = await engine.list()
  return Response.json({ runs: runs.map((run) => wireOf(run)) })
}

/** One run with its steps, waits and receipts, with the fields of `parley runs show --json`. */
export async function showRun(runId: string, { engine, backend }: RunSource): Promise<Response> {
  if ((await engine.get(runId)) === undefined)
    throw new ParleyError({ code: 'run_unknown', message: `There is no run ${runId.slice(0, 80)}.` })
  const { run, stepRuns, waits } = await backend.read(runId)
  const receipts = await engine.receipts({ runId })
  return Response.json({
    run: wireOf(run),
    steps: stepRuns.map((step) => wireOf(step)),
    // Who has the token may answer, so nothing of it is shown.
    waits: waits.map(({ tokenHash: _tokenHash, ...wait }) => toWire(wait)),
    receipts: receipts.map((receipt) => toWire(receipt)),
  })
}

/** A record in the names of the wire; what workflows take and give is theirs, and keeps its keys. */
function wireOf(record: { input?: Json; output?: Json; outputs?: { [key: string]: Json } }): object {
  const { input, output, outputs, ...rest } = record
  const given = { input, output, outputs }
  // Of an object, an object.
  return { ...(toWire(rest) as { [key: string]: Json }), ...given }
}
