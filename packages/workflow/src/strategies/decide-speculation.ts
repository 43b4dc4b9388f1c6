import type { LostCandidate } from '@parley/spec'
import type { AskedModel } from './asked-model.ts'

/** Which of two answers is used, and why the other is not. */
export interface SpeculationVerdict {
  taken: 'draft' | 'verifier' | 'none'
  /** Whether the verifier stands behind what is taken. */
  verified: boolean
  draftLost?: LostCandidate['reason']
  verifierLost?: LostCandidate['reason']
}

/** What two ended calls and their comparison lead to. Pure. */
export function decideSpeculation(options: {
  draft: AskedModel['end']['status']
  verifier: AskedModel['end']['status']
  /** Whether the draft was still at work when the verifier ended. */
  wasSlower: boolean
  agree: boolean
  allowUnverified: boolean
}): SpeculationVerdict {
  const { draft, verifier, wasSlower, agree, allowUnverified } = options
  if (verifier === 'valid') {
    if (draft === 'valid' && agree) return { taken: 'draft', verified: true }
    return { taken: 'verifier', verified: true, draftLost: draft === 'valid' ? 'disagreed' : lossOf(draft, wasSlower) }
  }
  const verifierLost = lossOf(verifier, false)
  if (draft === 'valid' && allowUnverified) return { taken: 'draft', verified: false, verifierLost }
  return { taken: 'none', verified: false, draftLost: lossOf(draft, false), verifierLost }
}

function lossOf(status: AskedModel['end']['status'], wasSlower: boolean): LostCandidate['reason'] {
  if (status === 'failed' || status === 'invalid') return status
  return wasSlower ? 'slower' : 'cancelled'
}
