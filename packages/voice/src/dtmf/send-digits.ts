import type { MediaEndpoint } from '@parley/spec'
import type { ToneLayer } from './tone-layer.ts'
import { tonesFor } from './tone-plan.ts'

/**
 * Sends digits to one leg: by its endpoint where that can, else as tones in its audio.
 * @param leg - the one that is meant; in a bridge each leg has its own endpoint and tone layer
 * @throws {ParleyError} `invalid_options` for a character that is neither a key nor `w`
 */
export async function sendDigits(leg: { endpoint: MediaEndpoint; tones: ToneLayer }, digits: string): Promise<void> {
  const { endpoint, tones } = leg
  if (endpoint.info.capabilities.dtmfOut && endpoint.sendDtmf !== undefined) {
    tonesFor(digits)
    return endpoint.sendDtmf(digits)
  }
  return tones.send(digits)
}
