import type { Scenario } from '../suite.ts'
import { against } from './against.ts'
import type { PeerName } from './peer-sides.ts'

/** A chain of 1,000 steps, each with a contract on the order that it is given and on the one that it gives. */
export function chainAgainst(peer: Exclude<PeerName, 'p-queue'>): Scenario {
  return against({
    metric: `chain-${peer}`,
    peer,
    shape: { what: 'chain', count: 1_000 },
    ...(noteOf[peer] === undefined ? {} : { note: noteOf[peer] }),
  })
}

const noteOf: Readonly<Partial<Record<PeerName, string>>> = {
  promise: 'The same validations (inputs by name, outputs) and no record of anything; target 0.33.',
  'bare-promise': 'The promises check the payload alone, without the names of inputs.',
}

/** The same with a payload that costs next to nothing to validate: what is left is the engine. */
export const chainOfText: Scenario = against({
  metric: 'chain-promise-text',
  peer: 'promise',
  shape: { what: 'chain', count: 1_000, payload: 'text' },
  note: 'One long text, and nothing is checked but types.',
})

/** 1,000 steps beside each other and a step that joins them. */
export function fanoutAgainst(peer: PeerName): Scenario {
  return against({ metric: `fanout-steps-${peer}`, peer, shape: { what: 'fanout', count: 1_000 } })
}

/** A step over 10,000 items with a contract on what it gives, so many at once. */
export function foreachAgainst(peer: PeerName, concurrency: 1 | 32): Scenario {
  return against({
    metric: concurrency === 1 ? `foreach-${peer}` : `foreach-${concurrency}-${peer}`,
    peer,
    shape: { what: 'foreach', count: 10_000, concurrency },
    note: `${concurrency} at once.`,
  })
}
