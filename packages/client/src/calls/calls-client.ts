import {
  checkOptions,
  ParleyError,
  type Clock,
  type IdSource,
  type LiveCallInfo,
  type ParticipantId,
  type RoomId,
  type SocketFactory,
} from '@parley/spec'
import { isObject, type HttpClient } from '../http-client.ts'
import type { CallOptions } from '../rooms-client.ts'
import { createBrowserDevices, type WorkletAddresses } from './browser-devices.ts'
import { createBrowserRecognizer } from './browser-recognizer.ts'
import type { CallDevices } from './call-devices.ts'
import type { CallCaption, CallState, CallUpdate, ClientCall } from './client-call.ts'
import { startCall, type CallRecognizer } from './start-call.ts'

/** What the server is asked for a call. */
export interface OpenCallInput {
  roomId: RoomId
  agentId?: string
  participantId?: ParticipantId
  language?: string
  recording?: boolean
  /** Joins the room's live call as somebody of the desk. @default a call of one's own */
  mode?: 'takeover' | 'monitor' | 'whisperAgent' | 'whisperHuman' | 'barge'
}

/** A call the server has prepared. */
export interface OpenedCall {
  callId: string
  /** Opens this call alone. */
  token: string
  /** The media's address. @default `/v1/calls/{callId}/media` of the server */
  url?: string
}

/** How a call is made. */
export interface CallStartOptions extends OpenCallInput {
  /** Without, the person types. @default true */
  microphone?: boolean
  /** Without, the person reads. @default true */
  speaker?: boolean
  microphoneId?: string
  speakerId?: string
  /** `browser`: the page's own recognition sends words. @default the server recognizes */
  recognition?: 'browser' | CallRecognizer
  /** Goes on with a call of another page. @default false */
  takeover?: boolean
  /** Prepares the call. @default `POST /v1/rooms/{roomId}/calls` */
  openCall?(input: OpenCallInput): Promise<OpenedCall>
  /** Where the page serves the audio worklets. @default beside this module, as the package is built */
  worklets?: WorkletAddresses
  /** @default the page's devices */
  devices?: CallDevices
  /** Ends the call. */
  signal?: AbortSignal
  onCaption?(caption: CallCaption): void
  onState?(state: CallState): void
  onStatus?(update: Extract<CallUpdate, { type: 'status' }>): void
  /** Everything, from the first update on. */
  onUpdate?(update: CallUpdate): void
}

/** Calls with a microphone and a speaker. */
export interface CallsClient {
  /** The live calls of the server, for who may see its rooms. @throws {ParleyError} what the server answered */
  list(o?: CallOptions): Promise<LiveCallInfo[]>
  /**
   * Calls a room's agent; resolves when the call is live. Start it in a click, so that the page may make sound.
   * @throws {ParleyError} `media_device_failed`, `connection_lost`, `media_auth_failed`, or what the server answered
   */
  start(options: CallStartOptions): Promise<ClientCall>
}

const known = [
  'roomId',
  'agentId',
  'participantId',
  'language',
  'recording',
  'mode',
  'microphone',
  'speaker',
  'microphoneId',
  'speakerId',
  'recognition',
  'takeover',
  'openCall',
  'worklets',
  'devices',
  'signal',
  'onCaption',
  'onState',
  'onStatus',
  'onUpdate',
]

/** Makes the calls of one client. */
export function createCallsClient({
  http,
  baseUrl,
  openSocket,
  clock,
  ids,
}: {
  http: HttpClient
  baseUrl: string
  openSocket: SocketFactory
  clock: Clock
  ids: IdSource
}): CallsClient {
  return {
    async list(o) {
      // The server answers with what its document says, and both are of one release.
      return ((await http.request({ path: '/v1/calls', ...o })) as unknown as { calls: LiveCallInfo[] }).calls
    },
    async start(options) {
      checkOptions('calls.start', options, known)
      const { roomId, agentId, participantId, language, recording, mode } = options
      const input: OpenCallInput = {
        roomId,
        ...(agentId === undefined ? {} : { agentId }),
        ...(participantId === undefined ? {} : { participantId }),
        ...(language === undefined ? {} : { language }),
        ...(recording === undefined ? {} : { recording }),
        ...(mode === undefined ? {} : { mode }),
      }
      const { callId, token, url } = await (options.openCall ?? ((asked) => openByHttp(http, asked)))(input)
      return startCall({
        url: url ?? `${baseUrl.replace(/^http/, 'ws')}/v1/calls/${encodeURIComponent(callId)}/media`,
        callId,
        getToken: () => token,
        devices: options.devices ?? createBrowserDevices(options.worklets),
        hasMicrophone: options.microphone ?? true,
        hasSpeaker: options.speaker ?? true,
        microphoneId: options.microphoneId,
        speakerId: options.speakerId,
        recognizer: recognizerOf(options, ids),
        language,
        takeover: options.takeover ?? false,
        signal: options.signal,
        openSocket,
        clock,
        ids,
        listen(updates) {
          const { onCaption, onState, onStatus, onUpdate } = options
          if (onCaption !== undefined) updates.on('caption', onCaption)
          if (onState !== undefined) updates.on('state', onState)
          if (onStatus !== undefined) updates.on('status', onStatus)
          if (onUpdate !== undefined) updates.on('*', onUpdate)
        },
      })
    },
  }
}

function recognizerOf({ recognition, language }: CallStartOptions, ids: IdSource): CallRecognizer | undefined {
  return recognition === 'browser' ? createBrowserRecognizer({ language, ids }) : recognition
}

async function openByHttp(http: HttpClient, { roomId, ...body }: OpenCallInput): Promise<OpenedCall> {
  const answer = await http.request({ method: 'POST', path: `/v1/rooms/${encodeURIComponent(roomId)}/calls`, body })
  const { callId, token } = isObject(answer) ? answer : {}
  if (typeof callId === 'string' && typeof token === 'string') return { callId, token }
  throw new ParleyError({
    code: 'internal_error',
    message: 'The server opened the call and did not say which. Use a server of this version.',
  })
}
