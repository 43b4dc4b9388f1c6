/** The part of Node's `process` that a run log uses; browsers have none. */
interface ProcessLike {
  stderr: { write(text: string): unknown; isTTY?: boolean }
  env: { [name: string]: string | undefined }
}

function nodeProcess(): ProcessLike | undefined {
  const candidate: unknown = Reflect.get(globalThis, 'process')
  if (typeof candidate !== 'object' || candidate === null || !('stderr' in candidate) || !('env' in candidate))
    return undefined
  const { stderr, env } = candidate
  const isNode = typeof stderr === 'object' && stderr !== null && 'write' in stderr && typeof env === 'object'
  return isNode ? (candidate as ProcessLike) : undefined // the fields that are used were looked at above
}

/** Writes one line to standard error; to the console where there is none. */
export function stderrLine(line: string): void {
  const node = nodeProcess()
  if (node !== undefined) node.stderr.write(`${line}\n`)
  // oxlint-disable-next-line eslint/no-console -- a browser has no other place
  else console.error(line)
}

/** Whether standard error shows colours: a terminal, and `NO_COLOR` is not set. */
export function stderrHasColour(): boolean {
  const node = nodeProcess()
  return node?.stderr.isTTY === true && (node.env['NO_COLOR'] ?? '') === ''
}
