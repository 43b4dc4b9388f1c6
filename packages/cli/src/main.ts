#!/usr/bin/env node
import { createSystemClock } from '@parley/spec'
import { exitCodes } from './exit-code.ts'
import { runCli } from './run-cli.ts'

const interrupt = new AbortController()
process.on('SIGINT', () => {
  // The second time nobody waits for what is under way.
  if (interrupt.signal.aborted) process.exit(exitCodes.interrupted)
  interrupt.abort(new Error('Interrupted.'))
})

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  signal: interrupt.signal,
  clock: createSystemClock(),
})
