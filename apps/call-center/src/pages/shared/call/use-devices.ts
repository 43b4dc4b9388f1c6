import { useEffect, useState } from 'react'

/** Microphones and speakers this page may know of. */
export interface PageDevices {
  microphones: readonly MediaDeviceInfo[]
  /** Empty where the browser lets no page choose. */
  speakers: readonly MediaDeviceInfo[]
}

const none: PageDevices = { microphones: [], speakers: [] }

/** The devices, as they are plugged in and out. Names are known once a microphone was allowed. */
export function useDevices(isAsked: boolean): PageDevices {
  const [devices, setDevices] = useState(none)
  useEffect(() => {
    if (!isAsked || !('mediaDevices' in navigator)) return undefined
    const read = (): void => {
      navigator.mediaDevices.enumerateDevices().then(
        (all) =>
          setDevices({
            microphones: all.filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== ''),
            speakers: all.filter(
              ({ kind, deviceId }) =>
                kind === 'audiooutput' && deviceId !== '' && 'setSinkId' in AudioContext.prototype,
            ),
          }),
        () => setDevices(none), // none that this page may know of
      )
    }
    read()
    navigator.mediaDevices.addEventListener('devicechange', read)
    return () => navigator.mediaDevices.removeEventListener('devicechange', read)
  }, [isAsked])
  return devices
}
