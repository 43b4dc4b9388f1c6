import { checkOptions, noLogger, ParleyError, type Clock, type Logger } from '@parley/spec'

/** A message of the wire, as it was; sounds and parameters are masked unless `recordText` is set. */
export interface TwilioRecordedFrame {
  /** Since the socket was accepted. */
  atMs: number
  direction: 'in' | 'out'
  text: string
}

/** Options of `createTwilioEndpoint`. */
export interface TwilioOptions {
  /** The account's secret: signs what Twilio sends us. */
  authToken: string
  /** Calls of other accounts are turned away. @default any, the call says which */
  accountSid?: string
  /** The address Twilio reaches us at, such as `https://calls.example.com`. */
  publicUrl: string
  /** @default 'https://api.twilio.com' */
  apiBase?: string
  /** Whether signatures are checked; `false` is for tests behind no public address. @default true */
  verify?: boolean
  /** Path of the media socket below `publicUrl`. @default '/v1/twilio/media' */
  streamPath?: string
  /** Path that Twilio asks what to do with a call. @default '/v1/twilio/voice' */
  voicePath?: string
  clock: Clock
  /** For requests to Twilio. @default the platform's */
  fetch?: typeof fetch
  logger?: Logger
  /** Gets the traffic of each call, for replay by the double. @default nobody */
  record?: (frame: TwilioRecordedFrame, callSid: string) => void
  /** Whether sounds and parameters are recorded as they are. @default false */
  recordText?: boolean
}

/** Options with everything filled in. */
export interface TwilioSettings {
  authToken: string
  accountSid: string | undefined
  /** Without a slash at the end. */
  publicUrl: string
  apiBase: string
  verify: boolean
  streamPath: string
  voicePath: string
  clock: Clock
  fetch: typeof fetch
  logger: Logger
  record: ((frame: TwilioRecordedFrame, callSid: string) => void) | undefined
  recordText: boolean
}

export const twilioDefaults = {
  apiBase: 'https://api.twilio.com',
  verify: true,
  streamPath: '/v1/twilio/media',
  voicePath: '/v1/twilio/voice',
  recordText: false,
}

const known = [
  'authToken',
  'accountSid',
  'publicUrl',
  'apiBase',
  'verify',
  'streamPath',
  'voicePath',
  'clock',
  'fetch',
  'logger',
  'record',
  'recordText',
]

/**
 * Checks options and fills in what is missing.
 * @throws {ParleyError} `invalid_options`
 */
export function resolveTwilioOptions(options: TwilioOptions): TwilioSettings {
  checkOptions('createTwilioEndpoint', options, known)
  const { authToken, accountSid, publicUrl, clock, logger = noLogger } = options
  const settings = { ...twilioDefaults, ...options }
  if (authToken === '') throw invalid('authToken', 'the auth token of the account')
  for (const name of ['publicUrl', 'apiBase'] as const) {
    const address = name === 'publicUrl' ? publicUrl : settings.apiBase
    if (!URL.canParse(address) || !/^(https?|wss?):$/.test(new URL(address).protocol)) {
      throw invalid(name, 'an address such as https://calls.example.com')
    }
  }
  for (const name of ['streamPath', 'voicePath'] as const) {
    if (!settings[name].startsWith('/')) throw invalid(name, 'a path that begins with a slash')
  }
  return {
    ...settings,
    accountSid,
    publicUrl: publicUrl.replace(/\/+$/, ''),
    apiBase: settings.apiBase.replace(/\/+$/, ''),
    clock,
    // Called as a plain function: a platform's `fetch` does not want to be a method.
    fetch: options.fetch ?? ((...args) => fetch(...args)),
    logger,
    record: options.record,
  }
}

function invalid(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `createTwilioEndpoint needs ${expected} as ${path}.`,
    details: { path, expected },
  })
}
