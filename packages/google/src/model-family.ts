/** What sets the families of Gemini apart on the wire. */
export interface ModelFamily {
  /** How thinking is asked for. */
  thinking: 'none' | 'budget' | 'level'
  /** Fewest tokens of thinking, where it cannot be turned off. */
  leastThinking: number
  /** Signs its calls and wants the signatures back; takes tools beside a schema, and media as the result of a tool. */
  isSigning: boolean
}

/** The generation that a model's name tells, such as 2.5; names without a number, such as `gemini-flash-latest`, are of the latest. */
function generationOf(model: string): number {
  const [, digits] = /^(?:models\/)?gemini-(\d+(?:\.\d+)?)/.exec(model) ?? []
  return digits === undefined ? Number.POSITIVE_INFINITY : Number(digits)
}

/** The family of a model, by its name. */
export function modelFamily(model: string): ModelFamily {
  const isGemini = /^(?:models\/)?gemini-/.test(model)
  const generation = generationOf(model)
  if (!isGemini || generation < 2.5) return { thinking: 'none', leastThinking: 0, isSigning: false }
  const leastThinking = model.includes('pro') ? 128 : 0
  return generation < 3
    ? { thinking: 'budget', leastThinking, isSigning: false }
    : { thinking: 'level', leastThinking, isSigning: true }
}
