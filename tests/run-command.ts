import { spawn } from 'node:child_process'

/** What a command did. */
export interface CommandResult {
  readonly code: number
  /** Standard output and standard error, in the order they arrived. */
  readonly output: string
  readonly stdout: string
}

/** How a command is run. */
export interface CommandOptions {
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
  /** @default 300 000 */
  readonly timeoutMs?: number
}

/** Runs a command to its end; one that outlives its time is killed and counts as failed with code 124. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { cwd = process.cwd(), environment = {}, timeoutMs = 300_000 }: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  let output = ''
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      resolve({ code: code ?? (signal === 'SIGKILL' ? 124 : 1), output, stdout })
    })
  })
}
