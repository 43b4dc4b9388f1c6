import { ParleyError } from '@parley/spec'
import { defaultSttNetMs, defaultVoiceSettings, endpointingDelays, voiceSettingsVersion } from './default-settings.ts'
import type { VoiceOptions } from './voice-options.ts'
import { checkVoiceOptions } from './voice-options-schema.ts'
import type { VoiceSettings, VoiceStages } from './voice-settings.ts'

/** Where a value is from; `stage`: from what an engine or the line says of itself. */
export type SettingSource = 'default' | 'stage' | 'defaults' | 'channel' | 'agent' | 'call'

/** What the call is made of, as far as defaults depend on it. */
export interface SettingStages extends Partial<VoiceStages> {
  /** Length of the detector's windows. @default 32 */
  vadWindowMs?: number
  /** `finalLatency.p99Ms` of the recognizer. @default 1 000 */
  sttNetMs?: number
  /** The person is on a phone line. @default false */
  isPhone?: boolean
  /** @default 'cascade' */
  source?: VoiceSettings['source']
  /** @default 'local' */
  turns?: VoiceSettings['turns']
}

export interface SettingLayers {
  /** Of the whole installation. */
  defaults?: VoiceOptions
  channel?: VoiceOptions
  agent?: VoiceOptions
  call?: VoiceOptions
  stages?: SettingStages
}

/** The receipt `voice.settings`: every value, and where it came from. */
export interface ResolvedVoiceSettings {
  version: number
  settings: VoiceSettings
  sources: Readonly<Record<string, SettingSource>>
}

type Leaves = Map<string, { value: unknown; source: SettingSource }>

const layerNames = ['defaults', 'channel', 'agent', 'call'] as const

/**
 * Puts the layers over each other: later ones win, key by key.
 * @throws {ParleyError} `invalid_options`
 */
export function resolveVoiceSettings(layers: SettingLayers = {}): ResolvedVoiceSettings {
  const { stages = {} } = layers
  const leaves: Leaves = new Map()
  spread(leaves, '', defaultVoiceSettings, 'default')
  spread(leaves, '', stageDefaults(stages), 'stage')
  for (const name of layerNames) {
    checkVoiceOptions(`voice (${name})`, layers[name])
    if (layers[name] !== undefined) spread(leaves, '', flattened(layers[name]), name)
  }
  const isSet = (path: string): boolean => !['default', 'stage'].includes(leaves.get(path)?.source ?? 'default')
  // A delay that was chosen holds with and without the detector.
  for (const [path, plain] of [
    ['endpointing.minDelayMs', 'endpointing.plainMinDelayMs'],
    ['endpointing.maxDelayMs', 'endpointing.plainMaxDelayMs'],
  ] as const) {
    const leaf = leaves.get(path)
    if (leaf !== undefined && isSet(path)) leaves.set(plain, leaf)
  }
  const settings = built(leaves)
  checkTogether(settings)
  return Object.freeze({
    version: voiceSettingsVersion,
    settings,
    sources: Object.freeze(Object.fromEntries([...leaves].map(([path, { source }]) => [path, source]))),
  })
}

/** Defaults that depend on what stands between the person and a turn. */
function stageDefaults({ sttNetMs, vadWindowMs, isPhone = false, source, turns, ...stages }: SettingStages): object {
  const known = Object.fromEntries(Object.entries(stages).filter(([, value]) => value !== undefined))
  return {
    ...(source === undefined ? {} : { source }),
    ...(turns === undefined ? {} : { turns }),
    stages: known,
    vad: vadWindowMs === undefined ? {} : { hopMs: vadWindowMs },
    endpointing: {
      ...(stages.turnDetector === true ? endpointingDelays.detector : {}),
      ...(sttNetMs === undefined || sttNetMs === defaultSttNetMs ? {} : { sttNetMs }),
    },
    interruption: isPhone && stages.direction === 'outbound' ? { warmupMs: 0 } : {},
  }
}

/** Options in the shape of settings: shorthands are spelled out, what is not data is left out. */
function flattened(options: VoiceOptions): object {
  const {
    endpointing,
    backchannel,
    agentBackchannel,
    filler,
    filters,
    voiceMap,
    defaultVoice,
    recording,
    dtmf,
    callBudget,
    latencyBudget,
    ...plain
  } = options
  void [filters, voiceMap, defaultVoice, recording, dtmf, callBudget]
  return {
    ...plain,
    ...(endpointing === undefined ? {} : { endpointing: endpointingOf(endpointing) }),
    ...(backchannel === undefined ? {} : { backchannel: backchannelOf(backchannel) }),
    ...(agentBackchannel === undefined
      ? {}
      : {
          agentBackchannel:
            typeof agentBackchannel === 'boolean'
              ? { enabled: agentBackchannel }
              : { enabled: true, ...agentBackchannel },
        }),
    ...(filler === undefined ? {} : { filler: fillerOf(filler) }),
    ...(latencyBudget?.totalMs === undefined ? {} : { latencyBudget: { totalMs: latencyBudget.totalMs } }),
  }
}

function endpointingOf({ dynamic, ...plain }: NonNullable<VoiceOptions['endpointing']>): object {
  if (dynamic === undefined) return plain
  if (typeof dynamic === 'boolean') return { ...plain, dynamic }
  return { ...plain, dynamic: true, ...(dynamic.alpha === undefined ? {} : { dynamicAlpha: dynamic.alpha }) }
}

function backchannelOf({ boundaryMs, ...plain }: NonNullable<VoiceOptions['backchannel']>): object {
  if (boundaryMs === undefined) return plain
  const { start, end } = typeof boundaryMs === 'number' ? { start: boundaryMs, end: boundaryMs } : boundaryMs
  return {
    ...plain,
    ...(start === undefined ? {} : { boundaryStartMs: start }),
    ...(end === undefined ? {} : { boundaryEndMs: end }),
  }
}

function fillerOf({ generate, ...plain }: NonNullable<VoiceOptions['filler']>): object {
  return { ...plain, enabled: generate !== undefined || (plain.lines ?? []).length > 0 }
}

function spread(leaves: Leaves, prefix: string, values: object, source: SettingSource): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue
    const path = prefix === '' ? key : `${prefix}.${key}`
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) spread(leaves, path, value, source)
    else leaves.set(path, { value, source })
  }
}

function built(leaves: Leaves): VoiceSettings {
  const root: Record<string, unknown> = {}
  for (const [path, { value }] of leaves) {
    const keys = path.split('.')
    const last = keys.pop() ?? ''
    let group = root
    for (const key of keys) {
      group[key] ??= {}
      // Every inner key of a path was made an object by the line above.
      group = group[key] as Record<string, unknown>
    }
    group[last] = Array.isArray(value) ? [...value] : value
  }
  // All leaves of the defaults are there, and options were checked to have values of their types.
  return root as unknown as VoiceSettings
}

function checkTogether({ endpointing, vad, agentBackchannel }: VoiceSettings): void {
  const pairs = [
    ['endpointing.minDelayMs', endpointing.minDelayMs, 'endpointing.maxDelayMs', endpointing.maxDelayMs],
    ['vad.deactivation', vad.deactivation, 'vad.activation', vad.activation],
    [
      'agentBackchannel.pauseMinMs',
      agentBackchannel.pauseMinMs,
      'agentBackchannel.pauseMaxMs',
      agentBackchannel.pauseMaxMs,
    ],
  ] as const
  for (const [low, lowValue, high, highValue] of pairs) {
    if (lowValue <= highValue) continue
    throw new ParleyError({
      code: 'invalid_options',
      message: `Option "${low}" (${lowValue}) has to be at most "${high}" (${highValue}).`,
      details: { path: low, expected: `at most ${highValue}` },
    })
  }
}
