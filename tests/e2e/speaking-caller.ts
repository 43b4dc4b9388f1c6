import {
  createClient,
  createWebSocketFactory,
  type CallDevices,
  type CallUpdate,
  type ClientCall,
} from '@parley/client'
import { createSystemClock, type RoomId } from '@parley/spec'
import { join, type CallerVoice } from './spoken-words.ts'

const clock = createSystemClock()
const rate = 16_000
const frameMs = 20
/** How long a caller waits for anything. */
const waitMs = 60_000

/** A person on the line by sound alone: says words with a voice, and keeps what is played to them. */
export interface SpeakingCaller extends AsyncDisposable {
  readonly call: ClientCall
  readonly roomId: RoomId
  readonly token: string
  /** Says something; resolves when the last word is over. */
  say(text: string): Promise<void>
  /** Waits until an agent has said this to its end, and listens. */
  hear(text: RegExp): Promise<void>
  /** Waits until so much of what an agent says has been heard: words without what stands between. */
  hearWords(text: RegExp): Promise<void>
  /** Waits for sound after what was said last; gives how long it took after the last word, in milliseconds. */
  answer(): Promise<number>
  /** Everything that was played, silence between left out. */
  readonly played: () => Int16Array
  readonly playedRate: number
  readonly updates: readonly CallUpdate[]
}

/** Calls the call center of an address as one of the demo's people. */
export async function callAs(
  person: string,
  {
    url,
    voice,
    recording,
    onUpdate,
  }: { url: string; voice: CallerVoice; recording?: boolean; onUpdate?: (update: CallUpdate) => void },
): Promise<SpeakingCaller> {
  const opened = await fetch(`${url}/demo/rooms`, { method: 'POST', body: JSON.stringify({ person, call: true }) })
  // The demo's route answers with these two for a new room.
  const { roomId, token } = (await opened.json()) as { roomId: RoomId; token: string }
  const client = createClient({ baseUrl: url, token, openSocket: createWebSocketFactory() })
  const microphone = createMicrophone()
  const speaker = createSpeaker()
  const updates: CallUpdate[] = []
  const call = await client.calls.start({
    roomId,
    ...(recording === undefined ? {} : { recording }),
    devices: {
      openCapture: async () => microphone.capture,
      openPlayout: async (options) => speaker.open(options.rate),
      unlock: async () => {},
      onWake: () => () => {},
    },
    onUpdate(update) {
      updates.push(update)
      onUpdate?.(update)
    },
  })
  const until = async (isDone: () => boolean, what: () => string): Promise<void> => {
    const limitMs = clock.monotonicMs() + waitMs
    while (!isDone()) {
      if (clock.monotonicMs() > limitMs || call.status === 'closed') {
        const said = call.captions.map(({ role, text }) => `${role}: ${text}`).join('\n')
        throw new Error(`The caller never ${what()}. What was said:\n${said}`)
      }
      await clock.sleep(20)
    }
  }
  return {
    call,
    roomId,
    token,
    updates,
    played: () => join(speaker.played),
    get playedRate() {
      return speaker.rate
    },
    async say(text) {
      await microphone.say(await voice.say(text, rate))
    },
    async hear(text) {
      await until(
        () =>
          !speaker.isSounding &&
          call.state?.agent === 'listening' &&
          call.captions.some((caption) => caption.role === 'agent' && caption.final && text.test(caption.text)),
        () => `heard ${String(text)} to its end`,
      )
    },
    async hearWords(text) {
      await until(
        () =>
          call.captions.some(({ id, role, words = [] }) => {
            const heard = updates.findLast((update) => update.type === 'heard' && update.utteranceId === id)
            const count = heard?.type === 'heard' ? heard.played : 0
            return (
              role === 'agent' &&
              text.test(
                words
                  .slice(0, count)
                  .map((word) => word.text)
                  .join(' '),
              )
            )
          }),
        () => `heard the words ${String(text)}`,
      )
    },
    async answer() {
      const saidMs = microphone.lastSaidMs
      await until(
        () => speaker.sound.startedAtMs > saidMs,
        () => 'got an answer',
      )
      return Math.round(speaker.sound.startedAtMs - saidMs)
    },
    async [Symbol.asyncDispose]() {
      call.hangup()
      await call.ended
      microphone.close()
      speaker.close()
    },
  }
}

interface Microphone {
  capture: Awaited<ReturnType<CallDevices['openCapture']>>
  say(samples: Int16Array): Promise<void>
  /** When the last sample was said. */
  readonly lastSaidMs: number
  close(): void
}

/** Sends 20 ms each 20 ms, as a microphone does: silence until something is said. */
function createMicrophone(): Microphone {
  let listener = (_samples: Float32Array): void => {}
  let waiting: { samples: Int16Array; at: number; done: () => void }[] = []
  let sent = 0
  let lastSaidMs = 0
  const startedMs = clock.monotonicMs()
  const size = (rate / 1_000) * frameMs
  let stop = (): void => {}
  const tick = (): void => {
    while (sent * frameMs <= clock.monotonicMs() - startedMs) {
      const frame = new Float32Array(size)
      const first = waiting[0]
      if (first !== undefined) {
        first.samples.subarray(first.at, first.at + size).forEach((sample, at) => (frame[at] = sample / 32_768))
        first.at += size
        if (first.at >= first.samples.length) {
          waiting = waiting.slice(1)
          lastSaidMs = clock.monotonicMs()
          first.done()
        }
      }
      sent += 1
      listener(frame)
    }
    stop = clock.setTimer(frameMs / 2, tick)
  }
  tick()
  return {
    capture: {
      sampleRateHz: rate,
      removesEcho: true,
      onSamples: (next) => void (listener = next),
      onEnded() {},
      close: async () => stop(),
    },
    say: (samples) => new Promise((done) => waiting.push({ samples, at: 0, done })),
    get lastSaidMs() {
      return lastSaidMs
    },
    close: () => stop(),
  }
}

interface Speaker {
  open(rate: number): Awaited<ReturnType<CallDevices['openPlayout']>>
  readonly played: Int16Array[]
  readonly rate: number
  readonly isSounding: boolean
  readonly sound: { startedAtMs: number; endedAtMs: number }
  close(): void
}

/** Plays in real time, and keeps what was played. */
function createSpeaker(): Speaker {
  const played: Int16Array[] = []
  const sound = { startedAtMs: 0, endedAtMs: 0 }
  let queue: Int16Array[] = []
  let rateHz = 24_000
  let count = 0
  let isPaused = false
  let tell = (_progress: { played: number; buffered: number; underruns: number }): void => {}
  let stop = (): void => {}
  let lastMs = clock.monotonicMs()
  let toldMs = 0
  let owed = 0
  const buffered = (): number => queue.reduce((sum, part) => sum + part.length, 0)
  const progress = () => ({ played: count, buffered: buffered(), underruns: 0 })
  const tick = (): void => {
    const nowMs = clock.monotonicMs()
    owed = isPaused || queue.length === 0 ? 0 : owed + ((nowMs - lastMs) * rateHz) / 1_000
    lastMs = nowMs
    const wasSounding = queue.length > 0
    for (let first = queue[0]; first !== undefined && owed >= 1; first = queue[0]) {
      const part = first.subarray(0, Math.floor(owed))
      if (isLoud(part)) {
        if (nowMs - sound.endedAtMs > 300) sound.startedAtMs = nowMs
        sound.endedAtMs = nowMs
      }
      played.push(part.slice())
      owed -= part.length
      count += part.length
      queue = part.length === first.length ? queue.slice(1) : [first.subarray(part.length), ...queue.slice(1)]
    }
    if (wasSounding && (queue.length === 0 || nowMs - toldMs >= 100)) {
      toldMs = nowMs
      tell(progress())
    }
    stop = clock.setTimer(10, tick)
  }
  tick()
  return {
    played,
    sound,
    get rate() {
      return rateHz
    },
    get isSounding() {
      return queue.length > 0
    },
    open(opened) {
      rateHz = opened
      return {
        outputLatencyMs: 0,
        push: (samples) => void queue.push(samples.slice()),
        async clear() {
          queue = []
          return progress()
        },
        async pause() {
          isPaused = true
          return progress()
        },
        resume: () => void (isPaused = false),
        onProgress: (next) => void (tell = next),
        onState() {},
        close: async () => stop(),
      }
    },
    close: () => stop(),
  }
}

const isLoud = (samples: Int16Array): boolean => samples.some((sample) => Math.abs(sample) > 500)
