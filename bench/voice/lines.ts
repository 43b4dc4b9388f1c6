import { encodePcmu, PCMU_SILENCE } from '@parley/audio'
import { callProtocol, encodeCallFrame, parseCallFrame, parseServerCallMessage, writeCallMessage } from '@parley/spec'
import { WebSocket } from 'ws'

/** One end of a call, as the person's device has it. */
export interface Line {
  /** 20 ms at 16 kHz. */
  send(samples: Int16Array): void
  /** Sound of the agent came; told once per frame. */
  onSound: (isSilent: boolean) => void
  /** Nothing more of what came before is to be played. */
  onClear: () => void
  /** Everything of an answer has been played. */
  onPlayed: () => void
  /** Cut: without a word. */
  end(isCut: boolean): Promise<void>
}

/** A browser that calls. @throws {Error} when the socket ends before it is welcome */
export async function openBrowserLine(url: string, id: string): Promise<Line> {
  const socket = new WebSocket(`${url}/v1/calls/call-${id}/media`, callProtocol, { perMessageDeflate: false })
  socket.binaryType = 'nodebuffer'
  let sequence = 0
  let position = 0
  let said = 0
  let heard: { epoch: number; utteranceId: string; frames: number } | undefined
  let utteranceId = ''
  const welcome = Promise.withResolvers<void>()
  const say = (message: Record<string, unknown>, seq: number): void =>
    // A message of the wire, as callWire has it.
    socket.send(writeCallMessage({ v: 1, seq, ...message } as Parameters<typeof writeCallMessage>[0]))
  const report = (done: boolean): void => {
    if (heard === undefined || socket.readyState !== socket.OPEN) return
    const { epoch, utteranceId: id, frames } = heard
    say(
      { type: 'played', epoch, utteranceId: id, positionMs: frames * 20, bufferedMs: 0, ...(done ? { done } : {}) },
      ++said,
    )
  }
  const line: Line = {
    onSound: () => {},
    onClear: () => {},
    onPlayed: () => {},
    send(samples) {
      if (socket.readyState !== socket.OPEN) return
      const payload = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
      const base = { codec: 'pcm16', rate: 16_000, gap: false, last: false, priority: false, epoch: 0 } as const
      socket.send(encodeCallFrame({ ...base, sequence: sequence++, position, payload }))
      position += samples.length
    },
    async end(isCut) {
      if (isCut) return socket.terminate()
      say({ type: 'hangup' }, ++said)
      await new Promise((resolve) => socket.once('close', resolve))
    },
  }
  socket.on('open', () =>
    say(
      {
        type: 'hello',
        versions: [1],
        token: id,
        audio: { up: { codec: 'pcm16', rate: 16_000, frameMs: 20 }, down: { codec: 'pcm16', rate: 24_000 } },
        capabilities: { played: true, pause: true, aec: true, recognition: false, opus: false },
        client: { name: 'bench', version: '1' },
      },
      0,
    ),
  )
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) {
      const frame = parseCallFrame(data)
      if (frame === undefined) return
      line.onSound(isSilentPcm(frame.payload))
      if (heard?.epoch !== frame.epoch || heard.utteranceId !== utteranceId)
        heard = { epoch: frame.epoch, utteranceId, frames: 0 }
      heard.frames += 1
      if (heard.frames % 5 === 0) report(false)
      if (frame.last) {
        setTimeout(() => {
          report(true)
          line.onPlayed()
        }, 60)
      }
      return
    }
    const result = parseServerCallMessage(data.toString())
    if (!result.ok) return
    const { message } = result
    if (message.type === 'welcome') welcome.resolve()
    else if (message.type === 'segment') utteranceId = message.utteranceId
    else if (message.type === 'clear') {
      line.onClear()
      heard = undefined
      say({ type: 'cleared', epoch: message.epoch, positionMs: 0 }, ++said)
    }
  })
  socket.on('error', (error) => welcome.reject(error))
  socket.on('close', (code) => welcome.reject(new Error(`A call ended with ${code}.`)))
  await welcome.promise
  return line
}

/** Somebody on the phone, as Twilio passes them on. */
export async function openPhoneLine(url: string, id: string): Promise<Line> {
  const socket = new WebSocket(`${url}/v1/twilio/media`, { perMessageDeflate: false })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const streamSid = `MZ${id}`
  let sequence = 1
  let chunk = 0
  /** When what was sent will have been played. */
  let playedAtMs = 0
  const say = (message: object): void =>
    socket.send(JSON.stringify({ ...message, sequenceNumber: String(sequence++), streamSid }))
  const line: Line = {
    onSound: () => {},
    onClear: () => {},
    onPlayed: () => {},
    send(samples) {
      if (socket.readyState !== socket.OPEN) return
      const half = Int16Array.from({ length: samples.length / 2 }, (_, index) => samples[index * 2] ?? 0)
      const payload = Buffer.from(encodePcmu(half)).toString('base64')
      say({
        event: 'media',
        media: { track: 'inbound', chunk: String(++chunk), timestamp: String((chunk - 1) * 20), payload },
      })
    },
    async end(isCut) {
      if (isCut) return socket.terminate()
      say({ event: 'stop', stop: { accountSid: 'AC1', callSid: `CA${id}` } })
      socket.close()
    },
  }
  socket.on('message', (data: Buffer) => {
    const message: { event: string; media?: { payload: string }; mark?: { name: string } } = JSON.parse(data.toString())
    const nowMs = performance.now()
    if (message.media !== undefined) {
      const bytes = Buffer.from(message.media.payload, 'base64')
      playedAtMs = Math.max(playedAtMs, nowMs) + bytes.length / 8
      line.onSound(bytes.every((byte) => byte === PCMU_SILENCE))
    } else if (message.mark !== undefined) {
      const { name } = message.mark
      setTimeout(
        () => {
          if (socket.readyState === socket.OPEN) say({ event: 'mark', mark: { name } })
          if (playedAtMs <= performance.now() + 1) line.onPlayed()
        },
        Math.max(0, playedAtMs - nowMs),
      )
    } else if (message.event === 'clear') {
      playedAtMs = nowMs
      line.onClear()
    }
  })
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 }
  socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }))
  say({
    event: 'start',
    start: { streamSid, accountSid: 'AC1', callSid: `CA${id}`, tracks: ['inbound'], customParameters: {}, mediaFormat },
  })
  return line
}

function isSilentPcm(payload: Uint8Array): boolean {
  for (let index = 0; index < payload.length; index += 16) if (payload[index] !== 0) return false
  return true
}
