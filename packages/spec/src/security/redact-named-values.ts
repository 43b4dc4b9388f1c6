import { REDACTED } from '../requests.ts'
import { endOfStructure } from './end-of-structure.ts'
import { REDACTED_KEY } from './redact-known-keys.ts'

/**
 * A name and what divides it from its value: `name=`, `"name": `, `\"name\":\"`, `x[name]=`, `Name: `, `"name" => "`.
 * Not `a::b`, `scheme://` and arrows of code. A name begins only where no name is before it, so each is read once.
 */
const head =
  /(?<![\w-])([\w-]+)(\\{0,8}["'`\]]{0,2})[ \t]{0,3}(={1,3}(?![=>])|:(?![:=]|\/\/)=?|:=|=>(?=[ \t]{0,3}\\{0,8}["']))[ \t]{0,3}/g

/** A value that follows one of these is divided from it by a space. */
const scheme = /(?:bearer|basic|digest|negotiate|token|apikey)[ \t]{1,4}/iy

/** Headers whose value goes on to the end of the line. */
const lineHeader = /^(?:proxy-)?authorization$|^(?:set-)?cookie2?$/i

/** Names of credentials only within a connection string; elsewhere they are a folder and a number. */
const connectionName = /^(?:pwd|accountkey)$/i

/** How a sentence about a field goes on: `token: expected str`. */
const sentenceWords: ReadonlySet<string> = new Set(
  (
    'a an any cannot empty expected failed has invalid is missing must no none not null optional required should the ' +
    'too undefined unexpected unknown was'
  ).split(' '),
)

/** `TokenError: ...` speaks of an error, not of a token. */
const errorName = /(?:error|exception|warning)$/i

/**
 * Replaces the values of sensitive names within a text, and leaves the names. Takes linear time: what was taken as a
 * value is not looked at again.
 */
export function redactNamedValues(text: string, isSensitive: (name: string) => boolean): string {
  let safe = ''
  let done = 0
  for (const found of text.matchAll(head)) {
    const [whole, name = '', quote = '', divider = ''] = found
    if (found.index < done) continue
    const inConnection =
      connectionName.test(name) && /;\s?$/.test(text.slice(Math.max(0, found.index - 2), found.index))
    if (!inConnection && !isSensitive(name)) continue
    if (quote === '' && divider === ':' && errorName.test(name)) continue
    const start = startOfValue(text, found.index + whole.length, quote)
    const isHeader = quote === '' && lineHeader.test(name)
    const stops = !isHeader ? plainStops : divider === ':' ? lineStops : headerStops
    const { from, to } = valueAt(text, start, stops)
    const value = text.slice(from, to)
    if (quote === '' && divider === ':' && sentenceWords.has(value.toLowerCase())) continue
    if (value === '' || value === REDACTED || value === REDACTED_KEY) continue
    safe += text.slice(done, from) + REDACTED
    done = to
  }
  return safe + text.slice(done)
}

const plainStops = ' \t\r\n&,;"}'
const headerStops = '\r\n&;"'
const lineStops = '\r\n'

/** Behind a quoted name the value may stand on the next line; behind a plain one the next line is something else. */
function startOfValue(text: string, start: number, quote: string): number {
  let at = start
  while (quote !== '' && /\s/.test(text[at] ?? '')) at++
  return at
}

interface Place {
  from: number
  to: number
}

function valueAt(text: string, start: number, stops: string): Place {
  let opening = start
  while (text[opening] === '\\') opening++
  const quote = text[opening]
  if (quote === '"' || quote === "'" || quote === '`') {
    return { from: opening + 1, to: endOfQuoted(text, opening + 1, { quote, escapes: opening - start }) }
  }
  const isMark = text.startsWith(REDACTED, start) || text.startsWith(REDACTED_KEY, start)
  if (!isMark && (text[start] === '{' || text[start] === '[')) {
    // What follows without a space belongs to it, as it does to a mark.
    return { from: start, to: endOfPlain(text, endOfStructure(text, start), stops) }
  }
  scheme.lastIndex = start
  const from = scheme.test(text) ? scheme.lastIndex : start
  // With a scheme the whole is taken: what follows it may be a mark already.
  return { from: start, to: endOfPlain(text, from, stops) }
}

function endOfPlain(text: string, start: number, stops: string): number {
  let at = start
  while (at < text.length && !stops.includes(text[at] ?? '')) {
    // The backslash of `\"` belongs to the quote that ends the text around.
    if (text[at] === '\\' && text[at + 1] === '"' && stops.includes('"')) break
    at++
  }
  return at
}

/** A quote within a text that is itself quoted `escapes` deep has more backslashes than the one that ends it. */
function endOfQuoted(text: string, start: number, { quote, escapes }: { quote: string; escapes: number }): number {
  let backslashes = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (char === '\n' || char === '\r') return at
    if (char === quote && (escapes === 0 ? backslashes % 2 === 0 : backslashes <= escapes))
      return at - Math.min(escapes, backslashes)
    backslashes = char === '\\' ? backslashes + 1 : 0
  }
  return text.length
}
