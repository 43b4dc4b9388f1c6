/** A moment that is heard as well as shown. */
export type Cue = 'ring' | 'connected' | 'handoff' | 'muted' | 'reconnecting' | 'ended'

/** Notes of each cue: hertz, start and length in ms. All of them are over within 400 ms. */
const notes: Readonly<Record<Cue, readonly (readonly [hertz: number, startMs: number, lengthMs: number])[]>> = {
  ring: [[440, 0, 320]],
  connected: [[660, 0, 160]],
  handoff: [
    [523, 0, 150],
    [784, 170, 200],
  ],
  muted: [[220, 0, 60]],
  reconnecting: [[330, 0, 180]],
  ended: [
    [523, 0, 150],
    [349, 170, 200],
  ],
}

/** -18 dBFS. */
const cueGain = 0.126
const fadeS = 0.02
const storageKey = 'parley.cues'
/** The rate of the agents' sound. */
const voiceRateHz = 24_000

/** Whether cues sound in this browser. */
export function areCuesOn(): boolean {
  return localStorage.getItem(storageKey) !== 'off'
}

/** Switches cues on or off. */
export function setCuesOn(isOn: boolean): void {
  localStorage.setItem(storageKey, isOn ? 'on' : 'off')
}

/** Sound that was opened in a click. */
export interface PageSound {
  /** For the voices; whoever plays them closes it. */
  voice: AudioContext
  play(cue: Cue): void
  close(): void
}

/** Opens sound. Call it in the click itself, before anything is waited for: some browsers allow it only there. */
export function openSound(): PageSound {
  const voice = openContext()
  const cues = new AudioContext()
  // A context that may not run yet says so by its state; whoever plays by it asks for another click.
  for (const context of [voice, cues]) void context.resume().catch(() => undefined)
  return {
    voice,
    play(cue) {
      if (!areCuesOn() || cues.state !== 'running') return
      for (const [hertz, startMs, lengthMs] of notes[cue]) note(cues, hertz, startMs / 1_000, lengthMs / 1_000)
    },
    close() {
      for (const context of [voice, cues]) if (context.state !== 'closed') void context.close().catch(() => undefined)
    },
  }
}

function openContext(): AudioContext {
  try {
    return new AudioContext({ sampleRate: voiceRateHz })
  } catch {
    return new AudioContext() // the player converts then
  }
}

function note(context: AudioContext, hertz: number, startS: number, lengthS: number): void {
  const at = context.currentTime + startS
  const gain = context.createGain()
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(cueGain, at + fadeS)
  gain.gain.setValueAtTime(cueGain, at + lengthS - fadeS)
  gain.gain.linearRampToValueAtTime(0, at + lengthS)
  const tone = new OscillatorNode(context, { frequency: hertz })
  tone.connect(gain).connect(context.destination)
  tone.start(at)
  tone.stop(at + lengthS)
}
