import type { Clients } from './clients.ts'

/** One way to send an event to everybody. */
export interface FanoutSide extends AsyncDisposable {
  readonly clients: Clients
  /** How many of the clients get it. */
  readonly receivers: number
  send(): unknown
}

/** What a round of events took. */
export interface FanoutRound {
  /** Of the sending process, per event. */
  cpuUs: number
  /** Until the last client has it, per event. */
  lastByteUs: number
}

/** Sends events one after another, each when everybody has the one before. */
export async function sendRound({ clients, receivers, send }: FanoutSide, events: number): Promise<FanoutRound> {
  const startMs = performance.now()
  const before = process.cpuUsage()
  for (let number = 0; number < events; number++) {
    const arrived = clients.arrived(receivers)
    await send()
    await arrived
  }
  const { user, system } = process.cpuUsage(before)
  return { cpuUs: (user + system) / events, lastByteUs: ((performance.now() - startMs) * 1_000) / events }
}
