// The call center without its pages, as a process that a test can kill. Prints its port as one line of JSON.
import { createCallCenter } from '../app.ts'
import { readSettings } from '../start/settings.ts'

const settings = readSettings(process.argv.slice(2), process.env)
const { port } = await createCallCenter({ settings, pages: false, lineTestMs: 200 })
process.stdout.write(`${JSON.stringify({ port })}\n`)
