import { spawn } from 'node:child_process'
import type { Clock } from '@parley/spec'

/** A command without a shell. */
export interface Command {
  binary: string
  args: readonly string[]
  signal: AbortSignal
  clock: Clock
  /** It is killed after this time. */
  limitMs: number
}

/** How a command ended. */
export type CommandEnd =
  | { type: 'done'; output: string }
  | { type: 'failed'; code: number | null }
  | { type: 'killed' }
  | { type: 'absent' }

/** More output than any recognition gives, in characters. */
const MAX_OUTPUT = 1_000_000

/** Runs a command to its end; an abort or the limit kills it. Rejects with the signal's reason alone. */
export function runLimited({ binary, args, signal, clock, limitMs }: Command): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'ignore'], env: { LC_ALL: 'C' } })
    let output = ''
    let isKilled = false
    const kill = (): void => {
      isKilled = true
      child.kill('SIGKILL')
    }
    const stopTimer = clock.setTimer(limitMs, kill)
    signal.addEventListener('abort', kill, { once: true })
    const settle = (end: CommandEnd): void => {
      stopTimer()
      signal.removeEventListener('abort', kill)
      if (signal.aborted) reject(signal.reason)
      else resolve(end)
    }
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      output += text
      if (output.length > MAX_OUTPUT) kill()
    })
    child.on('error', () => settle({ type: 'absent' }))
    child.on('close', (code) => {
      if (isKilled) settle({ type: 'killed' })
      else settle(code === 0 ? { type: 'done', output } : { type: 'failed', code })
    })
  })
}
