import type { StepKind } from '@parley/spec'
import type { DocumentContext } from './document-context.ts'

const functionUri = /^(?:function|python):\/\/(.+)$/

/**
 * What a step calls, under the name that the host knows: names that a document gives to registered functions are
 * resolved, `python://` is another word for `function://`.
 */
export function resolveAction(
  action: string | undefined,
  kind: StepKind,
  { functionPaths }: Pick<DocumentContext, 'functionPaths'>,
): string | undefined {
  if (action === undefined) return undefined
  if (kind === 'fn') return functionPaths.get(action) ?? action
  if (kind !== 'tool') return action
  // A note of the method, as lists of tools show it, is no part of the address.
  const uri = action.replace(/ \[[A-Z]+\]$/, '')
  const name = functionUri.exec(uri)?.[1]
  return name === undefined ? uri : `function://${functionPaths.get(name) ?? name}`
}
