import { ParleyError, sampleRates } from '@parley/spec'
import type { CallCapture, CallDevices, CallPlayout, PlayedSamples } from './call-devices.ts'
import type { PlayoutCommand, PlayoutNotice } from './worklets/playout.worklet.ts'

/**
 * Where a page serves the audio worklets: files of its own origin, so that a strict content policy allows them.
 * With vite: `import capture from '@parley/client/worklets/capture?worker&url'`, and `playout` likewise.
 */
export interface WorkletAddresses {
  capture: string | URL
  playout: string | URL
}

/** What a page has opened itself, in the click that starts the call; it is the devices' from then on. */
export interface PreparedSound {
  /** The microphone, used where none is named. */
  microphone?: MediaStream
  /** Used for the first sound of its rate, so that it may sound before anything was waited for. */
  context?: AudioContext
}

/** Makes devices of the page this runs in. */
export function createBrowserDevices(
  worklets: WorkletAddresses = {
    capture: new URL('./worklets/capture.worklet.js', import.meta.url),
    playout: new URL('./worklets/playout.worklet.js', import.meta.url),
  },
  prepared: PreparedSound = {},
): CallDevices {
  const contexts = new Set<AudioContext>()
  let { microphone, context: ready } = prepared
  const release = async (context: AudioContext): Promise<void> => {
    if (contexts.delete(context)) await context.close()
  }
  const contextWith = async (address: string | URL, context: AudioContext): Promise<AudioContext> => {
    contexts.add(context)
    try {
      await context.audioWorklet.addModule(String(address))
      return context
    } catch (error) {
      await release(context)
      throw failed('The audio worklet could not be loaded. Serve it and pass its address as `worklets`.', error)
    }
  }

  return {
    async openCapture({ deviceId }) {
      const given = deviceId === undefined && microphone?.active === true ? microphone : undefined
      if (given !== undefined) microphone = undefined
      const stream = given ?? (await openStream(deviceId))
      const [track] = stream.getAudioTracks()
      const stop = (): void => {
        for (const each of stream.getTracks()) each.stop()
      }
      if (track === undefined) throw failed('The microphone gives no sound.')
      try {
        const context = await contextWith(worklets.capture, await captureContext())
        const node = new AudioWorkletNode(context, 'parley-capture', { numberOfInputs: 1, numberOfOutputs: 0 })
        const source = context.createMediaStreamSource(stream)
        source.connect(node)
        return captureOf({
          context,
          node,
          track,
          async close() {
            source.disconnect()
            stop()
            await release(context)
          },
        })
      } catch (error) {
        stop()
        throw error
      }
    },
    async openPlayout({ rate, deviceId }) {
      const first = ready?.sampleRate === rate && ready.state !== 'closed' ? ready : undefined
      if (first !== undefined) ready = undefined
      const context = await contextWith(worklets.playout, first ?? contextOf(rate))
      const node = new AudioWorkletNode(context, 'parley-playout', {
        numberOfInputs: 0,
        outputChannelCount: [2],
        processorOptions: { rate },
      })
      node.connect(context.destination)
      if (deviceId !== undefined) await useSink(context, deviceId)
      return playoutOf({ context, node, close: () => release(context) })
    },
    async unlock() {
      await Promise.all([...contexts].map((context) => context.resume()))
    },
    onWake(listener) {
      // A call of text and captions needs no page.
      if (typeof document === 'undefined') return () => {}
      const onVisible = (): void => {
        if (document.visibilityState !== 'visible') return
        // A phone call or sleep may have stopped the sound.
        for (const context of contexts) if (context.state !== 'running') void context.resume().catch(() => {})
        listener()
      }
      document.addEventListener('visibilitychange', onVisible)
      globalThis.addEventListener('online', listener)
      return () => {
        document.removeEventListener('visibilitychange', onVisible)
        globalThis.removeEventListener('online', listener)
      }
    },
  }
}

function captureOf({
  context,
  node,
  track,
  close,
}: {
  context: AudioContext
  node: AudioWorkletNode
  track: MediaStreamTrack
  close(): Promise<void>
}): CallCapture {
  let isOpen = true
  return {
    sampleRateHz: context.sampleRate,
    removesEcho: track.getSettings().echoCancellation === true,
    onSamples(listener) {
      node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
        if (isOpen) listener(data)
      }
    },
    onEnded(listener) {
      track.addEventListener('ended', () => {
        if (isOpen) listener()
      })
    },
    async close() {
      isOpen = false
      node.port.onmessage = null
      await close()
    },
  }
}

function playoutOf({
  context,
  node,
  close,
}: {
  context: AudioContext
  node: AudioWorkletNode
  close(): Promise<void>
}): CallPlayout {
  const waiting = new Map<number, (progress: PlayedSamples) => void>()
  let latest: PlayedSamples = { played: 0, buffered: 0, underruns: 0 }
  let lastId = 0
  let onProgress = (_progress: PlayedSamples): void => {}
  const say = (command: PlayoutCommand): void => node.port.postMessage(command)
  const ask = (type: 'clear' | 'pause'): Promise<PlayedSamples> =>
    new Promise((resolve) => {
      // A context that does not run would answer when it runs again; what is silent is cleared already.
      if (context.state !== 'running') resolve(latest)
      else waiting.set(lastId + 1, resolve)
      say({ type, id: ++lastId })
    })
  node.port.onmessage = ({ data }: MessageEvent<PlayoutNotice>) => {
    latest = { played: data.played, buffered: data.buffered, underruns: data.underruns }
    if (data.type === 'progress') return onProgress(latest)
    waiting.get(data.id)?.(latest)
    waiting.delete(data.id)
  }
  return {
    get outputLatencyMs() {
      // Some browsers know the first alone.
      return ((context.baseLatency || 0) + (context.outputLatency || 0)) * 1_000
    },
    push: (samples, isLast) => say({ type: 'push', samples, isLast }),
    clear: () => ask('clear'),
    pause: () => ask('pause'),
    resume: () => say({ type: 'resume' }),
    onProgress(listener) {
      onProgress = listener
    },
    onState(listener) {
      const tell = (): void => {
        if (context.state !== 'closed') listener(context.state === 'running' ? 'running' : 'suspended')
      }
      context.addEventListener('statechange', tell)
      if (context.state !== 'running') tell()
    },
    async close() {
      node.port.onmessage = null
      for (const resolve of waiting.values()) resolve(latest)
      waiting.clear()
      node.disconnect()
      await close()
    },
  }
}

async function openStream(deviceId: string | undefined): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
      },
    })
  } catch (error) {
    throw failed('The microphone could not be opened. Allow it for this page, or start the call without.', error)
  }
}

/** A context at the device's rate, or at 48 kHz where that rate is none of a call's. */
async function captureContext(): Promise<AudioContext> {
  const context = new AudioContext()
  if (sampleRates.some((rate) => rate === context.sampleRate)) return context
  await context.close()
  return new AudioContext({ sampleRate: 48_000 })
}

/** A context at the call's own rate, whose conversion is the browser's; at the device's where it has none. */
function contextOf(rate: number): AudioContext {
  try {
    return new AudioContext({ sampleRate: rate })
  } catch {
    // The worklet converts then.
    return new AudioContext()
  }
}

async function useSink(context: AudioContext, deviceId: string): Promise<void> {
  // Not all browsers let a page choose the speaker; then it stays the system's.
  const { setSinkId } = context as { setSinkId?: (id: string) => Promise<void> }
  try {
    await setSinkId?.call(context, deviceId)
  } catch (error) {
    throw failed('The speaker could not be used. Choose another one.', error)
  }
}

function failed(message: string, cause?: unknown): ParleyError {
  return new ParleyError({ code: 'media_device_failed', message, ...(cause === undefined ? {} : { cause }) })
}
