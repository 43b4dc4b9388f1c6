import { ExpressionFault, readTokens } from '../../conditions/expression-tokens.ts'
import { dataRoots } from '../../definition/step-references.ts'

/** Expression text in which the bare names of nodes are what they mean: keys of the context. */
export function qualifyExpression(text: string): string {
  const bare = bareNames(text)
  return bare.reduceRight((qualified, at) => `${qualified.slice(0, at)}context.${qualified.slice(at)}`, text)
}

/** Where names begin that are no layer of the data. Text that cannot be read has none: its reader says what is wrong. */
function bareNames(text: string): number[] {
  try {
    return readTokens(text).flatMap((token) =>
      token.kind === 'path' && !dataRoots.includes(token.path[0] ?? '') ? [token.column - 1] : [],
    )
  } catch (thrown) {
    if (thrown instanceof ExpressionFault) return []
    throw thrown
  }
}
