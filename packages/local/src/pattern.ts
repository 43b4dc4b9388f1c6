import { foldWords } from './fold-sentence.ts'

/** One step of a compiled pattern. Steps only lead forward, so every match ends. */
export type PatternStep =
  | { op: 'word'; word: string }
  | { op: 'gap' }
  | { op: 'slot'; slot: string }
  | { op: 'split'; targets: number[] }
  | { op: 'jump'; to: number }
  | { op: 'end' }

/** A compiled pattern. */
export interface Pattern {
  source: string
  steps: readonly PatternStep[]
  /** Of each of these sets a sentence must have a word, or the pattern cannot fit. */
  needs: readonly ReadonlySet<string>[]
}

/** What a pattern may refer to: phrases by the name of their group, and the names of slots. */
export interface PatternNames {
  groups: ReadonlyMap<string, readonly (readonly string[])[]>
  slots: ReadonlySet<string>
}

/** Longest pattern in characters, deepest nesting, most steps after groups were put in. */
export const patternLimits = { characters: 500, depth: 8, steps: 4000 } as const

/** A pattern that cannot be read: what was expected instead. */
export class PatternFault extends Error {}

type Node =
  | { kind: 'word'; word: string }
  | { kind: 'gap' }
  | { kind: 'slot'; slot: string }
  | { kind: 'either'; branches: Node[][] }

/** Compiles a pattern: words, `(a|b)`, `[optional]`, `*`, `<group>`, `{slot}`. Throws `PatternFault`. */
export function compilePattern(source: string, names: PatternNames): Pattern {
  if (source.length > patternLimits.characters) {
    throw new PatternFault(`a pattern of at most ${patternLimits.characters} characters`)
  }
  const reader = createReader(source, names)
  const nodes = reader.sequence(0, '')
  if (!needsSomething(nodes)) throw new PatternFault('at least one word, <group> or {slot} that is not optional')
  const steps: PatternStep[] = []
  emit(nodes, steps)
  steps.push({ op: 'end' })
  return { source, steps, needs: needsOf(nodes) }
}

interface Reader {
  sequence(depth: number, closers: string): Node[]
}

function createReader(source: string, names: PatternNames): Reader {
  let at = 0
  const named = (close: string, form: string): string => {
    const end = source.indexOf(close, at)
    if (end < 0) throw new PatternFault(`"${close}" to close ${form}`)
    const name = source.slice(at + 1, end).trim()
    at = end + 1
    return name
  }
  const branches = (depth: number, close: string): Node[][] => {
    if (depth >= patternLimits.depth) throw new PatternFault(`brackets nested at most ${patternLimits.depth} deep`)
    const found: Node[][] = []
    do {
      at += 1
      const branch = sequence(depth + 1, `|${close}`)
      if (branch.length === 0) throw new PatternFault('words between the brackets and bars')
      found.push(branch)
    } while (source[at] === '|')
    if (source[at] !== close) throw new PatternFault(`"${close}" to close the bracket`)
    at += 1
    return found
  }
  const sequence = (depth: number, closers: string): Node[] => {
    const nodes: Node[] = []
    while (at < source.length) {
      const sign = source[at] ?? ''
      if (closers.includes(sign)) return nodes
      if (sign === '(') nodes.push({ kind: 'either', branches: branches(depth, ')') })
      else if (sign === '[') nodes.push({ kind: 'either', branches: [...branches(depth, ']'), []] })
      else if (sign === '<') nodes.push(groupNode(named('>', 'a <group>'), names))
      else if (sign === '{') nodes.push(slotNode(named('}', 'a {slot}'), names))
      else if (sign === '*') {
        nodes.push({ kind: 'gap' })
        at += 1
      } else if (')]|>}'.includes(sign)) throw new PatternFault(`no "${sign}" here`)
      else {
        const text = /^[^()[\]<>{}|*]+/u.exec(source.slice(at))?.[0] ?? sign
        at += text.length
        nodes.push(...foldWords(text).map((word): Node => ({ kind: 'word', word })))
      }
    }
    return nodes
  }
  return { sequence }
}

function groupNode(name: string, { groups }: PatternNames): Node {
  const phrases = groups.get(name)
  if (!phrases) throw new PatternFault(`a group of "synonyms", not <${name}>`)
  return { kind: 'either', branches: phrases.map((phrase) => phrase.map((word): Node => ({ kind: 'word', word }))) }
}

function slotNode(slot: string, { slots }: PatternNames): Node {
  if (!slots.has(slot)) throw new PatternFault(`one of "slots", not {${slot}}`)
  return { kind: 'slot', slot }
}

function needsSomething(nodes: readonly Node[]): boolean {
  return nodes.some((node) => {
    if (node.kind === 'either') return node.branches.every(needsSomething)
    return node.kind !== 'gap'
  })
}

function needsOf(nodes: readonly Node[]): ReadonlySet<string>[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'word') return [new Set([node.word])]
    if (node.kind !== 'either') return []
    const firsts = node.branches.map((branch) => needsOf(branch)[0])
    const known = firsts.flatMap((first) => first ?? [])
    return known.length < firsts.length ? [] : [new Set(known.flatMap((first) => [...first]))]
  })
}

function emit(nodes: readonly Node[], steps: PatternStep[]): void {
  for (const node of nodes) {
    if (node.kind === 'either') emitEither(node.branches, steps)
    else if (node.kind === 'word') steps.push({ op: 'word', word: node.word })
    else if (node.kind === 'slot') steps.push({ op: 'slot', slot: node.slot })
    else steps.push({ op: 'gap' })
    if (steps.length > patternLimits.steps) throw new PatternFault('fewer words: its groups together are too long')
  }
}

function emitEither(branches: readonly (readonly Node[])[], steps: PatternStep[]): void {
  const targets: number[] = []
  steps.push({ op: 'split', targets })
  const exits: { op: 'jump'; to: number }[] = []
  for (const branch of branches) {
    targets.push(steps.length)
    emit(branch, steps)
    const exit: { op: 'jump'; to: number } = { op: 'jump', to: 0 }
    exits.push(exit)
    steps.push(exit)
  }
  for (const exit of exits) exit.to = steps.length
}
