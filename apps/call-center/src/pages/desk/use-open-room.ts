import { useCallback, useEffect, useState } from 'react'

/** The room that is open, kept in the address: it can be shared, and a reload or Back finds it. */
export function useOpenRoom(): [roomId: string | undefined, open: (roomId: string) => void] {
  const [roomId, setRoomId] = useState(readAddress)
  useEffect(() => {
    const onChange = (): void => setRoomId(readAddress())
    window.addEventListener('hashchange', onChange)
    return () => window.removeEventListener('hashchange', onChange)
  }, [])
  const open = useCallback((next: string) => {
    location.hash = encodeURIComponent(next)
  }, [])
  return [roomId, open]
}

function readAddress(): string | undefined {
  const text = location.hash.slice(1)
  if (text === '') return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // an escape that is none names no room
  }
}
