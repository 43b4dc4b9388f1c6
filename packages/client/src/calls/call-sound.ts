import { decodePcma, decodePcmu } from '@parley/audio'
import type { CallCodec, CallFrame, CallRate, ServerCallMessage } from '@parley/spec'
import type { CallCapture, CallDevices, CallPlayout } from './call-devices.ts'
import { createPlayoutTracker, type PlayoutReport, type PlayoutTracker } from './call-playout.ts'
import { createCaptureUplink } from './capture-uplink.ts'

type Segment = Extract<ServerCallMessage, { type: 'segment' }>

/** How the agent's sound travels, as `welcome` says it. */
export interface DownFormat {
  codec: CallCodec
  rate: CallRate
}

/** Microphone and speaker of one call. */
export interface CallSound {
  /** @throws {ParleyError} `media_device_failed`, `audio_format_unsupported` */
  useMicrophone(deviceId: string | undefined): Promise<void>
  /** @throws {ParleyError} `media_device_failed` */
  useSpeaker(deviceId: string | undefined): Promise<void>
  /** The connection is new; a call that was taken over may have another format, which the speaker follows. */
  connected(down: DownFormat): Promise<void>
  segment(segment: Segment): void
  frame(frame: CallFrame): void
  clear(epoch: number): void
  pause(epoch: number): void
  resume(): void
  setMuted(isMuted: boolean): void
  /** Whether the devices take the speaker's sound out of the microphone's. */
  readonly removesEcho: boolean
  readonly epoch: number
  readonly underruns: number
  readonly outputLatencyMs: number
  /** Closes what is open, and what opens later at once. */
  close(): Promise<void>
}

/** Makes the sound of a call; devices change one at a time. */
export function createCallSound({
  devices,
  down: firstDown,
  sendAudio,
  report,
  onState,
  onError,
}: {
  devices: CallDevices
  down: DownFormat
  sendAudio(frame: CallFrame): boolean
  report(report: PlayoutReport): void
  onState(state: 'running' | 'suspended' | 'microphoneLost'): void
  onError(error: unknown): void
}): CallSound {
  const uplink = createCaptureUplink(sendAudio)
  let capture: CallCapture | undefined
  let playout: CallPlayout | undefined
  let tracker: PlayoutTracker | undefined
  let speakerId: string | undefined
  let down = firstDown
  let epoch = 0
  let current: Segment | undefined
  let isOver = false
  let changing: Promise<void> = Promise.resolve()

  const change = (run: () => Promise<void>): Promise<void> => {
    const next = changing.then(run)
    changing = next.catch(() => {})
    return next
  }
  const openMicrophone = async (deviceId: string | undefined): Promise<void> => {
    const next = await devices.openCapture(deviceId === undefined ? {} : { deviceId })
    if (isOver) return next.close()
    capture = next
    next.onEnded(() => {
      if (capture !== next || isOver) return
      onState('microphoneLost')
      // What was chosen is gone: the system's own choice is next.
      change(() => openMicrophone(undefined)).catch(onError)
    })
    await uplink.use(next)
  }
  const openSpeaker = async (): Promise<void> => {
    const before = playout
    const { rate } = down
    const next = await devices.openPlayout({ rate, ...(speakerId === undefined ? {} : { deviceId: speakerId }) })
    if (isOver) return next.close()
    playout = next
    next.onState(onState)
    tracker = createPlayoutTracker({
      device: next,
      rate,
      epoch,
      decode: (frame) => (frame.codec === down.codec ? decode(frame) : undefined),
      send: report,
    })
    // What the agent is saying goes on in the new speaker.
    if (current !== undefined) tracker.segment(current)
    await before?.close()
  }

  return {
    useMicrophone: (deviceId) => change(() => openMicrophone(deviceId)),
    useSpeaker(deviceId) {
      speakerId = deviceId
      return change(openSpeaker)
    },
    async connected(next) {
      uplink.markGap()
      const isOther = next.rate !== down.rate
      down = next
      if (isOther && playout !== undefined) await change(openSpeaker)
    },
    segment(segment) {
      epoch = Math.max(epoch, segment.epoch)
      current = segment.phase === 'start' ? segment : undefined
      tracker?.segment(segment)
    },
    frame: (frame) => void tracker?.frame(frame),
    clear(next) {
      epoch = next
      current = undefined
      tracker?.clear(next)
    },
    pause: (of) => tracker?.pause(of),
    resume: () => tracker?.resume(),
    setMuted: (isMuted) => uplink.setOpen(!isMuted),
    get removesEcho() {
      return capture?.removesEcho ?? true
    },
    get epoch() {
      return epoch
    },
    get underruns() {
      return tracker?.underruns ?? 0
    },
    get outputLatencyMs() {
      return playout?.outputLatencyMs ?? 0
    },
    close() {
      isOver = true
      return change(async () => {
        await uplink.close()
        await playout?.close()
      })
    },
  }
}

function decode({ codec, payload }: CallFrame): Int16Array | undefined {
  if (codec === 'pcmu') return decodePcmu(payload)
  if (codec === 'pcma') return decodePcma(payload)
  if (codec !== 'pcm16' || payload.length % 2 !== 0) return undefined
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  return Int16Array.from({ length: payload.length / 2 }, (_, index) => view.getInt16(index * 2, true))
}
