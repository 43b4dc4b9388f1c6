import { isNode, lineOf, literalText, walkSyntax, type SourceFile } from '../source-files.ts'

/** A test that names rules at the start of its title. */
export interface NamedTest {
  readonly title: string
  readonly rules: readonly string[]
  readonly path: string
  readonly line: number
}

const leadingIds = /^(?:[A-Z]{1,3}-?\d+[a-z]?(?:[\s,:;]+|$))+/

/** The rules that a title names at its start: `'IN-7 RM-2 replies pass hooks again'` names two. */
export function rulesOfTitle(title: string): string[] {
  return (
    leadingIds
      .exec(title)?.[0]
      .split(/[\s,:;]+/)
      .filter((id) => id !== '') ?? []
  )
}

/** The tests of a file that name rules. Tests that are skipped, to do or meant to fail prove nothing and are left out. */
export function namedTestsOf(file: SourceFile): NamedTest[] {
  const found: NamedTest[] = []
  walkSyntax(file, (node) => {
    if (node.type !== 'CallExpression' || !Array.isArray(node['arguments'])) return
    const words = calleeWords(node['callee'])
    if (words === undefined || words.some((word) => unproven.has(word))) return
    const title = literalText(node['arguments'][0])
    if (title === undefined) return
    const rules = rulesOfTitle(title)
    if (rules.length > 0) found.push({ title, rules, path: file.path, line: lineOf(file, node.start) })
  })
  return found
}

const testFunctions = new Set(['test', 'it'])
const unproven = new Set(['skip', 'todo', 'fails'])

/** `test`, `test.each(...)`, `it.for(...)`, `test.runIf(...)`: the words after the first, or nothing if it is no test. */
function calleeWords(callee: unknown, words: readonly string[] = []): readonly string[] | undefined {
  if (!isNode(callee)) return undefined
  switch (callee.type) {
    case 'Identifier':
      return testFunctions.has(String(callee['name'])) ? words : undefined
    case 'MemberExpression': {
      const property = callee['property']
      return calleeWords(callee['object'], isNode(property) ? [String(property['name']), ...words] : words)
    }
    case 'CallExpression':
    case 'TaggedTemplateExpression':
      return calleeWords(callee['callee'] ?? callee['tag'], words)
    default:
      return undefined
  }
}
