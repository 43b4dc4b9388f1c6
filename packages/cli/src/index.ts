export { type CliStream, type CliWorld } from './cli-world.ts'
export { exitCodes, type ExitCode } from './exit-code.ts'
export { runCli } from './run-cli.ts'
