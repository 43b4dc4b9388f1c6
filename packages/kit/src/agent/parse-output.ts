import { checkContract, type Contract, type Violation } from '@parley/spec'

/** Reads a model's answer as JSON and checks it; a fence of Markdown around it is taken off. */
export async function parseOutput(
  text: string,
  contract: Contract,
): Promise<{ ok: true; value: unknown } | { ok: false; violations: Violation[] }> {
  const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/.exec(text)
  let json: unknown
  try {
    json = JSON.parse(fenced?.[1] ?? text)
  } catch {
    return { ok: false, violations: [{ path: '', message: 'one JSON value and nothing else' }] }
  }
  return await checkContract(contract, json)
}
