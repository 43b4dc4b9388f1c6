import type { Json } from '@parley/spec'

/** A call that a model wrote as text instead of making it. */
export interface ToolCallText {
  name: string
  arguments: { [key: string]: Json }
}

/** A part of streamed text: what people may read, or what they may not. */
export type TextPart =
  | { type: 'text'; text: string }
  | { type: 'toolCall'; toolCall: ToolCallText; characters: number }
  /** `characters` is the length of what was left out. */
  | { type: 'hidden'; filter: 'toolCallText' | 'reasoning'; reason: string; characters: number }

/** Which kinds of text are looked for. */
export interface HiddenTextOptions {
  toolCallText: boolean
  reasoning: boolean
}

const maxHeld = 16_384
const tagNames = 'think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis'
const openTag = new RegExp(`^<(?:${tagNames})\\s*>`, 'iu')
const closeTag = new RegExp(`^</(?:${tagNames})\\s*>`, 'iu')
const anyTag = new RegExp(`<(/?)(?:${tagNames})\\s*>`, 'giu')
const startOfTag = /^<\/?[a-z]{0,12}\s{0,2}$/iu
const callStart = /^call:([A-Za-z_][\w.:-]{0,127})\s*(?=\{)/u
const startOfCall = /^c(?:a(?:l(?:l(?::(?:[A-Za-z_][\w.:-]{0,127}\s{0,2})?)?)?)?)?$/u

/** Takes reasoning and spoken tool calls out of streamed text; what it gives does not depend on the pieces that come. */
export function createHiddenTextFilter({ toolCallText, reasoning }: HiddenTextOptions): {
  push(text: string): TextPart[]
  end(): TextPart[]
} {
  let buffer = ''
  let lastChar = ''
  // Open reasoning tags, and how much of their text has gone by.
  let depth = 0
  let hidden = 0

  function takeText(parts: TextPart[], length: number): void {
    if (length === 0) return
    parts.push({ type: 'text', text: buffer.slice(0, length) })
    lastChar = buffer.charAt(length - 1)
    buffer = buffer.slice(length)
  }

  /** Leaves reasoning out up to the tag that closes it; `false` while that has not come. */
  function skipReasoning(parts: TextPart[]): boolean {
    anyTag.lastIndex = 0
    for (let tag = anyTag.exec(buffer); tag !== null; tag = anyTag.exec(buffer)) {
      depth += tag[1] === '/' ? -1 : 1
      if (depth > 0) continue
      hidden += anyTag.lastIndex
      buffer = buffer.slice(anyTag.lastIndex)
      parts.push({ type: 'hidden', filter: 'reasoning', reason: 'tag', characters: hidden })
      hidden = 0
      return true
    }
    // A tag may have begun at the end; tags that were counted must not be counted again.
    const lastOpen = buffer.lastIndexOf('<')
    const keep = lastOpen >= 0 && startOfTag.test(buffer.slice(lastOpen)) ? lastOpen : buffer.length
    hidden += keep
    buffer = buffer.slice(keep)
    return false
  }

  function drain(isEnd: boolean): TextPart[] {
    const parts: TextPart[] = []
    for (;;) {
      if (depth > 0 && !skipReasoning(parts)) break
      if (!scan(parts, isEnd)) break
    }
    return parts
  }

  /** Gives visible text up to the next hidden part and begins that; `false` when more has to come first. */
  function scan(parts: TextPart[], isEnd: boolean): boolean {
    for (let position = 0; position < buffer.length; position++) {
      const char = buffer.charAt(position)
      if (reasoning && char === '<') {
        const rest = buffer.slice(position, position + 24)
        const tag = openTag.exec(rest) ?? closeTag.exec(rest)
        if (tag !== null) {
          takeText(parts, position)
          buffer = buffer.slice(tag[0].length)
          if (tag[0].startsWith('</')) {
            parts.push({ type: 'hidden', filter: 'reasoning', reason: 'tag', characters: tag[0].length })
          } else {
            depth = 1
            hidden = tag[0].length
          }
          return true
        }
        if (!isEnd && startOfTag.test(rest)) return hold(parts, position)
      } else if (toolCallText && (char === '{' || char === '[' || (char === 'c' && !isWord(before(position))))) {
        const found = findCall(buffer.slice(position))
        if (found === null) continue
        if (found === 'open') {
          if (!isEnd && buffer.length - position <= maxHeld) return hold(parts, position)
          if (!isEnd || looksLikeJson(buffer.slice(position))) {
            takeText(parts, position)
            parts.push({ type: 'hidden', filter: 'toolCallText', reason: 'incomplete', characters: buffer.length })
            buffer = ''
            return false
          }
          continue
        }
        takeText(parts, position)
        buffer = buffer.slice(found.length)
        lastChar = '}'
        parts.push(
          found.toolCall === null
            ? { type: 'hidden', filter: 'toolCallText', reason: 'noName', characters: found.length }
            : { type: 'toolCall', toolCall: found.toolCall, characters: found.length },
        )
        return true
      }
    }
    takeText(parts, buffer.length)
    return false
  }

  function hold(parts: TextPart[], position: number): false {
    takeText(parts, position)
    return false
  }

  function before(position: number): string {
    return position === 0 ? lastChar : buffer.charAt(position - 1)
  }

  return {
    push(text) {
      buffer += text
      return drain(false)
    },
    end() {
      const parts = drain(true)
      if (depth > 0) {
        const characters = hidden + buffer.length
        parts.push({ type: 'hidden', filter: 'reasoning', reason: 'incomplete', characters })
      }
      buffer = ''
      lastChar = ''
      depth = 0
      hidden = 0
      return parts
    },
  }
}

function isWord(char: string): boolean {
  return /[\p{L}\p{N}_]/u.test(char)
}

function looksLikeJson(text: string): boolean {
  return /^(?:\[\s*)?\{\s*["}]|^call:[\w.:-]+\s*\{/u.test(text)
}

/** A call at the start of a text: whole, `open` if more has to come to tell, or `null`. */
function findCall(text: string): { length: number; toolCall: ToolCallText | null } | 'open' | null {
  const named = callStart.exec(text)
  if (named !== null) {
    const length = balancedLength(text, named[0].length)
    if (length === null) return 'open'
    const parsed = parseLoosely(text.slice(named[0].length, length))
    return { length, toolCall: isRecord(parsed) ? { name: lastName(named[1] ?? ''), arguments: parsed } : null }
  }
  if (text.startsWith('c')) return startOfCall.test(text) ? 'open' : null
  if (/^(?:\[\s*)?(?:\{\s*)?$/u.test(text)) return 'open'
  if (!/^(?:\[\s*)?\{\s*["}]/u.test(text)) return null
  const length = balancedLength(text, 0)
  if (length === null) return 'open'
  const parsed = parseJson(text.slice(0, length))
  if (parsed === undefined) return null
  return { length, toolCall: toCall(Array.isArray(parsed) ? parsed[0] : parsed) }
}

/** Where the brackets that open at `from` are closed again, not counting those in strings. */
function balancedLength(text: string, from: number): number | null {
  let depth = 0
  let isInString = false
  for (let position = from; position < text.length; position++) {
    const char = text.charAt(position)
    if (isInString) {
      if (char === '\\') position += 1
      else if (char === '"') isInString = false
    } else if (char === '"') isInString = true
    else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') {
      depth -= 1
      if (depth === 0) return position + 1
    }
  }
  return null
}

function parseJson(text: string): Json | undefined {
  try {
    // JSON.parse gives JSON and nothing else.
    return JSON.parse(text) as Json
  } catch {
    // Not JSON is an answer here, not a failure: the text is then people's to read.
    return undefined
  }
}

/** JSON, also with bare keys and bare values, as models write it that do not know better. */
function parseLoosely(text: string): Json | undefined {
  const strict = parseJson(text)
  if (strict !== undefined) return strict
  const keyed = text.replace(/([{,]\s*)([A-Za-z_]\w*)\s*:/gu, '$1"$2":').replace(/'([^'"]*)'/gu, '"$1"')
  const valued = keyed.replace(/:\s*([^\s"{[\]},][^"{[\]},]*?)\s*(?=[,}])/gu, (whole, value: string) =>
    parseJson(value) === undefined ? `:${JSON.stringify(value)}` : whole,
  )
  return parseJson(valued)
}

function isRecord(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The tool's own name: some models put the name of a library in front. */
function lastName(name: string): string {
  return name.split(/[.:]/u).at(-1) ?? name
}

function toCall(value: Json | undefined): ToolCallText | null {
  if (!isRecord(value)) return null
  const nested = [value['function'], value['tool_call'], value['toolCall']].find(isRecord)
  if (nested !== undefined) return toCall(nested)
  const name = [value['name'], value['tool'], value['tool_name'], value['function']].find(
    (each) => typeof each === 'string',
  )
  if (typeof name !== 'string' || name === '') return null
  const given = [value['arguments'], value['parameters'], value['args'], value['input']].find(
    (each) => each !== undefined,
  )
  const input = typeof given === 'string' ? parseJson(given) : given
  return { name: lastName(name), arguments: isRecord(input) ? input : {} }
}
