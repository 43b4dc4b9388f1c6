import { REDACTED } from '../requests.ts'
import { redactKnownKeys } from './redact-known-keys.ts'
import { redactNamedValues } from './redact-named-values.ts'
import { isSensitiveKey, type SensitiveKeyOptions } from './sensitive-key.ts'

// Before the first slash anything up to the last `@` is user info.
const userInfo = /(:\/\/)[^\s/?#"'<>\\]*@/g
// A password that holds a slash. `host:8080/` is no password.
const slashedUserInfo = /(:\/\/)[^\s/?#@:"'<>\\]{0,256}:(?!\d{1,5}[/?#])[^\s@"'<>\\]{1,256}@/g

const bearer = /\b(bearer)([ \t]{1,4}|%20)([\w.~+/=:-]+)/gi
const basic = /\b(basic)([ \t]{1,4}|%20)([A-Za-z0-9+/]{6,}={0,2})(?![\w=".-])/gi

/** What follows "bearer" in sentences. */
const bearerWords: ReadonlySet<string> = new Set(
  (
    'a and auth authentication authorization challenge credentials for format from header headers in is key keys ' +
    'missing must not of or realm required scheme schema security should the to token tokens type was with without'
  ).split(' '),
)

/**
 * Takes credentials out of a text: keys known by their form become `[REDACTED_KEY]`; values of sensitive names,
 * credentials of `authorization` headers and user info of URLs become `[REDACTED]`. Everything else stays as it is, and
 * a second pass changes nothing. Takes linear time.
 */
export function redactText(text: string, options: SensitiveKeyOptions = {}): string {
  return redactTextWith(text, (name) => isSensitiveKey(name, options))
}

/** As `redactText`, with a rule for names that the caller has. */
export function redactTextWith(text: string, isSensitive: (name: string) => boolean): string {
  let safe = redactKnownKeys(text)
  safe = withoutUserInfo(safe)
  // A value that is gone may have hidden that what is around it is user info.
  if (/[=:]/.test(safe)) safe = withoutUserInfo(redactNamedValues(safe, isSensitive))
  return safe.replace(bearer, withoutBearer).replace(basic, withoutBasic)
}

/** The plain form comes again, since it takes what the other leaves before a second `@`. */
function withoutUserInfo(text: string): string {
  if (!text.includes('://')) return text
  const mark = `$1${REDACTED}@`
  return text.replace(userInfo, mark).replace(slashedUserInfo, mark).replace(userInfo, mark)
}

function withoutBearer(whole: string, word: string, space: string, value: string): string {
  return bearerWords.has(value.toLowerCase().replace(/[.:/=]{1,3}$/, '')) ? whole : word + space + REDACTED
}

/** "Basic" stands before many words, and no word looks like Base64: a digit, a sign, or capitals after small letters. */
function withoutBasic(whole: string, word: string, space: string, value: string): string {
  return /[\d+/=]|[a-z][A-Z]/.test(value) ? word + space + REDACTED : whole
}
