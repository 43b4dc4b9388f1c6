import type { BackchannelDetector, TurnDetector, TurnPredictionInput } from '@parley/spec'

/** Answers of a scripted turn detector: one after the other (the last one stays), or made from the question. */
export type TurnScript =
  | readonly (number | null)[]
  | ((input: TurnPredictionInput) => number | null | Promise<number | null>)

/** Options of `createScriptedTurnDetector`. */
export interface ScriptedTurnDetectorOptions {
  script?: TurnScript
  /** @default ['en'] */
  languages?: readonly string[]
  /** @default { default: 0.5 } */
  thresholds?: Readonly<Record<string, number>>
}

/** A turn detector without a model. It answers `null` for languages it does not have. */
export function createScriptedTurnDetector({
  script = [1],
  languages = ['en'],
  thresholds = { default: 0.5 },
}: ScriptedTurnDetectorOptions = {}): TurnDetector & { readonly asked: readonly TurnPredictionInput[] } {
  const asked: TurnPredictionInput[] = []
  return {
    info: { id: 'scripted-turn-detector', languages, modality: 'text', thresholds },
    asked,
    async predict(input) {
      input.signal.throwIfAborted()
      asked.push(input)
      const language = input.language?.split('-')[0]
      if (language !== undefined && !languages.includes(language)) return null
      if (typeof script === 'function') return script(input)
      return script[Math.min(asked.length, script.length) - 1] ?? null
    },
  }
}

/** A backchannel detector that knows a list of words. @default mm-hm, uh-huh, yeah, okay, right */
export function createScriptedBackchannelDetector(
  words: readonly string[] = ['mm-hm', 'uh-huh', 'yeah', 'okay', 'right'],
): BackchannelDetector {
  return {
    isBackchannel: ({ text }) => {
      const said = text
        .toLowerCase()
        .replaceAll(/[.,!?]/g, '')
        .trim()
      return said !== '' && words.includes(said)
    },
  }
}
