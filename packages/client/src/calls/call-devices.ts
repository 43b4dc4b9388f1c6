/** Where a call's sound comes from and goes to: the page's devices, or in Node what is given. */
export interface CallDevices {
  /** Opens the microphone. @throws {ParleyError} `media_device_failed` */
  openCapture(options: { deviceId?: string }): Promise<CallCapture>
  /** Opens the speaker for mono sound of a rate. @throws {ParleyError} `media_device_failed` */
  openPlayout(options: { rate: number; deviceId?: string }): Promise<CallPlayout>
  /** Lets the page make sound; works in a click. */
  unlock(): Promise<void>
  /** Calls when the page woke up or the network is back; gives what ends that. */
  onWake(listener: () => void): () => void
}

/** An open microphone. */
export interface CallCapture {
  readonly sampleRateHz: number
  /** Whether the device takes the speaker's sound out of the microphone's. */
  readonly removesEcho: boolean
  /** Mono samples between -1 and 1, any number at a time; one listener. */
  onSamples(listener: (samples: Float32Array) => void): void
  /** The device went away; one listener. */
  onEnded(listener: () => void): void
  close(): Promise<void>
}

/** What the speaker has done so far, in samples of the call's rate. */
export interface PlayedSamples {
  /** Place of the next sample to sound, in all that was ever pushed. */
  played: number
  buffered: number
  underruns: number
}

/** An open speaker. */
export interface CallPlayout {
  /** Between the samples counted as sounded and the ear, milliseconds. */
  readonly outputLatencyMs: number
  push(samples: Int16Array, isLast: boolean): void
  /** Fades out and drops what waits. */
  clear(): Promise<PlayedSamples>
  /** Fades out and holds what waits. */
  pause(): Promise<PlayedSamples>
  resume(): void
  /** Every 100 ms while something sounds, and when it has ended; one listener. */
  onProgress(listener: (progress: PlayedSamples) => void): void
  /** Whether the page may make sound now; one listener. */
  onState(listener: (state: 'running' | 'suspended') => void): void
  close(): Promise<void>
}
