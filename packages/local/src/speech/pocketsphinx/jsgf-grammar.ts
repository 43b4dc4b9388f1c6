/** A rule's right side. */
export type GrammarNode =
  | { type: 'word'; word: string }
  | { type: 'rule'; name: string }
  | { type: 'sequence'; parts: GrammarNode[] }
  | { type: 'choice'; branches: GrammarNode[] }
  | { type: 'repeat'; part: GrammarNode; least: 0 | 1; isOnce: boolean }

/** The rules of a grammar by name; `root` is the first public one. */
export interface JsgfGrammar {
  root: string
  rules: ReadonlyMap<string, GrammarNode>
}

const TOKEN = /<[^>]*>|\/[^/]*\/|\{[^}]*\}|[()[\]|*+]|[\p{L}\p{N}][\p{L}\p{N}']*/gu

/** Reads a grammar in the Java Speech Grammar Format. Weights and tags are left out; `undefined` without a public rule. */
export function parseJsgf(text: string): JsgfGrammar | undefined {
  const rules = new Map<string, GrammarNode>()
  let root: string | undefined
  for (const statement of text.split(';')) {
    const [, isPublic, name, body] = /(public\s+)?<([^>]+)>\s*=([\s\S]*)$/u.exec(statement) ?? []
    if (name === undefined || body === undefined) continue
    const tokens = (body.toLowerCase().replaceAll('’', "'").match(TOKEN) ?? []).filter((token) => !/^[/{]/u.test(token))
    rules.set(name.toLowerCase(), readChoice(tokens))
    if (isPublic !== undefined) root ??= name.toLowerCase()
  }
  return root === undefined ? undefined : { root, rules }
}

/** Reads up to the bracket that closes the choice, and takes what it reads from `tokens`. */
function readChoice(tokens: string[]): GrammarNode {
  const branches: GrammarNode[] = []
  let parts: GrammarNode[] = []
  const endBranch = (): void => {
    branches.push({ type: 'sequence', parts })
    parts = []
  }
  for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
    if (token === ')' || token === ']') break
    const last = parts.at(-1)
    if (token === '|') endBranch()
    else if (token === '(') parts.push(readChoice(tokens))
    else if (token === '[') parts.push({ type: 'repeat', part: readChoice(tokens), least: 0, isOnce: true })
    else if (token === '*' || token === '+') {
      if (last) parts[parts.length - 1] = { type: 'repeat', part: last, least: token === '+' ? 1 : 0, isOnce: false }
    } else if (token.startsWith('<')) parts.push({ type: 'rule', name: token.slice(1, -1).trim() })
    else parts.push({ type: 'word', word: token })
  }
  endBranch()
  return branches.length === 1 && branches[0] ? branches[0] : { type: 'choice', branches }
}

/** Rules within rules that are followed. */
const MAX_DEPTH = 20
/** How often what may be repeated is said once more. */
const REPEAT_CHANCE = 0.75
const MAX_REPEATS = 12

/** Says one sentence that the grammar allows, with `random` deciding. */
export function sampleGrammar({ root, rules }: JsgfGrammar, random: () => number): string[] {
  const say = (node: GrammarNode, depth: number): string[] => {
    if (depth > MAX_DEPTH) return []
    if (node.type === 'word') return [node.word]
    if (node.type === 'sequence') return node.parts.flatMap((part) => say(part, depth))
    if (node.type === 'choice') {
      const branch = node.branches[Math.floor(random() * node.branches.length)]
      return branch ? say(branch, depth) : []
    }
    if (node.type === 'rule') {
      const rule = rules.get(node.name)
      return rule ? say(rule, depth + 1) : []
    }
    const words = node.least === 1 || random() < 0.5 ? say(node.part, depth) : []
    if (node.isOnce || words.length === 0) return words
    for (let count = 1; count < MAX_REPEATS && random() < REPEAT_CHANCE; count += 1)
      words.push(...say(node.part, depth))
    return words
  }
  return say({ type: 'rule', name: root }, 0)
}
