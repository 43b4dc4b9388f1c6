import {
  ParleyError,
  parseTemplate,
  renderTemplate,
  sha256Hex,
  type Json,
  type StepRunRecord,
  type WaitRecord,
} from '@parley/spec'
import { sourcesOf } from './attempt.ts'
import { lookUp } from './frame.ts'
import { note, tell } from './run-scope.ts'
import { safeValue } from './safe-value.ts'
import type { StepTask, StepTimes } from './settle-step.ts'

/** Waits of one run that may be open at once. */
const MAX_OPEN_WAITS = 1_000

/**
 * Opens the wait of a step: it is kept, and only then is its token told, which is kept nowhere.
 * @throws {ParleyError} `limit_exceeded`, `template_unresolved`
 */
export async function openWait(task: StepTask, { seq }: StepTimes): Promise<WaitRecord> {
  const { scope, prepared, stepKey } = task
  const spec = prepared.step.wait
  if (spec === undefined) throw new ParleyError({ code: 'internal_error', message: 'A wait step without a wait.' })
  refuseTooMany(task)
  const nowMs = scope.clock.now()
  const token = scope.ids.token()
  const endMs = endOf(spec, nowMs)
  const show = showOf(task)
  const wait: WaitRecord = {
    id: scope.ids.next('wait'),
    runId: scope.run.id,
    stepKey,
    kind: spec.type,
    status: 'open',
    tokenHash: sha256Hex(token),
    createdAt: new Date(nowMs).toISOString(),
    ...(endMs === undefined ? {} : { deadline: new Date(endMs).toISOString() }),
    ...(spec.type === 'event' ? { name: spec.name } : {}),
    ...(spec.type === 'event' && spec.match !== undefined ? { match: spec.match } : {}),
    ...(spec.type !== 'timer' && spec.schema !== undefined ? { schema: spec.schema } : {}),
    ...(spec.type === 'approval' && spec.approvers !== undefined ? { approvers: spec.approvers } : {}),
    ...(show === undefined ? {} : { show }),
  }
  const record: StepRunRecord = {
    runId: scope.run.id,
    stepKey,
    step: prepared.step.id,
    status: 'waiting',
    seq,
    attempts: 1,
    startedAt: wait.createdAt,
    costNanoUsd: 0,
    receiptIds: [],
  }
  scope.writer.wait(wait)
  scope.writer.stepRun(record)
  scope.parked.set(stepKey, record)
  const place = { step: prepared.step.id, stepKey }
  note(scope, 'step_started', place, { attempt: 1 })
  note(scope, 'wait_created', place, dataOf(wait))
  await scope.writer.flush()
  await tell(scope, 'onStepStart', place, { attempt: 1 })
  scope.parts.onWait({ runId: scope.run.id, wait, token })
  return wait
}

function refuseTooMany({ scope }: StepTask): void {
  let open = 0
  for (const { status } of scope.waits.values()) if (status === 'open') open += 1
  if (open < MAX_OPEN_WAITS) return
  throw new ParleyError({
    code: 'limit_exceeded',
    message: `The run has ${open} open waits, which is the limit. Let some of them be answered first.`,
    details: { limit: 'openWaits', max: MAX_OPEN_WAITS, actual: open + 1 },
  })
}

function dataOf(wait: WaitRecord): { [key: string]: Json } {
  return {
    wait_id: wait.id,
    kind: wait.kind,
    token_hash: wait.tokenHash ?? null,
    deadline: wait.deadline ?? null,
    ...(wait.schema === undefined ? {} : { schema: wait.schema }),
    ...(wait.show === undefined ? {} : { show: wait.show }),
  }
}

function endOf(spec: NonNullable<StepTask['prepared']['step']['wait']>, nowMs: number): number | undefined {
  if (spec.type === 'timer') return spec.at === undefined ? nowMs + (spec.ms ?? 0) : Date.parse(spec.at)
  return spec.timeout === undefined ? undefined : nowMs + spec.timeout * 1000
}

/** What the person is shown, with its data, and without what looks like a secret. */
function showOf({ scope, prepared, frame }: StepTask): string | undefined {
  const { wait, id } = prepared.step
  if (wait?.type !== 'approval' || wait.show === undefined) return undefined
  const parsed = parseTemplate(wait.show, { style: 'mustache' })
  if (!parsed.ok) {
    throw new ParleyError({
      code: 'template_unresolved',
      message: `What the wait "${id}" shows is no template: ${parsed.problems[0]?.message ?? 'it cannot be read'}.`,
      details: { step: id, path: 'show' },
    })
  }
  const rendered = renderTemplate(parsed.template, (path) =>
    safeValue(scope, path, lookUp(sourcesOf(scope, frame), prepared.scope, path)),
  )
  if (rendered.ok) {
    const shown = scope.redact(rendered.text)
    // Of a text, a text.
    return typeof shown === 'string' ? shown : ''
  }
  const path = rendered.path.join('.')
  throw new ParleyError({
    code: 'template_unresolved',
    message: `What the wait "${id}" shows uses {{${path}}}, which has no value. Give a text for that case: {{ ${path} ?? "none" }}.`,
    details: { step: id, path },
  })
}
