import { assertNever, type Json } from '@parley/spec'
import { askSlot, askYesNo, offerMenu } from './ask-person.ts'
import type { CompiledAction } from './compiled-rules.ts'
import { holds } from './condition.ts'
import { learnResult, readsMasked, unmask } from './dialogue-memory.ts'
import {
  done,
  failed,
  HANDOFF_TOOL_NAME,
  rootsIn,
  say,
  type Dialogue,
  type DialogueScope,
  type Flow,
} from './dialogue-step.ts'
import { isMap } from './internal-note.ts'
import { refusedFields } from './refused-fields.ts'
import { renderText } from './template.ts'
import { renderValueTree, type ValueTemplate } from './value-template.ts'

const MAX_RETRIES_OF_CALL = 5

/** Does actions in order until one ends the turn, fails or the person goes on to something else. */
export function* runActions(actions: readonly CompiledAction[], scope: DialogueScope): Dialogue<Flow> {
  let wasAsked = false
  for (const action of actions) {
    const flow = yield* runAction(action, scope)
    if (flow.kind !== 'done') return flow
    wasAsked ||= flow.wasAsked ?? false
  }
  return { kind: 'done', wasAsked }
}

function* runAction(action: CompiledAction, scope: DialogueScope): Dialogue<Flow> {
  switch (action.kind) {
    case 'reply':
      return yield* say(action.text, scope)
    case 'ask': {
      const slot = scope.rules.slots.get(action.slot)
      return slot ? yield* askSlot(slot, scope) : failed
    }
    case 'tool':
      return yield* callTool(action, scope)
    case 'handoff':
      return yield* handOver(action, scope)
    case 'confirm': {
      const answer = yield* askYesNo(action.text, scope)
      return 'flow' in answer ? answer.flow : yield* runActions(answer.isYes ? action.yes : action.no, scope)
    }
    case 'if': {
      const verdict = holdsMasked(action, scope) ?? holds(action.condition, rootsIn(scope))
      if (verdict === undefined) return failed
      return yield* runActions(verdict ? action.then : action.otherwise, scope)
    }
    case 'menu':
      return yield* offerMenu(action.entries, scope)
    case 'end':
      return { kind: 'end' }
    default:
      return assertNever(action)
  }
}

type Choice = Extract<CompiledAction, { kind: 'if' }>

/** What a condition over a masked result was, by what was done next. */
function holdsMasked(
  { condition, then, otherwise }: Choice,
  { rules, memory, world }: DialogueScope,
): boolean | undefined {
  if (!readsMasked(memory, condition)) return undefined
  const verdict = world.wasDone(then) === true ? true : world.wasDone(otherwise) === true ? false : undefined
  if (verdict !== undefined) unmask(memory, rules, condition, verdict)
  return verdict
}

type ToolAction = Extract<CompiledAction, { kind: 'tool' }>
type HandoffAction = Extract<CompiledAction, { kind: 'handoff' }>

function* callTool(action: ToolAction, scope: DialogueScope): Dialogue<Flow> {
  for (let attempt = 0; attempt < MAX_RETRIES_OF_CALL; attempt += 1) {
    const args = renderMap(action.with, scope)
    if (!args) return failed
    const result = yield* call(action.tool, args, scope)
    if ('flow' in result) return result.flow
    learnResult(scope.memory, action.tool, result.value, [action.save])
    scope.arrived.add(action.tool).add(action.save)
    if (!result.isError) return done
    if (!action.onError) return failed
    const flow = yield* runActions(action.onError, scope)
    if (flow.kind !== 'done') return flow
    // A question in `on_error` asks for a better argument: the tool gets it.
    if (!flow.wasAsked) return { kind: 'end' }
  }
  return failed
}

function* handOver(action: HandoffAction, scope: DialogueScope): Dialogue<Flow> {
  for (let attempt = 0; attempt < MAX_RETRIES_OF_CALL; attempt += 1) {
    const args = handoffArguments(action, scope)
    if (!args) return failed
    const result = yield* call(HANDOFF_TOOL_NAME, args, scope)
    if ('flow' in result) return result.flow
    const { value } = result
    const isRefused = result.isError || (isMap(value) && value['accepted'] === false)
    if (!isRefused) return { kind: 'end' }
    learnResult(scope.memory, HANDOFF_TOOL_NAME, value, [])
    const slots = refusedFields(value, action.payload).flatMap((id) => scope.rules.slots.get(id) ?? [])
    if (slots.length > 0) {
      for (const slot of slots) {
        const asked = yield* askSlot(slot, scope)
        if (asked.kind !== 'done') return asked
      }
      continue
    }
    if (!action.onError) return failed
    const flow = yield* runActions(action.onError, scope)
    if (flow.kind !== 'done') return flow
    if (!flow.wasAsked) return { kind: 'end' }
  }
  return failed
}

function handoffArguments(action: HandoffAction, scope: DialogueScope): Record<string, Json> | undefined {
  const { timeZone } = scope.world
  const reason = renderText(action.reason, rootsIn(scope), timeZone)
  const summary = renderText(action.summary ?? action.reason, rootsIn(scope), timeZone)
  const payload = action.payload ? renderMap(action.payload, scope) : undefined
  if (!reason.ok || !summary.ok || (action.payload && !payload)) return undefined
  return {
    target: action.target,
    reason: reason.value,
    summary: summary.value,
    ...(payload ? { payload } : {}),
    ...(action.phase === undefined ? {} : { next_phase: action.phase }),
  }
}

type CallResult = { value: Json; isError: boolean } | { flow: Flow }

function* call(tool: string, args: Record<string, Json>, { world }: DialogueScope): Dialogue<CallResult> {
  const verdict = world.canCall(tool, args)
  if (verdict !== 'yes') return { flow: verdict === 'cut' ? { kind: 'cut' } : failed }
  const reply = yield { kind: 'call', tool, args }
  if (reply.kind === 'result') return reply
  return { flow: { kind: 'cut' } }
}

function renderMap(value: ValueTemplate, scope: DialogueScope): Record<string, Json> | undefined {
  const rendered = renderValueTree(value, rootsIn(scope), scope.world.timeZone)
  return rendered.ok && isMap(rendered.value) ? rendered.value : undefined
}
