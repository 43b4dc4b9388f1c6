import { Agent, Kit } from '@parley/kit'
import { createServer } from '@parley/server'
import { createSystemClock, createSystemIds, type MediaEndpoint, type Socket } from '@parley/spec'
import { VoiceChannel, type CallSession, type VoiceChannelOptions } from '@parley/voice'
import { callMediaRoute, createTwilioEndpoint, createWebSocketMedia } from '@parley/voice/endpoints'
import { quietModel } from '../inbound/quiet-model.ts'
import { quietStt, quietTts } from './quiet-speech.ts'

/** A server of calls on loopback: memory store, one agent, engines that take no time. */
export interface CallHost extends AsyncDisposable {
  /** `ws://` address without a path. */
  readonly url: string
  readonly kit: Kit
  readonly channel: VoiceChannel
  /** Begins a call of an endpoint that is no socket's. */
  connect(endpoint: MediaEndpoint): Promise<void>
  /** Called with each call that begins. */
  onCall: (call: CallSession, endpoint: MediaEndpoint) => void
  /** What went wrong inside; a benchmark with errors measures something else. */
  readonly errors: unknown[]
}

/** Options of `openCallHost`. */
export interface CallHostOptions extends VoiceChannelOptions {
  /** What the agent says. @default 'all right' */
  line?: string
  /** Stands between the server and the socket of each browser call. */
  watch?: (socket: Socket) => Socket
}

/** Starts a server whose calls are answered at once. */
export async function openCallHost({ line = 'all right', watch, ...options }: CallHostOptions): Promise<CallHost> {
  const clock = createSystemClock()
  const ids = createSystemIds()
  const errors: unknown[] = []
  const kit = new Kit({ clock, ids })
  kit.hook('onError', ({ error }) => void errors.push(error))
  const channel = new VoiceChannel('voice', { stt: quietStt(), tts: quietTts(), ...options })
  kit.register(channel)
  kit.register(new Agent('desk', { model: quietModel(line), description: 'The desk.' }))
  const media = createWebSocketMedia({
    clock,
    ids,
    async authorize({ callId }) {
      const { id: roomId } = await kit.createRoom({ channels: ['desk'] })
      return { identity: callId, roomId, participantId: `caller-${callId}` }
    },
  })
  const route = callMediaRoute({
    media,
    onCall: async (endpoint) => begin(endpoint, endpoint.grant.roomId, endpoint.grant.participantId),
  })
  const twilio = createTwilioEndpoint({
    authToken: 'unused',
    publicUrl: 'http://127.0.0.1',
    verify: false,
    clock,
    // Hanging up asks Twilio, which is not there.
    fetch: async () => new Response(null, { status: 404 }),
  })
  const phone = twilio.socketRoute({
    onCall: connect,
  })
  const server = createServer({
    kit,
    clock,
    ids,
    limits: { connections: 10_000, connectionsPerAddress: 10_000 },
    sockets: [
      watch === undefined
        ? route
        : { ...route, connect: (connection) => route.connect({ ...connection, socket: watch(connection.socket) }) },
      phone,
    ],
  })
  const { url } = await server.listen({ port: 0 })
  const host: CallHost = {
    url: url.replace('http', 'ws'),
    kit,
    channel,
    errors,
    connect,
    onCall: () => {},
    async [Symbol.asyncDispose]() {
      await media.close()
      await server.close({ drainMs: 0 })
      await kit.close({ graceMs: 0 })
    },
  }
  return host

  async function connect(endpoint: MediaEndpoint): Promise<void> {
    const { id: roomId } = await kit.createRoom({ channels: ['desk'] })
    await begin(endpoint, roomId, 'caller')
  }

  async function begin(endpoint: MediaEndpoint, roomId: string, participantId: string): Promise<void> {
    const call = await channel.connect(endpoint, { roomId, participantId })
    host.onCall(call, endpoint)
  }
}
