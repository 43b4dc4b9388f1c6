import { expect, test } from 'vitest'
import { createLogger, type LoggerOptions } from './create-logger.ts'

function logged(options: LoggerOptions = {}) {
  const lines: string[] = []
  const logger = createLogger({ ...options, destination: { write: (line) => void lines.push(line) } })
  return { logger, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

test('a line is a message with fields, those of the parent too', () => {
  const { logger, read } = logged()
  logger.child({ roomId: 'r' }).warn('A stream failed.', { attempt: 2 })
  logger.debug('Not written by default.')
  expect(read()).toMatchObject([{ msg: 'A stream failed.', roomId: 'r', attempt: 2, level: 40 }])
})

test("people's words are left out unless asked for, credentials always", () => {
  const fields = { pii: 'I was charged twice', token: 'prt_x', nested: { key: 'prl_x' } }
  const quiet = logged()
  quiet.logger.info('Said.', fields)
  expect(JSON.stringify(quiet.read())).not.toMatch(/charged|prt_x|prl_x/)
  const open = logged({ capturesContent: true })
  open.logger.info('Said.', fields)
  expect(JSON.stringify(open.read())).toContain('charged twice')
  expect(JSON.stringify(open.read())).not.toMatch(/prt_x|prl_x/)
})
