// Run as a child process. The first line is what careless libraries write to the standard output of a server.
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { createTideServer } from './tide-server.ts'

process.stdout.write('This line is no message.\n')
await createTideServer().connect(new StdioServerTransport())

if (process.argv.includes('stubborn')) {
  process.on('SIGTERM', () => {})
  setInterval(() => {}, 1_000_000)
}
