import type { CallCodec, CallRate, ClientCallMessage, EndpointInfo } from '@parley/spec'

type Hello = Extract<ClientCallMessage, { type: 'hello' }>

/** How sound travels in a call, as `welcome` says it. */
export interface CallAudio {
  up: { codec: CallCodec; rate: CallRate; frameMs: number }
  down: { codec: CallCodec; rate: CallRate }
}

/** What may wait at the person's end beyond its own buffer of 60 ms. */
const farBufferMs = 200

/** Takes what was asked for, except Opus, which this endpoint does not speak: linear then. */
export function negotiateAudio({ up, down }: Hello['audio']): CallAudio {
  const spoken = (codec: CallCodec): CallCodec => (codec === 'opus' ? 'pcm16' : codec)
  return {
    up: { ...up, codec: spoken(up.codec) },
    down: { ...down, codec: spoken(down.codec) },
  }
}

/** What a call may count on at a person's end that introduced itself so. */
export function endpointInfo({ id, audio, hello }: { id: string; audio: CallAudio; hello: Hello }): EndpointInfo {
  const { aec, pause, played, microphone } = hello.capabilities
  const encodingOf = (codec: CallCodec): 'pcm16' | 'pcmu' | 'pcma' => (codec === 'opus' ? 'pcm16' : codec)
  return {
    id,
    kind: 'websocket',
    direction: 'inbound',
    inputFormat: { encoding: encodingOf(audio.up.codec), sampleRateHz: audio.up.rate, channels: 1 },
    outputFormat: { encoding: encodingOf(audio.down.codec), sampleRateHz: audio.down.rate, channels: 1 },
    echo: aec ? 'client' : 'none',
    farBufferMs,
    capabilities: {
      clear: true,
      pause: pause ? 'native' : 'rewind',
      played: played ? 'report' : 'clock',
      dtmfOut: false,
    },
    ...(microphone === false ? { withoutAudio: true } : {}),
  }
}
