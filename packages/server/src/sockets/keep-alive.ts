import type { Clock } from '@parley/spec'
import type { ServerLimits } from '../server-options.ts'
import type { WsSocket } from './ws-socket.ts'

/** Pings a socket and ends it when nothing came back for long. */
export function keepAlive(
  socket: WsSocket,
  clock: Clock,
  limits: Pick<ServerLimits, 'deadAfterMs' | 'pingIntervalMs'>,
): void {
  let lastSignMs = clock.monotonicMs()
  socket.onSign(() => (lastSignMs = clock.monotonicMs()))
  const tick = (): void => {
    if (clock.monotonicMs() - lastSignMs >= limits.deadAfterMs) return socket.terminate()
    socket.ping()
    cancel = clock.setTimer(limits.pingIntervalMs, tick)
  }
  let cancel = clock.setTimer(limits.pingIntervalMs, tick)
  void socket.closed.then(() => cancel())
}
