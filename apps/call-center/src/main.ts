import { existsSync } from 'node:fs'
import { createSystemClock, ParleyError, toParleyError } from '@parley/spec'
import { createCallCenter, type CallCenter } from './app.ts'
import { hasSomebody, openBrowser } from './start/open-browser.ts'
import { readSettings, type Settings } from './start/settings.ts'
import { startText } from './start/start-text.ts'

const envFile = '.env'
const clock = createSystemClock()

async function main(): Promise<void> {
  if (existsSync(envFile)) process.loadEnvFile(envFile)
  const settings = readSettings(process.argv.slice(2), process.env)
  const startedMs = clock.monotonicMs()
  const isFirst = !existsSync(settings.dataDir)
  const callCenter = await createCallCenter({
    settings,
    env: process.env,
    clock,
    onProgress: (job) => {
      if (isFirst || settings.reset || job === 'building the pages') process.stderr.write(`  ${job} ...\n`)
    },
  })
  stopOnSignal(callCenter)
  show(callCenter, settings, clock.monotonicMs() - startedMs)
  if (settings.open && hasSomebody(process.env, process.stdout.isTTY)) openBrowser(`${callCenter.url}/`)
}

function show(
  { url, port, model, accounts, articles, deskKey, voice }: CallCenter,
  settings: Settings,
  readyMs: number,
): void {
  if (settings.json) {
    const { label, id, remote, warning } = model
    const started = {
      url,
      port,
      desk: `${url}/desk`,
      api: `${url}/docs`,
      model: { label, id, remote, warning: warning ?? null },
      callBudgetUsd: settings.callBudgetUsd ?? null,
      hearing: voice?.hearing ?? null,
      speech: voice?.speech ?? null,
      readyMs: Math.round(readyMs),
    }
    process.stdout.write(`${JSON.stringify(started)}\n`)
    return
  }
  const isLocalHost = url.startsWith('http://localhost')
  process.stdout.write(
    startText({
      url,
      readyMs,
      modelLabel: model.label,
      modelRemark: model.remark,
      modelCost: model.cost,
      hearing: voice?.hearing ?? { label: 'off', remark: 'typing only (--no-voice)' },
      speech: voice?.speech ?? { label: 'off', remark: '' },
      warnings: model.warning === undefined ? [] : [model.warning],
      data: dataWords(settings),
      customers: accounts,
      articles,
      ...(isLocalHost ? {} : { deskKey }),
    }),
  )
}

function dataWords({ databaseUrl, dataDir }: Settings): string {
  if (databaseUrl.startsWith('postgres')) return 'PostgreSQL server'
  return databaseUrl === 'memory://' ? 'memory, gone at the end' : dataDir
}

/** The first Ctrl+C drains, the second stops at once. */
function stopOnSignal(callCenter: CallCenter): void {
  let isStopping = false
  const stop = (): void => {
    if (isStopping) process.exit(130)
    isStopping = true
    callCenter.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

function fail(thrown: unknown): never {
  const error = toParleyError(thrown, { code: 'internal_error', message: 'The call center could not be started.' })
  const reason = ParleyError.isInstance(thrown)
    ? ''
    : `\n  ${thrown instanceof Error ? thrown.message : String(thrown)}`
  process.stderr.write(`error ${error.code}  ${error.message}${reason}\n`)
  process.exit(1)
}

main().catch(fail)
