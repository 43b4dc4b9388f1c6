import { ParleyError, ownPath, type Json } from '@parley/spec'
import { cloneJson } from '../../state/copy-json.ts'
import type { Attempt } from '../attempt.ts'
import { conditionData } from '../condition-data.ts'
import { lookUp } from '../frame.ts'

/** Nodes that only lead on: `if` and `switch` give the node that comes next, `end` the result, `start` the input. */
export function actBranch(attempt: Attempt): Json {
  const { step } = attempt.prepared
  switch (step.kind) {
    case 'if':
      return ifNode(attempt)
    case 'switch':
      return switchNode(attempt)
    case 'end':
      return endNode(attempt)
    default:
      return cloneJson(attempt.scope.run.input)
  }
}

function ifNode(attempt: Attempt): string {
  const { step, branch } = attempt.prepared
  if (branch === undefined || step.then === undefined || step.else === undefined)
    throw new ParleyError({ code: 'internal_error', message: `The node "${step.id}" has no condition.` })
  return branch.evaluate(conditionData(attempt.sources, { condition: branch, scope: attempt.prepared.scope }))
    ? step.then
    : step.else
}

function switchNode(attempt: Attempt): string {
  const { step, branch, scope } = attempt.prepared
  const { switch: cases } = step
  if (cases === undefined || branch === undefined)
    throw new ParleyError({ code: 'internal_error', message: `The node "${step.id}" has no cases.` })
  const value = branch.value(conditionData(attempt.sources, { condition: branch, scope }))
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const next = Object.hasOwn(cases.cases, text) ? cases.cases[text] : cases.default
  if (next !== undefined) return next
  throw new ParleyError({
    code: 'flow_switch_unmatched',
    message: `No case of "${step.id}" matches, and it has no default. Add one of them.`,
    details: { step: step.id, cases: Object.keys(cases.cases) },
  })
}

function endNode(attempt: Attempt): Json {
  const { step, scope } = attempt.prepared
  const path = (step.output ?? 'output').split('.')
  const value = lookUp(attempt.sources, scope, ['context', ...path])
  return cloneJson((value ?? ownPath(attempt.scope.run.input, path) ?? null) as Json) // what a run keeps is JSON
}
