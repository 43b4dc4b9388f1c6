import { terminalRunStatuses } from '@parley/spec'
import type { Json, RunPatch, RunRecord } from '@parley/spec'

/** The part of a run that lies in its document; its values and the instant of its last change lie beside it. */
export type RunDoc = Omit<RunRecord, 'input' | 'output' | 'outputs' | 'updatedAt'>

/** A run as the statements of the back end give it. A value that is absent is SQL's null, JSON's null comes as a text. */
export interface RunRow {
  doc: RunDoc
  input: Json
  output: Json
  outputs: { [key: string]: Json } | null
  has_output: boolean
  updated_at: number
}

/** The columns of a `RunRow`, from `runTables`. */
export const runColumns =
  'r.doc, coalesce(r.input, i.value) AS input, coalesce(r.output, o.value) AS output, coalesce(r.outputs, u.value) AS outputs, r.output IS NOT NULL OR r.output_blob IS NOT NULL AS has_output, h.updated_at'

/** The tables of a `RunRow`. */
export const runTables = `parley.runs r JOIN parley.run_heads h ON h.run_id = r.id
  LEFT JOIN parley.blobs i ON i.tenant_id = r.tenant_id AND i.hash = r.input_blob
  LEFT JOIN parley.blobs o ON o.tenant_id = r.tenant_id AND o.hash = r.output_blob
  LEFT JOIN parley.blobs u ON u.tenant_id = r.tenant_id AND u.hash = r.outputs_blob`

export function toInstant(ms: number): string {
  return new Date(ms).toISOString()
}

export function toRunRecord(row: RunRow): RunRecord {
  const { doc, input, output, outputs, has_output: hasOutput, updated_at: updatedAt } = row
  return {
    ...doc,
    input,
    ...(hasOutput ? { output } : {}),
    ...(outputs === null ? {} : { outputs }),
    updatedAt: toInstant(updatedAt),
  }
}

/** The document of a run. */
export function toRunDoc({
  input: _input,
  output: _output,
  outputs: _outputs,
  updatedAt: _updatedAt,
  ...doc
}: RunRecord): RunDoc {
  return doc
}

/** A run's document with the changes of a commit. */
export function patchRunDoc(doc: RunDoc, patch: RunPatch): RunDoc {
  const next: RunPatch = { ...doc, ...patch, id: doc.id }
  for (const [field, value] of Object.entries(next)) {
    // A key of the patch itself, so it is one of its fields.
    if (value === undefined) delete next[field as keyof RunPatch]
  }
  // What was undefined is gone, and fields that every run has are never undefined in a patch.
  return toRunDoc(next as RunRecord)
}

/** When a run ended, ms since the epoch; undefined while it goes on. */
export function endedAtMs(doc: Pick<RunRecord, 'status' | 'endedAt'>, nowMs: number): number | undefined {
  if (!terminalRunStatuses.includes(doc.status)) return undefined
  return doc.endedAt === undefined ? nowMs : Date.parse(doc.endedAt)
}
