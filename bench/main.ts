import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { nearestName } from '@parley/spec'
import { jsonPrinter, tablePrinter } from './print.ts'
import type { BenchContext, Scenario } from './suite.ts'
import { suites } from './suites.ts'

const usage = 'npm run -s bench -- NAME [--json] [--quick]'

/** Scenarios that a name stands for: a benchmark's all, or the one of a figure. */
function find(name: string): { bench: string; scenarios: (() => Promise<Scenario>)[] } | undefined {
  const suite = suites[name]
  if (suite !== undefined) return { bench: name, scenarios: Object.values(suite.scenarios) }
  for (const [bench, { scenarios }] of Object.entries(suites)) {
    const scenario = scenarios[name]
    if (scenario !== undefined) return { bench, scenarios: [scenario] }
  }
  return undefined
}

function list(): string {
  const lines = Object.entries(suites).map(([name, { describes, scenarios }]) => {
    const parts = Object.keys(scenarios).filter((part) => part !== name)
    return `${name.padEnd(15)}${describes}\n${' '.repeat(15)}${parts.join(', ')}`
  })
  return `${usage}\n\n${lines.join('\n')}\n`
}

/** Collecting garbage between rounds keeps one round's from being paid by the next. */
function exposeGc(): void {
  setFlagsFromString('--expose-gc')
  globalThis.gc = runInNewContext('gc') as NodeJS.GCFunction // what the flag defines
}

async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
  })
  const [name] = positionals
  if (name === undefined) {
    process.stdout.write(list())
    return 0
  }
  const found = find(name)
  if (found === undefined) {
    const known = Object.entries(suites).flatMap(([bench, { scenarios }]) => [bench, ...Object.keys(scenarios)])
    const nearest = nearestName(name, known)
    process.stderr.write(
      `There is no benchmark "${name}".${nearest === undefined ? '' : ` Did you mean "${nearest}"?`} Without a name all are listed.\n`,
    )
    return 2
  }
  exposeGc()
  const write = (text: string): void => void process.stdout.write(text)
  const printer = values.json ? jsonPrinter(write) : tablePrinter(write)
  const context: BenchContext = { isQuick: values.quick, progress: (text) => void process.stderr.write(`${text}\n`) }
  for (const load of found.scenarios) {
    const scenario = await load()
    for await (const figure of scenario(context)) printer.figure({ bench: found.bench, ...figure })
  }
  printer.end()
  return 0
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  if (process.env['PARLEY_BENCH_TRACE'] !== undefined && error instanceof Error)
    process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
}
