import { createClient, type Client } from '@parley/client'
import { useEffect, useMemo, useRef } from 'react'
import { renewToken } from '../shared/demo-api.ts'
import { keepCall, type Call } from './call-storage.ts'

/** Tokens live for an hour, so several renewals in a row may fail. */
const renewMs = 10 * 60_000

/** A client whose token is renewed as long as the page is open. */
export function useSeat(call: Call): { client: Client; getToken: () => string } {
  const token = useRef(call.token)
  const seat = useMemo(() => {
    const getToken = (): string => token.current
    return { client: createClient({ getToken }), getToken }
  }, [])
  useEffect(() => {
    const renew = async (): Promise<void> => {
      token.current = await renewToken({ roomId: call.roomId, token: token.current })
      keepCall({ ...call, token: token.current })
    }
    // A renewal that fails is tried again with the next one, while the old token still has time.
    const timer = setInterval(() => void renew().catch(() => undefined), renewMs)
    return () => clearInterval(timer)
  }, [call])
  return seat
}
