import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Clients in a process of their own, so that their work is not counted as the sender's. */
export interface Clients {
  /** Resolves when so many more messages have arrived at all of them together. */
  arrived(messages: number): Promise<void>
  close(): void
}

/** Starts `clients.mjs` of a peer and waits until all of them are connected. */
export async function openClients(peer: string, args: readonly (string | number)[]): Promise<Clients> {
  const script = join(import.meta.dirname, '../peers', peer, 'clients.mjs')
  const child = fork(script, args.map(String), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ended = once(child, 'exit').then(() => {
    throw new Error(`The clients of ${peer} ended.`)
  })
  // It ends at the close, when nobody waits for it.
  ended.catch(() => {})
  await Promise.race([once(child, 'message'), ended])
  return {
    async arrived(messages) {
      const told = once(child, 'message')
      child.send(messages)
      await Promise.race([told, ended])
    },
    close: () => child.disconnect(),
  }
}
