import type { CallerAnswer } from './callers.ts'
import type { Line } from './lines.ts'

/** Samples of 20 ms at 16 kHz. */
const FRAME = 320
/** Over how long callers are spread when all of them begin to speak, in milliseconds: about a turn. */
const SPREAD_MS = 2_000
/** An answer that takes longer is counted as missing. */
const MISSING_MS = 30_000

/** One person on a call: sends a frame whenever it is told to, and says what it is asked to. */
export interface Caller {
  sendFrame(): void
  setVoice(samples: Int16Array): void
  turns(options: { turns: number; speechMs: number; pauseMs: number }): Promise<CallerAnswer>
  bargeIns(options: { times: number; speechMs: number; afterMs: number }): Promise<CallerAnswer>
  talkOn(options: { speechMs: number; pauseMs: number }): void
  end(isCut: boolean): Promise<void>
}

/** A person at the end of a line. */
export function createCaller(line: Line): Caller {
  let voice: Int16Array = Int16Array.from({ length: FRAME }, (_, index) => (index % 32 < 16 ? 6_000 : -6_000))
  let voiceAt = 0
  // Not digital silence: rooms are never that quiet, and detectors skip it.
  const quiet = Int16Array.from({ length: FRAME }, (_, index) => ((index * 7919) % 5) - 2)
  let voicedFrames = 0
  let frames = 0
  let hasEnded = (_atMs: number): void => {}
  let hasBegun = (_atMs: number): void => {}
  let wakeAt: { frame: number; resolve: () => void }[] = []

  const speak = (ms: number): { began: Promise<number>; ended: Promise<number> } => {
    const began = Promise.withResolvers<number>()
    const ended = Promise.withResolvers<number>()
    voicedFrames = Math.round(ms / 20)
    hasBegun = began.resolve
    hasEnded = ended.resolve
    return { began: began.promise, ended: ended.promise }
  }
  const silence = (ms: number): Promise<void> =>
    new Promise((resolve) => wakeAt.push({ frame: frames + Math.round(ms / 20), resolve }))
  /** Resolves with the instant, or `undefined` when nothing came. */
  const within = (name: 'onSound' | 'onClear' | 'onPlayed'): Promise<number | undefined> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => settle(undefined), MISSING_MS)
      const settle = (atMs: number | undefined): void => {
        clearTimeout(timer)
        line[name] = () => {}
        resolve(atMs)
      }
      line[name] = (isSilent?: boolean) => {
        if (isSilent !== true) settle(performance.now())
      }
    })
  const nextVoiced = (): Int16Array => {
    const frame = voice.subarray(voiceAt, voiceAt + FRAME)
    voiceAt = voiceAt + FRAME * 2 > voice.length ? 0 : voiceAt + FRAME
    return frame
  }

  return {
    sendFrame() {
      frames += 1
      if (voicedFrames > 0) {
        voicedFrames -= 1
        line.send(nextVoiced())
        // The frame is sent once its last sample was spoken.
        const nowMs = performance.now()
        hasBegun(nowMs - 20)
        if (voicedFrames === 0) hasEnded(nowMs)
      } else line.send(quiet)
      if (wakeAt.length === 0) return
      const due = wakeAt.filter(({ frame }) => frame <= frames)
      wakeAt = wakeAt.filter(({ frame }) => frame > frames)
      for (const { resolve } of due) resolve()
    },
    setVoice(samples) {
      voice = samples
      voiceAt = 0
    },
    async turns({ turns, speechMs, pauseMs }) {
      const samples: number[] = []
      let missing = 0
      // Nobody begins at the same instant as everybody else.
      if (pauseMs > 0) await silence(Math.random() * SPREAD_MS)
      for (let turn = 0; turn < turns; turn++) {
        const answered = within('onSound')
        const played = within('onPlayed')
        const lastVoicedMs = await speak(speechMs).ended
        const soundMs = await answered
        if (soundMs === undefined) missing += 1
        else samples.push(soundMs - lastVoicedMs)
        if (pauseMs > 0) {
          await played
          // Callers drift apart as people do.
          await silence(pauseMs * (0.5 + Math.random()))
        }
      }
      return { samples, missing }
    },
    async bargeIns({ times, speechMs, afterMs }) {
      const samples: number[] = []
      let missing = 0
      await silence(Math.random() * SPREAD_MS)
      let answered = within('onSound')
      await speak(speechMs).ended
      for (let time = 0; time <= times; time++) {
        if ((await answered) === undefined) missing += 1
        await silence(afterMs * (0.5 + Math.random()))
        const cleared = within('onClear')
        const { began, ended } = speak(speechMs)
        const beganMs = await began
        const clearedMs = await cleared
        if (clearedMs === undefined) missing += 1
        // The first one warms up.
        else if (time > 0) samples.push(clearedMs - beganMs)
        await ended
        // What interrupted is answered in its turn.
        answered = within('onSound')
      }
      return { samples, missing }
    },
    talkOn({ speechMs, pauseMs }) {
      const go = async (): Promise<void> => {
        await silence(pauseMs * Math.random())
        for (;;) {
          await speak(speechMs).ended
          await silence(pauseMs)
        }
      }
      // Ends with the process.
      void go()
    },
    end: (isCut) => line.end(isCut),
  }
}
