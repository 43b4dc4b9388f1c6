import {
  createSocketFrames,
  encodeCallFrame,
  parseCallFrame,
  parseServerCallMessage,
  writeCallMessage,
  type CallFrame,
  type ClientCallMessage,
  type ServerCallMessage,
  type Socket,
} from '@parley/spec'

/** What a person's end got, in order. */
export type Got = { message: ServerCallMessage } | { frame: CallFrame }

/** A message without its number. */
export type Said = ClientCallMessage extends infer Message
  ? Message extends ClientCallMessage
    ? Omit<Message, 'v' | 'seq'> & { seq?: number }
    : never
  : never

/** The person's side of a socket, said and read by the test. */
export interface PersonEnd {
  readonly socket: Socket
  readonly got: Got[]
  readonly messages: ServerCallMessage[]
  readonly frames: CallFrame[]
  readonly closedWith: number | undefined
  bufferedAmount: number
  /** Writes a numbered message; connection messages get 0. */
  say(message: Said): void
  sayText(text: string): void
  sayBytes(bytes: Uint8Array): void
  sound(frame?: Partial<CallFrame>): void
  /** The network drops. */
  drop(): void
  ofType<Type extends ServerCallMessage['type']>(type: Type): Extract<ServerCallMessage, { type: Type }>[]
}

const unnumbered = new Set<string>(['hello', 'ping', 'ack'])

export const hello = {
  type: 'hello',
  versions: [1],
  token: 'ada',
  audio: { up: { codec: 'pcm16', rate: 16_000, frameMs: 20 }, down: { codec: 'pcm16', rate: 24_000 } },
  capabilities: { played: true, pause: true, aec: true, recognition: false, opus: false },
  client: { name: 'test', version: '1' },
} satisfies Said

/** Makes one end of a socket; `seq` goes on from what was said before a loss. */
export function personEnd({ seq = 0 }: { seq?: number } = {}): PersonEnd {
  const got: Got[] = []
  const incoming = createSocketFrames()
  let closedWith: number | undefined
  let said = seq
  let position = 0
  let sequence = 0
  const closed = Promise.withResolvers<{ code: number; reason: string; clean: boolean }>()
  const end = (code: number): void => {
    if (closedWith !== undefined) return
    closedWith = code
    closed.resolve({ code, reason: '', clean: code !== 1006 })
    incoming.end()
  }
  const end1: PersonEnd = {
    got,
    bufferedAmount: 0,
    socket: {
      send(data) {
        if (closedWith !== undefined) return
        if (typeof data !== 'string') {
          const frame = parseCallFrame(data.slice())
          if (frame === undefined) throw new Error('The endpoint sent a frame that cannot be read.')
          got.push({ frame })
          return
        }
        const result = parseServerCallMessage(data)
        if (!result.ok) throw new Error(`The endpoint sent what its own schema refuses: ${data}`)
        got.push({ message: result.message })
      },
      get bufferedAmount() {
        return end1.bufferedAmount
      },
      ping() {},
      close: (code = 1005) => end(code),
      frames: incoming.frames,
      closed: closed.promise,
    },
    get messages() {
      return got.flatMap((one) => ('message' in one ? [one.message] : []))
    },
    get frames() {
      return got.flatMap((one) => ('frame' in one ? [one.frame] : []))
    },
    get closedWith() {
      return closedWith
    },
    say(message) {
      const number = message.seq ?? (unnumbered.has(message.type) ? 0 : ++said)
      // A message of the test with its number.
      incoming.push(writeCallMessage({ v: 1, ...message, seq: number } as ClientCallMessage))
    },
    sayText: incoming.push,
    sayBytes: incoming.push,
    sound(frame = {}) {
      const samples = 320
      const payload = frame.payload ?? new Uint8Array(samples * 2).fill(1)
      const base = { codec: 'pcm16', rate: 16_000, gap: false, last: false, priority: false, epoch: 0 } as const
      incoming.push(encodeCallFrame({ ...base, sequence: sequence++, position, payload, ...frame }))
      position = (frame.position ?? position) + samples
    },
    drop: () => end(1006),
    ofType(type) {
      // Filtered by that very type.
      return end1.messages.filter((message) => message.type === type) as never
    },
  }
  return end1
}
