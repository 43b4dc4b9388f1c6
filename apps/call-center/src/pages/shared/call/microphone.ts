/** Why there is no microphone. */
export interface MicrophoneProblem {
  kind: 'blocked' | 'missing' | 'busy' | 'insecure'
  message: string
}

/** What came of asking for a microphone. */
export type MicrophoneAnswer = { ok: true; stream: MediaStream } | { ok: false; problem: MicrophoneProblem }

/** Whether a page of this address may be given a microphone at all. */
export function mayUseMicrophone(): boolean {
  return window.isSecureContext && 'mediaDevices' in navigator
}

/** Asks for a microphone; the browser may ask the person. */
export async function openMicrophone(deviceId?: string): Promise<MicrophoneAnswer> {
  if (!mayUseMicrophone())
    return problem('insecure', 'A browser gives a microphone only to pages of https or of this very machine.')
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: deviceId === undefined ? audio : { ...audio, deviceId: { exact: deviceId } },
    })
    return { ok: true, stream }
  } catch (error) {
    return problemOf(error instanceof Error ? error.name : '')
  }
}

function problemOf(name: string): MicrophoneAnswer {
  switch (name) {
    case 'NotFoundError':
    case 'OverconstrainedError':
      return problem('missing', 'No microphone was found. Plug one in or choose another one.')
    case 'NotReadableError':
    case 'AbortError':
      return problem(
        'busy',
        'The microphone is there, but another program uses it. Close that program or choose another microphone.',
      )
    default:
      return problem('blocked', 'Your browser blocked the microphone.')
  }
}

function problem(kind: MicrophoneProblem['kind'], message: string): MicrophoneAnswer {
  return { ok: false, problem: { kind, message } }
}

/** Where this browser hides the permission. */
export function unblockSteps(userAgent: string): string {
  if (/firefox/i.test(userAgent))
    return 'Click the crossed-out microphone left of the address, remove the block, then try again.'
  if (/chrom(e|ium)|edg\//i.test(userAgent))
    return 'Click the icon left of the address, set Microphone to Allow, then try again.'
  if (/safari/i.test(userAgent))
    return 'Open Safari, Settings for this website, set Microphone to Allow, then try again.'
  return "Allow the microphone for this page in your browser's settings, then try again."
}

/** A way to see how loud a microphone is. */
export interface LevelMeter {
  /** Loudest sample since the last reading, 0 to 1. */
  read(): number
  close(): void
}

/** Measures a microphone. It hears and plays nothing. */
export function createLevelMeter(stream: MediaStream, context = new AudioContext()): LevelMeter {
  void context.resume().catch(() => undefined) // it reads 0 as long as it may not run
  const source = context.createMediaStreamSource(stream)
  const analyser = new AnalyserNode(context, { fftSize: 2_048 })
  const samples = new Float32Array(analyser.fftSize)
  source.connect(analyser)
  return {
    read() {
      analyser.getFloatTimeDomainData(samples)
      return samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)
    },
    close() {
      source.disconnect()
      void context.close().catch(() => undefined)
    },
  }
}
