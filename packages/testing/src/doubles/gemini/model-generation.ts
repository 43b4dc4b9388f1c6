/** The generation that a model's name tells, such as 2.5; names without a number are of the latest. */
export function modelGeneration(model: string): number {
  const [, digits] = /^gemini-(\d+(?:\.\d+)?)/.exec(model) ?? []
  return digits === undefined ? Number.POSITIVE_INFINITY : Number(digits)
}

/** Whether a model signs its calls and wants the signatures back. */
export function isSigning(model: string): boolean {
  return modelGeneration(model) >= 3
}
