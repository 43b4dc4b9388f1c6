import { anySet, setsMeet, type CharacterSet } from './character-set.ts'
import { PatternRefusal, type RegexTree } from './regex-tree.ts'

/** A piece of a regular expression as places of its automaton. */
interface Piece {
  readonly first: readonly number[]
  readonly last: readonly number[]
  readonly isNullable: boolean
}

const maxPlaces = 5000
const maxSteps = 2_000_000
const emptyPiece: Piece = { first: [], last: [], isNullable: true }

/** The automaton of a regular expression: one place for each character it may take, and which may follow which. */
class Automaton {
  readonly sets: CharacterSet[] = []
  readonly follow: number[][] = []

  build(tree: RegexTree): Piece {
    switch (tree.type) {
      case 'empty':
      case 'start':
        return emptyPiece
      case 'lookahead':
        throw new PatternRefusal(
          'it looks ahead elsewhere than at its beginning, which may be repeated at every character',
        )
      case 'set':
        return this.#place(tree.set)
      case 'sequence':
        return tree.items.reduce((piece: Piece, item) => this.#join(piece, this.build(item)), emptyPiece)
      case 'choice':
        return this.#choice(tree.branches.map((branch) => this.build(branch)))
      case 'repeat':
        return this.#repeat(tree.body, tree.min, tree.max)
    }
  }

  #place(set: CharacterSet): Piece {
    const place = this.sets.push(set) - 1
    if (place >= maxPlaces) throw new PatternRefusal('it is too large')
    this.follow.push([])
    return { first: [place], last: [place], isNullable: false }
  }

  #join(one: Piece, next: Piece): Piece {
    this.#link(one.last, next.first)
    return {
      first: one.isNullable ? [...one.first, ...next.first] : one.first,
      last: next.isNullable ? [...one.last, ...next.last] : next.last,
      isNullable: one.isNullable && next.isNullable,
    }
  }

  #choice(pieces: readonly Piece[]): Piece {
    if (pieces.filter((piece) => piece.isNullable).length > 1)
      throw new PatternRefusal('it has two branches that match nothing')
    return {
      first: pieces.flatMap((piece) => piece.first),
      last: pieces.flatMap((piece) => piece.last),
      isNullable: pieces.some((piece) => piece.isNullable),
    }
  }

  #repeat(body: RegexTree, min: number, max: number): Piece {
    if (max === 0) return emptyPiece
    let piece = this.build(body)
    if (piece.isNullable && max > 1) throw new PatternRefusal('it repeats something that may match nothing')
    if (max === Infinity && min <= 1) return { ...this.#loop(piece), isNullable: min === 0 }
    // Repeated a counted number of times: as many copies, each inside the one before it.
    let lasts = min <= 1 ? piece.last : []
    let { last } = piece
    const copies = max === Infinity ? min : max
    for (let count = 2; count <= copies; count++) {
      const copy = this.build(body)
      this.#link(last, copy.first)
      last = copy.last
      if (count === copies && max === Infinity) this.#loop(copy)
      if (count >= min) lasts = [...lasts, ...last]
    }
    piece = { ...piece, last: lasts }
    return { ...piece, isNullable: piece.isNullable || min === 0 }
  }

  #loop(piece: Piece): Piece {
    this.#link(piece.last, piece.first)
    return piece
  }

  #link(lasts: readonly number[], firsts: readonly number[]): void {
    for (const last of lasts) {
      const follow = this.follow[last] ?? []
      for (const first of firsts) {
        if (follow.includes(first)) throw new PatternRefusal('it repeats something that is itself repeated')
        follow.push(first)
      }
    }
  }
}

/**
 * Refuses a regular expression that may match the same text in two ways. One that cannot takes no more steps than the
 * length of the text times its own size, however an engine backtracks: at each character every place of its automaton
 * is reached at most once. The test is careful: it also refuses some that are only slow by a constant.
 * @param search - matched anywhere in the text, not at its start only: then each place may be reached from each start
 * @throws {PatternRefusal}
 */
export function refuseAmbiguity(tree: RegexTree, search: boolean): void {
  const { rest, lookaheads } = splitLookaheads(tree)
  if (search && !startsAtStart(tree)) {
    if (lookaheads.length > 0) throw new PatternRefusal('it looks ahead at every character; begin it with ^')
    const anywhere: RegexTree = { type: 'repeat', body: { type: 'set', set: anySet }, min: 0, max: Infinity }
    searchPairs(
      { type: 'sequence', items: [anywhere, rest] },
      'it may be tried anew from every character; begin it with ^',
    )
    return
  }
  for (const body of lookaheads) refuseAmbiguity(body, false)
  searchPairs(rest, 'it can match the same text in two ways, which takes too long on some texts')
}

/** Looks ahead at the very beginning are made once; they are judged apart from what follows. */
function splitLookaheads(tree: RegexTree): { rest: RegexTree; lookaheads: RegexTree[] } {
  if (tree.type === 'lookahead') return { rest: { type: 'empty' }, lookaheads: [tree.body] }
  if (tree.type !== 'sequence') return { rest: tree, lookaheads: [] }
  const count = tree.items.findIndex((item) => item.type !== 'start' && item.type !== 'lookahead')
  const head = count === -1 ? tree.items : tree.items.slice(0, count)
  return {
    rest: { type: 'sequence', items: tree.items.slice(head.length) },
    lookaheads: head.flatMap((item) => (item.type === 'lookahead' ? [item.body] : [])),
  }
}

function startsAtStart(tree: RegexTree): boolean {
  if (tree.type === 'start') return true
  if (tree.type === 'choice') return tree.branches.every(startsAtStart)
  return tree.type === 'sequence' && tree.items[0] !== undefined && startsAtStart(tree.items[0])
}

/** Walks all pairs of ways that the same text can take. Two different ways must never meet in one place. */
function searchPairs(tree: RegexTree, why: string): void {
  const automaton = new Automaton()
  const { first } = automaton.build(tree)
  const size = automaton.sets.length
  const seen = new Set<number>()
  const open: [number, number][] = []
  let steps = 0
  const meet = (ones: readonly number[], others: readonly number[], isSame: boolean): void => {
    for (const one of ones) {
      for (const other of others) {
        if (++steps > maxSteps) throw new PatternRefusal('it is too large')
        if (!setsMeet(automaton.sets[one] ?? [], automaton.sets[other] ?? [])) continue
        if (one === other && !isSame) throw new PatternRefusal(why)
        const [low, high] = one < other ? [one, other] : [other, one]
        const pair = low * size + high
        if (seen.has(pair)) continue
        seen.add(pair)
        open.push([low, high])
      }
    }
  }
  meet(first, first, true)
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [one, other] = pair
    meet(automaton.follow[one] ?? [], automaton.follow[other] ?? [], one === other)
  }
}
