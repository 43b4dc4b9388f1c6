import { parseArgs } from 'node:util'
import { ParleyError } from '@parley/spec'

/** How the call center is started. */
export interface Settings {
  port: number
  /** Whether another port may be taken when this one is not free: not when it was asked for. */
  isPortFixed: boolean
  host: string
  /** Whether a browser may be opened. */
  open: boolean
  /** Whether the data folder is emptied first. */
  reset: boolean
  seed: number
  json: boolean
  /** Whether calls can be made; without, everything is typed. */
  voice: boolean
  /** Whether calls may be recorded, with the caller's consent. */
  record: boolean
  dataDir: string
  /** `memory://`, `file:` or `postgres:`; the data folder unless set. */
  databaseUrl: string
  /** Signs room tokens and makes the desk's key; required on a host that others can reach. */
  authSecret: string | undefined
  /** What the models of one conversation may cost, in US dollars. @default none */
  callBudgetUsd: number | undefined
  /** A file of prices of models. @default none */
  pricesFile: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const defaultPort = 4310

/**
 * Reads flags and environment; flags win.
 * @throws {ParleyError} `config_invalid` naming the flag or variable
 */
export function readSettings(argv: readonly string[], env: Environment): Settings {
  const values = parseFlags(argv)
  const port = values.port ?? env['PARLEY_PORT']
  const dataDir = env['PARLEY_DATA_DIR'] ?? '.parley/data'
  const host = values.host ?? env['PARLEY_HOST'] ?? '127.0.0.1'
  const authSecret = env['PARLEY_AUTH_SECRET']
  if (!isLoopback(host) && authSecret === undefined) {
    throw invalid(
      `${host} can be reached from elsewhere, so PARLEY_AUTH_SECRET must be set: 32 characters or more.`,
      'PARLEY_AUTH_SECRET',
    )
  }
  if (authSecret !== undefined && Buffer.byteLength(authSecret) < 32) {
    throw invalid('PARLEY_AUTH_SECRET is too short; 32 characters or more are needed.', 'PARLEY_AUTH_SECRET')
  }
  return {
    port:
      port === undefined
        ? defaultPort
        : toNumber(port, { name: values.port === undefined ? 'PARLEY_PORT' : '--port', most: 65_535 }),
    isPortFixed: port !== undefined && port !== '0',
    host,
    open: !values['no-open'],
    reset: values.reset,
    seed: values.seed === undefined ? 1 : toNumber(values.seed, { name: '--seed', most: 2 ** 32 - 1 }),
    json: values.json,
    voice: !values['no-voice'],
    record: recordOf(values.record),
    dataDir,
    databaseUrl: env['PARLEY_DATABASE_URL'] ?? `file:${dataDir}`,
    authSecret,
    callBudgetUsd: dollarsOf(env, 'PARLEY_CALL_BUDGET_USD'),
    pricesFile: env['PARLEY_PRICES'] || undefined,
  }
}

/** An amount of a variable; an empty one is not set. */
function dollarsOf(env: Environment, name: string): number | undefined {
  const text = env[name] ?? ''
  if (text === '') return undefined
  if (/^\d+(\.\d{1,9})?$/.test(text) && Number(text) > 0) return Number(text)
  throw invalid(`${name} is "${text}"; US dollars above 0 are needed, such as 0.50. Unset it for no cap.`, name)
}

/** Whether a host is this machine alone. */
export function isLoopback(host: string): boolean {
  return host === '127.0.0.1' || host === 'localhost' || host === '::1'
}

interface Flags {
  port?: string
  host?: string
  seed?: string
  record?: string
  'no-open': boolean
  'no-voice': boolean
  reset: boolean
  json: boolean
}

function parseFlags(argv: readonly string[]): Flags {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        seed: { type: 'string' },
        'no-open': { type: 'boolean', default: false },
        record: { type: 'string' },
        'no-voice': { type: 'boolean', default: false },
        reset: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('.')[0] : 'A flag is wrong'
    throw new ParleyError({
      code: 'config_invalid',
      message: `${reason}. Known flags: --port --host --seed --no-open --no-voice --record --reset --json.`,
      cause,
    })
  }
}

/** `on` unless it was switched off. */
function recordOf(given: string | undefined): boolean {
  if (given === undefined || given === 'on') return true
  if (given === 'off') return false
  throw invalid(`--record is "${given}"; it is on or off.`, '--record')
}

function toNumber(text: string, { name, most }: { name: string; most: number }): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= most) return value
  throw invalid(`${name} is "${text}"; a number from 0 to ${most} is needed.`, name)
}

function invalid(message: string, path: string): ParleyError {
  return new ParleyError({ code: 'config_invalid', message, details: { path } })
}
