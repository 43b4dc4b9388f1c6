import { ParleyError } from '@parley/spec'
import { expect, test } from 'vitest'
import { resolveVoiceSettings } from './resolve-voice-settings.ts'
import type { VoiceOptions } from './voice-options.ts'

test('TM-1 starts of speech are back-dated by the window the detector has, unless an option says otherwise', () => {
  expect(resolveVoiceSettings().settings.vad.hopMs).toBe(32)
  expect(resolveVoiceSettings({ stages: { vadWindowMs: 10 } }).settings.vad.hopMs).toBe(10)
  expect(
    resolveVoiceSettings({ stages: { vadWindowMs: 10 }, channel: { vad: { hopMs: 20 } } }).settings.vad.hopMs,
  ).toBe(20)
})

test('defaults: all of them, as docs/spec/voice.md 6.1 has them', () => {
  const { settings, version } = resolveVoiceSettings()
  expect(version).toBe(1)
  expect(settings).toEqual({
    source: 'cascade',
    turns: 'local',
    stages: {
      vad: true,
      stt: true,
      turnDetector: false,
      tts: true,
      sttEndOfSpeech: false,
      sttInterim: false,
      canPause: true,
      echo: false,
      direction: 'inbound',
    },
    vad: {
      activation: 0.5,
      deactivation: 0.35,
      minSpeechMs: 50,
      minSilenceMs: 250,
      prefixPadMs: 500,
      maxSpeechMs: 60_000,
      hopMs: 32,
    },
    endpointing: {
      mode: 'auto',
      minDelayMs: 500,
      maxDelayMs: 3000,
      plainMinDelayMs: 500,
      plainMaxDelayMs: 3000,
      predictAfterMs: 200,
      predictTimeoutMs: 1000,
      dynamic: false,
      dynamicAlpha: 0.9,
      hintDelayMs: { digits: 1200, spelling: 1500, email: 2000, name: 800, yesNo: 200 },
      sttNetMs: 1000,
    },
    userTurn: { maxMs: 60_000, maxWords: 0, watchdogMs: 5000, noTranscriptMs: 5000, cutIn: 'listen' },
    interruption: {
      mode: 'adaptive',
      minSpeechMs: 500,
      minWords: 0,
      falseTimeoutMs: 2000,
      resume: true,
      protectFirstMs: 0,
      warmupMs: 3000,
      guards: [],
      whileUninterruptible: 'discard',
      marker: '[interrupted]',
    },
    backchannel: { boundaryStartMs: 1000, boundaryEndMs: 1000, maxMs: 1200, maxWords: 3 },
    agentBackchannel: {
      enabled: false,
      afterMs: 4000,
      pauseMinMs: 250,
      pauseMaxMs: 700,
      intervalMs: 6000,
      maxPerTurn: 3,
      gainDb: -6,
    },
    preemptive: { enabled: true, tts: 'free', maxAttempts: 3, maxSpeechMs: 10_000 },
    idle: { awayMs: 15_000, prompts: 0, hangupMs: 0 },
    keyTerms: [],
    keyTermsFromContext: true,
    reply: { thinkingTimeoutMs: 15_000 },
    stall: { ttsMs: 10_000, forwardMs: 10_000 },
    cancel: { graceMs: 2000, interruptTotalMs: 5000 },
    maxToolSteps: 3,
    minConsecutiveSpeechMs: 0,
    minSpeechGapMs: 0,
    resumeWindowMs: 30_000,
    speak: 'caller',
    autoGreet: true,
    filler: { enabled: false, lines: [], delayMs: 800, intervalMs: 6000, max: 3, rotate: true },
    captureContent: false,
    latencyBudget: { totalMs: 1500 },
  })
})

test('defaults: those that depend on the engines and the line', () => {
  const { settings, sources } = resolveVoiceSettings({
    stages: { turnDetector: true, sttNetMs: 640, isPhone: true, direction: 'outbound' },
  })
  expect(settings.endpointing).toMatchObject({
    minDelayMs: 300,
    maxDelayMs: 2500,
    plainMinDelayMs: 500,
    plainMaxDelayMs: 3000,
    sttNetMs: 640,
  })
  expect(settings.interruption.warmupMs).toBe(0)
  expect(sources['endpointing.minDelayMs']).toBe('stage')
  const inbound = resolveVoiceSettings({ stages: { isPhone: true, direction: 'inbound' } })
  expect(inbound.settings.interruption.warmupMs).toBe(3000)
})

test('each layer changes what it names, and the receipt says which one did', () => {
  const { settings, sources } = resolveVoiceSettings({
    defaults: { interruption: { minWords: 1, minSpeechMs: 100 } },
    channel: { interruption: { minSpeechMs: 200 }, idle: { prompts: 2 } },
    agent: { interruption: { minSpeechMs: 300 }, keyTerms: ['Parley'] },
    call: { endpointing: { minDelayMs: 150 } },
    stages: { turnDetector: true },
  })
  expect(settings.interruption).toMatchObject({ minWords: 1, minSpeechMs: 300 })
  expect(settings.endpointing).toMatchObject({ minDelayMs: 150, plainMinDelayMs: 150, plainMaxDelayMs: 3000 })
  expect(sources).toMatchObject({
    'interruption.minWords': 'defaults',
    'interruption.minSpeechMs': 'agent',
    'interruption.resume': 'default',
    'idle.prompts': 'channel',
    keyTerms: 'agent',
    'endpointing.minDelayMs': 'call',
    'endpointing.plainMinDelayMs': 'call',
  })
})

test('shorthands are spelled out', () => {
  const { settings } = resolveVoiceSettings({
    channel: {
      agentBackchannel: true,
      backchannel: { boundaryMs: { start: 500 } },
      endpointing: { dynamic: { alpha: 0.5 } },
      filler: { lines: ['One moment.'], delayMs: 300 },
    },
  })
  expect(settings.agentBackchannel.enabled).toBe(true)
  expect(settings.backchannel).toMatchObject({ boundaryStartMs: 500, boundaryEndMs: 1000 })
  expect(settings.endpointing).toMatchObject({ dynamic: true, dynamicAlpha: 0.5 })
  expect(settings.filler).toMatchObject({ enabled: true, lines: ['One moment.'], delayMs: 300, max: 3 })
})

const refused = (channel: object): ParleyError => {
  try {
    // Anything may come from plain JavaScript.
    resolveVoiceSettings({ channel: channel as VoiceOptions })
  } catch (error) {
    if (ParleyError.isInstance(error)) return error
  }
  throw new Error('not refused')
}

test('an unknown key is refused with the nearest known one, at every depth', () => {
  expect(refused({ interuption: {} }).message).toContain('"interruption"')
  expect(refused({ interruption: { minSpeach: 1 } }).message).toContain('"minSpeechMs"')
  expect(refused({ endpointing: { hintDelayMs: { digit: 1 } } }).message).toContain('"digits"')
  expect(refused({ agentBackchannel: { afterMsec: 1 } }).message).toContain('"afterMs"')
})

test('a value that is not allowed is refused, and so is a pair that cannot be', () => {
  expect(refused({ interruption: { mode: 'loud' } })).toMatchObject({
    code: 'invalid_options',
    details: { path: 'interruption.mode' },
  })
  expect(refused({ idle: { awayMs: -1 } }).details).toMatchObject({ path: 'idle.awayMs' })
  expect(refused({ idle: { awayMs: Number.NaN } }).code).toBe('invalid_options')
  expect(refused({ endpointing: { minDelayMs: 4000 } }).details).toMatchObject({ path: 'endpointing.minDelayMs' })
})

test('settings are plain JSON', () => {
  const resolved = resolveVoiceSettings({ channel: { filler: { generate: () => Promise.resolve('') } } })
  expect(JSON.parse(JSON.stringify(resolved))).toEqual(resolved)
  expect(resolved.settings.filler.enabled).toBe(true)
})
