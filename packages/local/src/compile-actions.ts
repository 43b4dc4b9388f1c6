import type { DocumentPath } from './check-schema.ts'
import type { CompileScope } from './compile-scope.ts'
import type { CompiledAction } from './compiled-rules.ts'
import { foldWords } from './fold-sentence.ts'
import type { Action } from './rules-document.ts'

/** Compiles a list of actions. */
export function compileActions(actions: readonly Action[], path: DocumentPath, scope: CompileScope): CompiledAction[] {
  return actions.map((action, index) => compileAction(action, [...path, index], scope))
}

function compileAction(action: Action, path: DocumentPath, scope: CompileScope): CompiledAction {
  if ('reply' in action) return { kind: 'reply', text: scope.template(action.reply, [...path, 'reply'], 'spoken') }
  if ('ask' in action) {
    scope.declaredSlot(action.ask, [...path, 'ask'])
    return { kind: 'ask', slot: action.ask }
  }
  if ('tool' in action) {
    return {
      kind: 'tool',
      tool: action.tool,
      with: scope.value(action.with ?? {}, [...path, 'with'], 'argument'),
      save: action.save ?? action.tool,
      ...onError(action.on_error, path, scope),
    }
  }
  if ('confirm' in action) {
    return {
      kind: 'confirm',
      text: scope.template(action.confirm, [...path, 'confirm'], 'spoken'),
      yes: compileActions(action.yes ?? [], [...path, 'yes'], scope),
      no: compileActions(action.no ?? [], [...path, 'no'], scope),
    }
  }
  if ('handoff' in action) {
    const { summary, payload, phase } = action
    return {
      kind: 'handoff',
      target: action.handoff,
      reason: scope.template(action.reason, [...path, 'reason'], 'spoken'),
      ...(summary === undefined ? {} : { summary: scope.template(summary, [...path, 'summary'], 'spoken') }),
      ...(payload === undefined ? {} : { payload: scope.value(payload, [...path, 'payload'], 'spoken') }),
      ...(phase === undefined ? {} : { phase }),
      ...onError(action.on_error, path, scope),
    }
  }
  if ('if' in action) {
    return {
      kind: 'if',
      condition: scope.condition(action.if, [...path, 'if']),
      then: compileActions(action.then, [...path, 'then'], scope),
      otherwise: compileActions(action.else ?? [], [...path, 'else'], scope),
    }
  }
  if ('menu' in action) {
    return {
      kind: 'menu',
      entries: action.menu.map(({ say, key, intent }, index) => {
        scope.intent(intent, [...path, 'menu', index, 'intent'])
        return { say, key, intent, words: foldWords(say) }
      }),
    }
  }
  return { kind: 'end' }
}

function onError(
  actions: readonly Action[] | undefined,
  path: DocumentPath,
  scope: CompileScope,
): { onError?: readonly CompiledAction[] } {
  return actions === undefined ? {} : { onError: compileActions(actions, [...path, 'on_error'], scope) }
}
