import type { Json } from './json.ts'

/** One thing that crossed the wire, without credentials. */
export type WireRecord =
  | { type: 'request'; path: string; body: Json }
  | { type: 'response'; status: number }
  /** A server-sent event. */
  | { type: 'event'; event?: string; data: string }
  /** A body that is no stream of events. */
  | { type: 'body'; data: string }
  | { type: 'end' }

/** Fields that hold words of people or models however deep: the arguments of a call and its result as values. */
const wordTrees: ReadonlySet<string> = new Set(['args', 'response'])

/** Fields whose strings are words of people or models. */
const wordFields: ReadonlySet<string> = new Set([
  'arguments',
  'content',
  'data',
  'delta',
  'description',
  'encrypted_content',
  'fileUri',
  'file_data',
  'file_url',
  'filename',
  'image_url',
  'input',
  'instructions',
  'message',
  'output',
  'output_text',
  'reasoning',
  'reasoning_content',
  'refusal',
  'schema',
  'summary',
  'system',
  'text',
  'thoughtSignature',
  'url',
])

/**
 * A `fetch` that tells a sink what crosses the wire: paths, bodies, statuses, events. Headers are left out, so no key is
 * told. Unless `keepsText`, words are replaced by as many `x`, so lengths and splits stay.
 */
export function recordingFetch(
  fetch: typeof globalThis.fetch,
  sink: (record: WireRecord) => void,
  { keepsText }: { keepsText: boolean },
): typeof globalThis.fetch {
  const clean = (text: string): string => (keepsText ? text : maskJson(text))
  return async (input, init) => {
    const address = input instanceof Request ? input.url : String(input)
    const body = typeof init?.body === 'string' ? (parse(clean(init.body)) ?? null) : null
    sink({ type: 'request', path: new URL(address).pathname, body })
    const response = await fetch(input, init)
    sink({ type: 'response', status: response.status })
    if (!response.body) return response
    const isStream = response.headers.get('content-type')?.includes('text/event-stream') === true
    return new Response(response.body.pipeThrough(listen(isStream, clean, sink)), response)
  }
}

/** Passes bytes on as they come and tells of each whole event. */
function listen(
  isStream: boolean,
  clean: (text: string) => string,
  sink: (record: WireRecord) => void,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const decoder = new TextDecoder()
  let rest = ''
  const tell = (): void => {
    const blocks = rest.split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = block.split(/\r?\n/)
      const data = fields.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart())
      const event = fields
        .find((line) => line.startsWith('event:'))
        ?.slice(6)
        .trim()
      if (data.length > 0)
        sink({ type: 'event', ...(event === undefined ? {} : { event }), data: clean(data.join('\n')) })
    }
  }
  // Types of browsers do not list `cancel` yet; it is in the standard.
  const listener: Transformer<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> & { cancel: () => void } = {
    transform(chunk, controller) {
      rest += decoder.decode(chunk, { stream: true })
      if (isStream) tell()
      controller.enqueue(chunk)
    },
    flush() {
      if (!isStream) sink({ type: 'body', data: clean(rest) })
      sink({ type: 'end' })
    },
    cancel() {
      sink({ type: 'end' })
    },
  }
  return new TransformStream(listener)
}

function maskJson(text: string): string {
  const value = parse(text)
  // What is no JSON cannot be told apart: all of it counts as words, but for the end mark.
  if (value === undefined) return text === '[DONE]' ? text : mask(text)
  return JSON.stringify(maskWords(value, 'none'))
}

/** Which strings under a field are words. */
type Words = 'none' | 'own' | 'all'

function maskWords(value: Json, words: Words): Json {
  if (typeof value === 'string') return words === 'none' ? value : mask(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((entry) => maskWords(entry, words))
  const under = (key: string): Words => {
    if (words === 'all' || wordTrees.has(key)) return 'all'
    return wordFields.has(key) ? 'own' : 'none'
  }
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, maskWords(entry, under(key))]))
}

function mask(text: string): string {
  return text.replaceAll(/\S/gu, 'x')
}

function parse(text: string): Json | undefined {
  try {
    // JSON.parse gives JSON.
    return JSON.parse(text) as Json
  } catch {
    // Bodies of proxies may be anything.
    return undefined
  }
}
