import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** What Twilio signed. */
export interface SignedRequest {
  authToken: string
  /** The configured public address, without query. */
  address: string
  /** What follows the path, with its question mark; part of what is signed. @default '' */
  query?: string
  /** Fields of a form body. */
  params?: readonly (readonly [string, string])[]
  /** A JSON body, whose hash stands in the query. */
  body?: string
  /** Value of `x-twilio-signature`. */
  signature: string
}

/**
 * Whether a request is Twilio's. Twilio may write the address with `wss` or `https`, with or without the default port and
 * a slash at the end: all these forms of the configured address are tried, each in constant time; nothing is taken from
 * the request's own headers.
 */
export function isSignedByTwilio({
  authToken,
  address,
  query = '',
  params = [],
  body,
  signature,
}: SignedRequest): boolean {
  const given = Buffer.from(signature, 'base64')
  let isSigned = false
  for (const form of formsOf(address)) {
    const expected = sign(authToken, `${form}${query}`, params)
    // All forms are tried to the end: which of them fits is nobody's to measure.
    if (given.length === expected.length && timingSafeEqual(given, expected)) isSigned = true
  }
  return isSigned && hasSameHash(query, body)
}

function sign(authToken: string, url: string, params: readonly (readonly [string, string])[]): Buffer {
  const sorted = params.toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
  const text = url + sorted.map(([name, value]) => `${name}${value}`).join('')
  return createHmac('sha1', authToken).update(text, 'utf8').digest()
}

function hasSameHash(query: string, body: string | undefined): boolean {
  const stated = new URLSearchParams(query).get('bodySHA256')
  if (stated === null) return true
  const given = Buffer.from(stated.toLowerCase(), 'utf8')
  const expected = Buffer.from(
    createHash('sha256')
      .update(body ?? '', 'utf8')
      .digest('hex'),
    'utf8',
  )
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function formsOf(address: string): string[] {
  const { protocol, hostname, port, pathname } = new URL(address)
  const isSecure = protocol === 'https:' || protocol === 'wss:'
  const schemes = isSecure ? ['wss', 'https'] : ['ws', 'http']
  const ports = ['', `:${port === '' ? (isSecure ? 443 : 80) : port}`]
  const bare = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname
  return schemes.flatMap((scheme) =>
    ports.flatMap((shown) => [bare, `${bare}/`].map((path) => `${scheme}://${hostname}${shown}${path}`)),
  )
}
