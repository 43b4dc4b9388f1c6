/** Whatever mixes itself into outgoing frames: a background, tones, another line's voice. */
export interface OutgoingLayer {
  mix(samples: Int16Array, isSpeech: boolean): void
}

/** Makes one mixer of several, in their order. */
export function mixLayers(...layers: readonly OutgoingLayer[]): (samples: Int16Array, isSpeech: boolean) => void {
  return (samples, isSpeech) => {
    for (const layer of layers) layer.mix(samples, isSpeech)
  }
}
