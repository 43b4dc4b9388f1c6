import { loadPeer } from '../load-peer.ts'
import { openPythonPeer } from '../python-peer.ts'
import { barePromiseSide, promiseSide } from './promise-side.ts'
import { timed, type Shape, type Timed, type WorkflowSide } from './side.ts'

/** Those that ours is measured against. */
export type PeerName = 'langgraph' | 'mastra' | 'kairos' | 'promise' | 'bare-promise' | 'p-queue'

/** How each of them is shown. */
export const peerTitles: Readonly<Record<PeerName, string>> = {
  langgraph: 'LangGraph (JS)',
  mastra: 'Mastra workflows',
  kairos: 'Kairos SDK (PyPI)',
  promise: 'promises by hand',
  'bare-promise': 'promises by hand',
  'p-queue': 'p-queue',
}

/** A peer that is ready, or why there is none. */
export type OpenedSide = { timed: Timed; close(): void } | { timed: undefined; why: string }

/** Opens a peer for a shape, installing it first where it has to be. */
export async function openSide(
  name: PeerName,
  shape: Shape,
  minMs: number,
  progress: (text: string) => void,
): Promise<OpenedSide> {
  if (name === 'promise') return { timed: timed(promiseSide, shape, minMs), close() {} }
  if (name === 'bare-promise') return { timed: timed(barePromiseSide, shape, minMs), close() {} }
  if (name === 'kairos') return openKairos(shape, minMs, progress)
  const { script, ...missing } = await loadPeer<WorkflowSide>(name, 'workflows.mjs', progress)
  if (script === undefined) return { timed: undefined, why: 'why' in missing ? missing.why : '' }
  return { timed: timed(script, shape, minMs), close() {} }
}

async function openKairos(
  { what, count }: Shape,
  minMs: number,
  progress: (text: string) => void,
): Promise<OpenedSide> {
  const options = { folder: 'kairos', name: 'The Kairos SDK', module: 'kairos', script: 'workflows.py' }
  const { peer, ...missing } = await openPythonPeer(options, progress)
  if (peer === undefined) return { timed: undefined, why: 'why' in missing ? missing.why : '' }
  return {
    timed: async () => (await peer.ask<{ microseconds: number }>(`${what} ${count} ${minMs}`)).microseconds,
    close: () => peer.close(),
  }
}
