// Turns of a call on LiveKit Agents: sound in memory, engines that take no time, the defaults of its session.
import { initializeLogger, llm, stt, tts, VAD, VADEventType, VADStream, voice } from '@livekit/agents'
import { AudioFrame } from '@livekit/rtc-node'
import { ReadableStream } from 'node:stream/web'
import { createCaller } from '../../voice/caller.ts'
import { paceCallers } from '../../voice/pace-callers.ts'
import { isVoiced } from '../../voice/quiet-speech.ts'

initializeLogger({ pretty: false, level: 'silent' })

const MIN_SPEECH_MS = 50
const MIN_SILENCE_MS = 250
const STT_SILENCE_MS = 100
const REPLY_FRAMES = 20

/** Loud sound is speech. */
class QuietVad extends VAD {
  label = 'quiet'
  constructor() {
    super({ updateInterval: 20 })
  }
  get minSilenceDuration() {
    return MIN_SILENCE_MS
  }
  stream() {
    return new QuietVadStream(this)
  }
}

class QuietVadStream extends VADStream {
  label = 'quiet'
  constructor(vad) {
    super(vad)
    this.run()
  }
  async run() {
    let speechMs = 0
    let silenceMs = 0
    let speaking = false
    let samplesIndex = 0
    const tell = (type, frames) =>
      this.sendVADEvent({
        type,
        samplesIndex,
        timestamp: Date.now(),
        speechDuration: speechMs,
        silenceDuration: silenceMs,
        frames,
        probability: silenceMs === 0 ? 1 : 0,
        inferenceDuration: 0,
        speaking,
        rawAccumulatedSilence: silenceMs,
        rawAccumulatedSpeech: silenceMs === 0 ? speechMs : 0,
      })
    for (;;) {
      const { done, value } = await this.inputReader.read()
      if (done || this.closed) return
      if (typeof value === 'symbol') continue
      const ms = (value.samplesPerChannel / value.sampleRate) * 1000
      samplesIndex += value.samplesPerChannel
      if (isVoiced(value.data)) {
        speechMs += ms
        silenceMs = 0
      } else silenceMs += ms
      tell(VADEventType.INFERENCE_DONE, [value])
      if (!speaking && silenceMs === 0 && speechMs >= MIN_SPEECH_MS) {
        speaking = true
        tell(VADEventType.START_OF_SPEECH, [value])
      } else if (speaking && silenceMs >= MIN_SILENCE_MS) {
        speaking = false
        tell(VADEventType.END_OF_SPEECH, [value])
        speechMs = 0
      }
    }
  }
}

/** Engines that are there to be asked whether they are; the agent's nodes do their work. */
class NamedStt extends stt.STT {
  label = 'quiet'
  constructor() {
    super({ streaming: true, interimResults: false })
  }
}
class NamedTts extends tts.TTS {
  label = 'quiet'
  constructor() {
    super(24_000, 1, { streaming: true })
  }
}
class NamedLlm extends llm.LLM {
  label() {
    return 'quiet'
  }
}

const replyFrame = () =>
  new AudioFrame(
    Int16Array.from({ length: 480 }, (_, index) => (index % 2 === 0 ? 8_000 : -8_000)),
    24_000,
    1,
    480,
  )

class QuietAgent extends voice.Agent {
  async sttNode(audio) {
    let lines = 0
    let quietMs = Number.POSITIVE_INFINITY
    return ReadableStream.from(
      (async function* () {
        for await (const frame of audio) {
          if (isVoiced(frame.data)) {
            quietMs = 0
            continue
          }
          quietMs += (frame.samplesPerChannel / frame.sampleRate) * 1000
          if (quietMs < STT_SILENCE_MS || !Number.isFinite(quietMs)) continue
          quietMs = Number.POSITIVE_INFINITY
          lines += 1
          yield {
            type: stt.SpeechEventType.FINAL_TRANSCRIPT,
            alternatives: [{ language: 'en', text: `this is line ${lines}`, startTime: 0, endTime: 0, confidence: 1 }],
          }
        }
      })(),
    )
  }
  async llmNode() {
    return ReadableStream.from(['all right'])
  }
  async ttsNode(text) {
    return ReadableStream.from(
      (async function* () {
        for await (const piece of text) {
          if (piece.trim() === '') continue
          for (let index = 0; index < REPLY_FRAMES; index++) yield replyFrame()
        }
      })(),
    )
  }
}

class MemoryInput extends voice.AudioInput {
  constructor() {
    super()
    this.multiStream.addInputStream(new ReadableStream({ start: (controller) => (this.controller = controller) }))
  }
  push(samples) {
    this.controller.enqueue(new AudioFrame(samples.slice(), 16_000, 1, samples.length))
  }
  async close() {
    this.controller.close()
    await super.close()
  }
}

/** Plays at once, and ends when the sound would have. */
class MemoryOutput extends voice.AudioOutput {
  pushedMs = 0
  startedAtMs = 0
  constructor(line) {
    super(24_000, undefined, { pause: true })
    this.line = line
  }
  async captureFrame(frame) {
    await super.captureFrame(frame)
    if (this.pushedMs === 0) {
      this.startedAtMs = performance.now()
      this.onPlaybackStarted(Date.now())
    }
    this.line.onSound(false)
    this.pushedMs += (frame.samplesPerChannel / frame.sampleRate) * 1000
  }
  flush() {
    super.flush()
    if (this.pushedMs === 0) return
    this.timer = setTimeout(() => this.end(false), Math.max(0, this.startedAtMs + this.pushedMs - performance.now()))
  }
  clearBuffer() {
    if (this.pushedMs === 0) return
    this.line.onClear()
    this.end(true)
  }
  end(interrupted) {
    clearTimeout(this.timer)
    const playedMs = interrupted ? Math.min(this.pushedMs, performance.now() - this.startedAtMs) : this.pushedMs
    this.pushedMs = 0
    this.onPlaybackFinished({ playbackPosition: playedMs / 1000, interrupted })
    if (!interrupted) this.line.onPlayed()
  }
}

async function openCall(delayMs) {
  const session = new voice.AgentSession({
    vad: new QuietVad(),
    stt: new NamedStt(),
    llm: new NamedLlm(),
    tts: new NamedTts(),
    turnHandling: { turnDetection: 'vad', endpointing: { minDelay: delayMs } },
  })
  const input = new MemoryInput()
  const line = {
    send: (samples) => input.push(samples),
    onSound() {},
    onClear() {},
    onPlayed() {},
    end: async () => {},
  }
  session.input.audio = input
  session.output.audio = new MemoryOutput(line)
  await session.start({ agent: new QuietAgent({ instructions: 'You answer.' }), record: false })
  return { session, caller: createCaller(line) }
}

export async function open(count, delayMs) {
  const calls = []
  for (let index = 0; index < count; index++) calls.push(await openCall(delayMs))
  const stop = paceCallers(() => calls.map(({ caller }) => caller))
  return {
    async turns(options) {
      const answers = await Promise.all(calls.map(({ caller }) => caller.turns(options)))
      return {
        samples: answers.flatMap(({ samples }) => samples),
        missing: answers.reduce((sum, { missing }) => sum + missing, 0),
      }
    },
    async close() {
      stop()
      await Promise.all(calls.map(({ session }) => session.close()))
    },
  }
}
