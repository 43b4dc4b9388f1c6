import { spawn } from 'node:child_process'

/** Whether somebody sits in front of this process: a terminal, no CI, no remote shell. */
export function hasSomebody(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  return isTerminal && env['CI'] === undefined && env['SSH_CONNECTION'] === undefined && env['SSH_TTY'] === undefined
}

/** Opens an address in the browser of the machine; without one nothing happens. */
export function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', url]
        : ['xdg-open', url]
  if (command === undefined) return
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  // No browser is no failure: the address stands in the start text.
  child.on('error', () => {})
  child.unref()
}
