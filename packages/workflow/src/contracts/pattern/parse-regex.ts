import {
  anySet,
  dotSet,
  escapedSet,
  foldSet,
  invertSet,
  outerSet,
  propertySet,
  type CharacterSet,
} from './character-set.ts'
import { PatternRefusal, type RegexTree } from './regex-tree.ts'

/** A character or a class of them. */
interface ClassPart {
  set: CharacterSet
  isClass: boolean
  /** Whether the set may hold more than it should, so that its opposite would hold less. */
  isOpen?: boolean
}

/** Reads the source of a regular expression that an engine has accepted. */
class RegexParser {
  readonly #units: readonly string[]
  readonly #flags: string
  #at = 0

  constructor(source: string, flags: string) {
    // Without the flag `u` a pattern is a row of UTF-16 units.
    this.#units = flags.includes('u') ? Array.from(source) : source.split('')
    this.#flags = flags
  }

  parse(): RegexTree {
    const tree = this.#choice()
    if (this.#at < this.#units.length) throw new PatternRefusal('it cannot be read')
    return tree
  }

  #choice(): RegexTree {
    const branches = [this.#sequence()]
    while (this.#take('|')) branches.push(this.#sequence())
    const [only] = branches
    return branches.length === 1 && only !== undefined ? only : { type: 'choice', branches }
  }

  #sequence(): RegexTree {
    const items: RegexTree[] = []
    while (this.#at < this.#units.length && this.#peek() !== '|' && this.#peek() !== ')') {
      items.push(this.#quantified(this.#atom()))
    }
    return { type: 'sequence', items }
  }

  #atom(): RegexTree {
    const unit = this.#next()
    if (unit === '(') return this.#group()
    if (unit === '[') return this.#set(this.#class())
    if (unit === '.') return this.#set(this.#flags.includes('s') ? anySet : dotSet)
    if (unit === '^') return { type: this.#flags.includes('m') ? 'empty' : 'start' }
    if (unit === '$') return { type: 'empty' }
    if (unit === '\\') return this.#escape()
    return this.#set(single(unit))
  }

  #group(): RegexTree {
    let isLookahead = false
    if (this.#take('?')) {
      const kind = this.#next()
      if (kind === '=' || kind === '!') isLookahead = true
      else if (kind === '<') this.#name()
      else if (kind !== ':') throw new PatternRefusal(`it has a group of the kind "(?${kind}", which is not supported`)
    }
    const body = this.#choice()
    if (!this.#take(')')) throw new PatternRefusal('it cannot be read')
    return isLookahead ? { type: 'lookahead', body } : body
  }

  #name(): void {
    if (this.#peek() === '=' || this.#peek() === '!') throw new PatternRefusal('it looks behind itself')
    while (!this.#take('>')) this.#next()
  }

  #quantified(body: RegexTree): RegexTree {
    const bounds = this.#bounds()
    if (bounds === undefined) return body
    // A lazy quantifier tries the same ways in another order.
    this.#take('?')
    return { type: 'repeat', body, ...bounds }
  }

  #bounds(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity }
    if (this.#take('+')) return { min: 1, max: Infinity }
    if (this.#take('?')) return { min: 0, max: 1 }
    if (this.#peek() !== '{') return undefined
    const match = /^\{(\d{1,9})(,(\d{0,9}))?\}/.exec(this.#units.slice(this.#at, this.#at + 24).join(''))
    // Without the flag `u` a brace that bounds nothing is a brace.
    if (match === null) return undefined
    this.#at += match[0].length
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === '' ? Infinity : Number(match[3])
    return { min, max }
  }

  #escape(): RegexTree {
    const letter = this.#peek()
    if (letter === 'b' || letter === 'B') {
      this.#next()
      return { type: 'empty' }
    }
    if (letter === 'k' || (letter >= '1' && letter <= '9')) throw new PatternRefusal('it refers back to a group')
    return this.#set(this.#escapedCharacters().set)
  }

  /** What follows a backslash, in or out of a class. */
  #escapedCharacters(): ClassPart {
    const letter = this.#next()
    const named = escapedSet(letter)
    if (named !== undefined) return { set: named, isClass: true }
    if ((letter === 'p' || letter === 'P') && this.#flags.includes('u')) {
      const start = this.#at
      while (!this.#take('}')) this.#next()
      const name = this.#units.slice(start, this.#at).join('')
      return { set: propertySet(`\\${letter}${name}`), isClass: true, isOpen: true }
    }
    return { set: single(this.#escapedUnit(letter)), isClass: false }
  }

  #escapedUnit(letter: string): string {
    if (letter === 'x') return this.#hex(2) ?? 'x'
    if (letter === 'u') return this.#unicode()
    if (letter === 'c') return String.fromCharCode((this.#next().codePointAt(0) ?? 0) % 32)
    if (letter >= '0' && letter <= '9') {
      if (letter === '0' && !/^\d$/.test(this.#peek())) return '\0'
      throw new PatternRefusal('it has an octal escape; write \\x')
    }
    return { n: '\n', r: '\r', t: '\t', v: '\v', f: '\f' }[letter] ?? letter
  }

  #unicode(): string {
    if (this.#flags.includes('u') && this.#take('{')) {
      let digits = ''
      while (!this.#take('}')) digits += this.#next()
      return String.fromCodePoint(Number.parseInt(digits, 16))
    }
    const high = this.#hex(4)
    if (high === undefined) return 'u'
    const start = this.#at
    if (this.#flags.includes('u') && /^[\ud800-\udbff]$/.test(high) && this.#take('\\') && this.#take('u')) {
      const low = this.#hex(4)
      if (low !== undefined && /^[\udc00-\udfff]$/.test(low)) return high + low
    }
    this.#at = start
    return high
  }

  #hex(count: number): string | undefined {
    const digits = this.#units.slice(this.#at, this.#at + count).join('')
    if (digits.length !== count || !/^[0-9a-fA-F]+$/.test(digits)) return undefined
    this.#at += count
    return String.fromCharCode(Number.parseInt(digits, 16))
  }

  #class(): CharacterSet {
    const isInverted = this.#take('^')
    const ranges: (readonly [number, number])[] = []
    let isOpen = false
    while (!this.#take(']')) {
      const from = this.#classPart()
      isOpen ||= from.isOpen === true
      const start = this.#at
      if (!from.isClass && this.#take('-') && this.#peek() !== ']') {
        const to = this.#classPart()
        if (to.isClass) throw new PatternRefusal('it has a range that ends in a class')
        ranges.push([from.set[0]?.[0] ?? 0, to.set[0]?.[0] ?? 0])
      } else {
        this.#at = start
        ranges.push(...from.set)
      }
    }
    if (!isInverted) return ranges
    return isOpen ? [...invertSet(ranges), ...outerSet] : invertSet(ranges)
  }

  #classPart(): ClassPart {
    const unit = this.#next()
    if (unit !== '\\') return { set: single(unit), isClass: false }
    if (this.#take('b')) return { set: single('\b'), isClass: false }
    return this.#escapedCharacters()
  }

  #set(set: CharacterSet): RegexTree {
    return { type: 'set', set: this.#flags.includes('i') ? foldSet(set) : set }
  }

  #peek(): string {
    return this.#units[this.#at] ?? ''
  }

  #next(): string {
    const unit = this.#units[this.#at++]
    if (unit === undefined) throw new PatternRefusal('it cannot be read')
    return unit
  }

  #take(unit: string): boolean {
    if (this.#peek() !== unit || this.#at >= this.#units.length) return false
    this.#at++
    return true
  }
}

function single(unit: string): CharacterSet {
  const code = unit.codePointAt(0) ?? 0
  return [[code, code]]
}

/**
 * The tree of a regular expression that an engine has accepted.
 * @throws {PatternRefusal} for backreferences, lookbehind, octal escapes and kinds of groups that are not supported
 */
export function parseRegex(source: string, flags: string): RegexTree {
  return new RegexParser(source, flags).parse()
}
