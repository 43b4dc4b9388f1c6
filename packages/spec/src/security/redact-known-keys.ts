/** What stands in a text for a key that is known by its form. */
export const REDACTED_KEY = '[REDACTED_KEY]'

// Without an end the block goes on to the end of the text: half a private key is one too.
const pemBlock = /-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g

// The look behind lets a run begin only at its first character, so that each is read once.
const dottedRun = /(?<![\w-])[\w-]+(?:\.[\w-]*)+/g
const run = /[\w-]{6,}/g

const jsonWebToken = /(?<![A-Za-z0-9])eyJ/

/** Forms that are hardly anything else may follow `_` or `-`; forms that are also words of names may not. */
const keyPrefix =
  /(?<![A-Za-z0-9])(?:sk-|gsk_|prl_|gh[opsur]_|github_pat_|xox[a-z]-|AKIA|ASIA|AIza)|(?<![\w-])(?:key-|kr-|[prs]k_)/g

/**
 * Replaces keys that are known by their form: PEM blocks, JSON Web Tokens, and the prefixes of well-known issuers.
 * Takes linear time.
 */
export function redactKnownKeys(text: string): string {
  let safe = text
  if (safe.includes('-----BEGIN ')) safe = safe.replace(pemBlock, REDACTED_KEY)
  if (safe.includes('eyJ')) safe = safe.replace(dottedRun, inRun(redactDotted))
  return safe.replace(run, inRun(redactPrefixed))
}

/** What an escape leaves at the head of a run (`%20sk-`, `\nsk-`) is no part of a key. */
function inRun(redact: (run: string) => string): (run: string, offset: number, text: string) => string {
  return (whole, offset, text) => {
    const before = text[offset - 1]
    const isEscape = (before === '%' && /^[\dA-Fa-f]{2}/.test(whole)) || (before === '\\' && /^[nrt]/.test(whole))
    const skipped = isEscape ? (before === '%' ? 2 : 1) : 0
    return whole.slice(0, skipped) + redact(whole.slice(skipped))
  }
}

function redactDotted(dotted: string): string {
  const parts = dotted.split('.')
  for (const [index, part] of parts.entries()) {
    const start = part.search(jsonWebToken)
    if (start < 0 || part.length - start < 8 || (parts[index + 1] ?? '').length < 4) continue
    const kept = [...parts.slice(0, index), part.slice(0, start)].join('.')
    return `${kept}${REDACTED_KEY}${dotted.endsWith('.') ? '.' : ''}`
  }
  return dotted
}

function redactPrefixed(text: string): string {
  let lastDigit = text.length - 1
  while (lastDigit >= 0 && !isDigit(text.charCodeAt(lastDigit))) lastDigit--
  for (const found of text.matchAll(keyPrefix)) {
    const bodyStart = found.index + found[0].length
    const bodyLength = text.length - bodyStart
    const isKey = found[0] === 'sk-' ? bodyLength >= 3 : bodyLength >= 6 && lastDigit >= bodyStart
    if (isKey) return text.slice(0, found.index) + REDACTED_KEY
  }
  return text
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
