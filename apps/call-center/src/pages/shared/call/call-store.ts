import { createBrowserDevices, type CallStartOptions, type Client, type ClientCall } from '@parley/client'
import { reduceCallView, startCallView, type CallChange, type CallView } from './call-view.ts'
import { createLevelHistory, type LevelHistory } from './level-history.ts'
import { createLevelMeter, type LevelMeter } from './microphone.ts'
import type { PageSound } from './sound.ts'
import { worklets } from './worklets.ts'

/** What a call of this page is made with. */
export interface CallStoreOptions {
  client: Client
  /** What the server is asked for. */
  start: Omit<CallStartOptions, 'devices' | 'onUpdate' | 'microphone' | 'speaker' | 'worklets'>
  sound: PageSound
  /** Absent: the person listens and types. */
  microphone: MediaStream | undefined
}

/** A call and how it goes, for any number of components. */
export interface CallStore {
  readonly view: CallView
  /** Undefined until it is live. */
  readonly call: ClientCall | undefined
  /** Whether the person can speak in it. */
  readonly hasMicrophone: boolean
  /** How loud the microphone is; absent without one. */
  readonly meter: LevelMeter | undefined
  /** How loud the sides of the call are, on a line of the desk. */
  readonly levels: LevelHistory
  readonly sound: PageSound
  subscribe(listener: () => void): () => void
  setMuted(isMuted: boolean): void
  useMicrophone(deviceId: string): Promise<void>
  useSpeaker(deviceId: string): Promise<void>
  dismissNotice(): void
  hangUp(): void
}

/** Calls; resolves when the call is live. @throws {ParleyError} what `client.calls.start` throws */
export async function startCallStore({ client, start, sound, microphone }: CallStoreOptions): Promise<CallStore> {
  let view = startCallView(Date.now())
  let call: ClientCall | undefined
  const listeners = new Set<() => void>()
  const levels = createLevelHistory()
  const change = (what: CallChange): void => {
    const next = reduceCallView(view, what, Date.now())
    if (next === view) return
    view = next
    for (const listener of listeners) listener()
  }
  // The meter hears a copy, which stays when the call changes its device.
  let metered = microphone?.clone()
  let meter = metered === undefined ? undefined : createLevelMeter(metered)
  const closeMeter = (): void => {
    meter?.close()
    for (const track of metered?.getTracks() ?? []) track.stop()
    meter = undefined
    metered = undefined
  }
  try {
    call = await client.calls.start({
      ...start,
      microphone: microphone !== undefined,
      devices: createBrowserDevices(worklets, {
        context: sound.voice,
        ...(microphone === undefined ? {} : { microphone }),
      }),
      onUpdate: (update) => {
        // Ten come in a second, and nothing but their own strip shows them.
        if (update.type === 'levels') return levels.push(update, performance.now())
        // A cue is never over speech.
        if (update.type === 'handoff' && view.agentState !== 'speaking') sound.play('handoff')
        if (update.type === 'status' && update.status === 'reconnecting') sound.play('reconnecting')
        change(update)
      },
    })
  } catch (error) {
    closeMeter()
    for (const track of microphone?.getTracks() ?? []) track.stop()
    throw error
  }
  change({ type: 'live' })
  sound.play('connected')
  const live = call
  void live.ended.then(() => {
    sound.play('ended')
    closeMeter()
    // The last cue is over by then.
    setTimeout(() => sound.close(), 1_000)
  })
  return {
    get view() {
      return view
    },
    call: live,
    hasMicrophone: microphone !== undefined,
    get meter() {
      return meter
    },
    levels,
    sound,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    setMuted(isMuted) {
      if (isMuted) live.mute()
      else live.unmute()
      sound.play('muted')
      change({ type: 'muted', isMuted })
    },
    async useMicrophone(deviceId) {
      await live.setDevice({ microphoneId: deviceId })
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { deviceId: { exact: deviceId } } })
      closeMeter()
      metered = stream
      meter = createLevelMeter(stream)
    },
    useSpeaker: (deviceId) => live.setDevice({ speakerId: deviceId }),
    dismissNotice: () => change({ type: 'noticed' }),
    hangUp: () => live.hangup(),
  }
}
