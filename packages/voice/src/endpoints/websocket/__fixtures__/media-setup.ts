import type { AudioFrame, CloseReason, EndpointHandlers } from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import { onTestFinished } from 'vitest'
import type { WebSocketMediaEndpoint } from '../call-media.ts'
import type { WebSocketMediaOptions } from '../media-options.ts'
import { createWebSocketMedia, type ConnectOutcome, type WebSocketMedia } from '../web-socket-media.ts'
import { hello, personEnd, type PersonEnd, type Said } from './person-end.ts'

/** What a call heard from its endpoint. */
export type Heard =
  | { type: 'frame'; position: number; length: number; atMs: number; isSilent: boolean }
  | { type: 'state'; state: string }
  | { type: 'close'; reason: CloseReason }
  | { type: 'other'; name: string; args: readonly unknown[] }

/** Handlers that write down. */
export function recorder(): { heard: Heard[]; handlers: EndpointHandlers } {
  const heard: Heard[] = []
  const other =
    (name: string) =>
    (...args: readonly unknown[]): void =>
      void heard.push({ type: 'other', name, args })
  return {
    heard,
    handlers: {
      onFrame({ samples, position }: AudioFrame, atMs) {
        heard.push({ type: 'frame', position, length: samples.length, atMs, isSilent: samples.every((one) => one === 0) })
      },
      onState: (state) => void heard.push({ type: 'state', state }),
      onClose: (reason) => void heard.push({ type: 'close', reason }),
      onDtmf: other('dtmf'),
      onMuted: other('muted'),
      onTalk: other('talk'),
      onText: other('text'),
      onTranscript: other('transcript'),
      onInterrupt: other('interrupt'),
      onConsent: other('consent'),
      onStats: other('stats'),
    },
  }
}

/** A media endpoint where tokens are the names of people; `nobody` is unknown, `other` may not. */
export interface MediaSetUp {
  clock: VirtualClock
  media: WebSocketMedia
  connect(person: PersonEnd, callId?: string): Promise<ConnectOutcome>
  /** A person with an open call. */
  open(options?: { say?: Partial<Extract<Said, { type: 'hello' }>> }): Promise<Opened>
}

/** An open call. */
export interface Opened {
  person: PersonEnd
  endpoint: WebSocketMediaEndpoint
  heard: Heard[]
  resumeToken: string
}

export function setUpMedia(options: Partial<WebSocketMediaOptions> = {}): MediaSetUp {
  const clock = createVirtualClock()
  const media = createWebSocketMedia({
    clock,
    ids: createSeededIds(3),
    authorize: async ({ token, callId }) => {
      if (token === undefined || token === 'nobody') return 'unauthorized'
      if (token === 'other') return 'forbidden'
      return { identity: token, roomId: `room-of-${callId}`, participantId: token }
    },
    ...options,
  })
  onTestFinished(() => media.close())
  const connect = (person: PersonEnd, callId = 'call-1'): Promise<ConnectOutcome> =>
    media.connect(person.socket, { callId })
  return {
    clock,
    media,
    connect,
    async open({ say = {} } = {}) {
      const person = personEnd()
      const connecting = connect(person)
      person.say({ ...hello, ...say })
      await clock.advance(0)
      const connected = await connecting
      if (connected.outcome !== 'started') throw new Error(`The call was ${connected.outcome}.`)
      const { heard, handlers } = recorder()
      await connected.endpoint.start(handlers)
      const resumeToken = person.ofType('welcome')[0]?.resumeToken ?? ''
      return { person, endpoint: connected.endpoint, heard, resumeToken }
    },
  }
}
