import { readFile } from 'node:fs/promises'
import { resolveVoiceSettings, type SettingStages } from '@parley/voice'
import { expect, test } from 'vitest'
import { parseDefaults, valuesIn } from './default-rows.ts'

const page = await readFile(new URL('../../docs/spec/voice.md', import.meta.url), 'utf8')
const rows = parseDefaults(page)

const resolved = (stages: SettingStages = {}) => resolveVoiceSettings({ stages }).settings
const settings = resolved()
const detected = resolved({ turnDetector: true })
const { vad, endpointing, userTurn, interruption, backchannel, preemptive, idle, reply, stall, cancel } = settings
const { hintDelayMs } = endpointing

/** As the page writes a limit or length of 0 that means none. */
const orOff = (value: number | boolean): number | boolean | 'off' => (value === 0 || value === false ? 'off' : value)

/** Each row of 6.1 with what the code has. */
const timing: Readonly<Record<string, readonly (number | boolean | string)[]>> = {
  'vad.activation, vad.deactivation': [vad.activation, vad.deactivation],
  'vad.minSpeechMs, vad.minSilenceMs': [vad.minSpeechMs, vad.minSilenceMs],
  'vad.prefixPadMs': [vad.prefixPadMs],
  'vad.maxSpeechMs': [vad.maxSpeechMs],
  'vad.hopMs': [vad.hopMs],
  'endpointing.mode': [endpointing.mode],
  'endpointing.minDelayMs, maxDelayMs': [
    detected.endpointing.minDelayMs,
    detected.endpointing.maxDelayMs,
    endpointing.minDelayMs,
    endpointing.maxDelayMs,
  ],
  'endpointing.predictAfterMs, predictTimeoutMs': [endpointing.predictAfterMs, endpointing.predictTimeoutMs],
  'endpointing.dynamic': [orOff(endpointing.dynamic), endpointing.dynamicAlpha],
  'endpointing.hintDelayMs': [
    hintDelayMs.digits,
    hintDelayMs.spelling,
    hintDelayMs.email,
    hintDelayMs.name,
    hintDelayMs.yesNo,
  ],
  'endpointing.sttNetMs': [
    resolved({ sttNetMs: 641 }).endpointing.sttNetMs === 641 ? 'finalLatency.p99Ms' : 'something else',
  ],
  'userTurn.maxMs, maxWords': [userTurn.maxMs, userTurn.maxWords],
  'userTurn.watchdogMs': [userTurn.watchdogMs],
  'userTurn.noTranscriptMs': [userTurn.noTranscriptMs],
  'interruption.mode': [interruption.mode],
  'interruption.minSpeechMs, minWords': [interruption.minSpeechMs, interruption.minWords],
  'interruption.falseTimeoutMs, resume': [interruption.falseTimeoutMs, interruption.resume],
  'interruption.protectFirstMs': [interruption.protectFirstMs],
  'interruption.warmupMs': [
    interruption.warmupMs,
    resolved({ isPhone: true, direction: 'outbound' }).interruption.warmupMs,
  ],
  'interruption.guards': [JSON.stringify(interruption.guards)],
  'interruption.whileUninterruptible': [interruption.whileUninterruptible],
  'backchannel.boundaryMs': [backchannel.boundaryStartMs, backchannel.boundaryEndMs],
  'backchannel.maxMs, maxWords': [backchannel.maxMs, backchannel.maxWords],
  'preemptive.enabled, tts, maxAttempts, maxSpeechMs': [
    preemptive.enabled,
    preemptive.tts,
    preemptive.maxAttempts,
    preemptive.maxSpeechMs,
  ],
  'idle.awayMs': [idle.awayMs],
  'idle.prompts, idle.hangupMs': [idle.prompts, orOff(idle.hangupMs)],
  'keyTerms, keyTermsFromContext': [JSON.stringify(settings.keyTerms), settings.keyTermsFromContext],
  'reply.thinkingTimeoutMs': [reply.thinkingTimeoutMs],
  'stall.ttsMs, stall.forwardMs': [stall.ttsMs, stall.forwardMs],
  'cancel.graceMs, interruptTotalMs': [cancel.graceMs, cancel.interruptTotalMs],
  maxToolSteps: [settings.maxToolSteps],
  minConsecutiveSpeechMs: [settings.minConsecutiveSpeechMs],
}

/** Each row of 2 with the test that pins it: the defaults of these are within their functions. */
const audio: Readonly<Record<string, { values: readonly (number | string)[]; file: string; title: string }>> = {
  'framer frameMs': { values: [20], file: 'framer', title: 'defaults: a frame is 20 ms of one channel' },
  'resampler quality': { values: ['voice'], file: 'resampler', title: 'defaults: one channel, quality voice' },
  'mixer limiter': { values: [-3], file: 'mixer', title: 'defaults: the limiter is soft, a frame is 20 ms' },
  'jitter buffer targetMs, minMs, maxMs': {
    values: [60, 20, 200],
    file: 'jitter/jitter-buffer',
    title: 'defaults: 60 ms to begin with, 20 at least, 200 at most',
  },
  'pacer prebufferMs, headroomMs, queueMs': {
    values: [80, 60, 10_000],
    file: 'pacer',
    title: 'defaults: 20 ms frames, 80 ms at once, 60 ms ahead, 10 s may wait',
  },
  'fades fadeMs': { values: [10], file: 'gain', title: 'defaults: fades take 10 ms, a gain is 0 dB' },
  // Bytes are read through views only where that is right.
  endianness: { values: [], file: 'frame-bytes', title: 'A-13' },
}

test('every default in the tables of voice.md is one of those that are checked here', () => {
  expect(rows.map(({ option }) => option).toSorted()).toEqual(
    [...Object.keys(timing), ...Object.keys(audio)].toSorted(),
  )
})

test.each(rows.filter(({ option }) => option in timing))(
  '$option is $cell, as voice.md 6.1 says',
  ({ option, cell }) => {
    expect(valuesIn(cell)).toEqual(timing[option])
  },
)

test.each(rows.filter(({ option }) => option in audio))(
  '$option is $cell, pinned by a test of audio',
  async ({ option, cell }) => {
    const pin = audio[option]
    expect(valuesIn(cell).slice(0, pin?.values.length)).toEqual(pin?.values)
    const source = await readFile(new URL(`../../packages/audio/src/${pin?.file}.test.ts`, import.meta.url), 'utf8')
    expect(source).toContain(`test('${pin?.title}`)
  },
)

test('what a cell of a default says is read in its order', () => {
  expect(valuesIn('300, 2 500 with a detector; `x`, 0.35 (or 7), off, true, -45')).toEqual([
    300,
    2_500,
    'x',
    0.35,
    'off',
    true,
    -45,
  ])
})
