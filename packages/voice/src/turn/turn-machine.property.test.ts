import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { VoiceSettings } from '../options/voice-settings.ts'
import { Digits, randomEvent, type Known } from './__fixtures__/random-event.ts'
import { settingsWith, Timeline } from './__fixtures__/timeline.ts'
import type { TurnEffect } from './turn-effects.ts'
import type { TurnEvent } from './turn-events.ts'
import { createTurnMachine } from './turn-machine.ts'

const timelines = Number(process.env['PARLEY_TIMELINES'] ?? 100_000)
const numbers = fc.array(fc.maxSafeNat(), { maxLength: 40, size: 'max' })
const modes = ['adaptive', 'immediate', 'confirmed', 'off', 'manual'] as const

/** Settings of all kinds, told apart by one number. */
function randomSettings(digits: Digits): VoiceSettings {
  return settingsWith({
    stages: {
      turnDetector: digits.below(2) === 0,
      echo: digits.below(4) === 3,
      canPause: digits.below(4) !== 3,
      sttInterim: digits.below(2) === 0,
      vad: digits.below(6) !== 5,
    },
    interruption: {
      mode: digits.one(modes),
      minWords: digits.below(3),
      whileUninterruptible: digits.one(['discard', 'queue'] as const),
      warmupMs: digits.one([0, 3000]),
      resume: digits.below(4) !== 3,
    },
    endpointing: {
      mode: digits.one(['auto', 'auto', 'vad', 'stt', 'manual'] as const),
      dynamic: digits.below(2) === 0,
    },
    userTurn: { cutIn: digits.one(['listen', 'interject'] as const), maxWords: digits.one([0, 0, 0, 4]) },
    idle: { prompts: digits.below(2), hangupMs: digits.one([0, 60_000]) },
    minSpeechGapMs: digits.one([0, 200]),
  })
}

/** Keeps watch from outside: what was said and heard by the events, never by the machine's own state. */
class Watch {
  floor: string | null = null
  held: string | null = null
  /** Certainly speaking, by the rules. */
  speaking = false
  /** The detector has said so and not taken it back. */
  isVoiced = false
  /** With the button down the rules of push-to-talk hold; nothing is claimed. */
  isPressed = false
  /** A provider heard it first: its own reports end it. */
  isProvided = false
  isDeaf = { muted: false, held: false, lost: false }
  readonly asides = new Set<string>()
  isClosed = false

  before(event: TurnEvent): void {
    const { isDeaf } = this
    switch (event.type) {
      case 'vadStart':
        if (this.isPressed || this.isProvided || isDeaf.muted || isDeaf.held || isDeaf.lost) break
        if (!this.isVoiced) this.speaking = true
        this.isVoiced = true
        break
      case 'vadEnd':
      case 'vadFailed':
        this.speaking = false
        this.isVoiced = false
        break
      case 'talk':
        this.isPressed = event.down
        this.speaking = false
        break
      case 'echoVerdict':
        this.speaking = false
        this.isVoiced = true
        break
      // After these it may still be speech, or not: nothing is claimed.
      case 'providerSpeechStarted':
        this.isProvided = true
        break
      case 'providerSpeechStopped':
      case 'providerTurn':
        this.isProvided = false
        this.speaking = false
        break
      case 'sttSpeechEnd':
        this.speaking = false
        break
      case 'muted':
        isDeaf.muted = event.muted
        this.speaking = false
        this.isVoiced &&= !event.muted
        break
      case 'mediaLost':
      case 'mediaResumed':
        isDeaf.lost = event.type === 'mediaLost'
        this.speaking = false
        this.isVoiced &&= event.type === 'mediaResumed'
        break
      case 'command':
        if (event.command.kind === 'hold') isDeaf.held = true
        if (event.command.kind === 'resume') isDeaf.held = false
        if (event.command.kind === 'hold' || event.command.kind === 'close') this.speaking = false
        break
      case 'timerFired':
        // A turn that is cut may let the agent speak over the person.
        if (event.timer === 'maxTurn') this.speaking = false
        break
      case 'replyStarted':
        if (event.kind === 'filler' || event.kind === 'backchannel') this.asides.add(event.utteranceId)
        else this.asides.delete(event.utteranceId)
        break
      case 'playoutFinished':
      case 'replyFailed':
      case 'outputStalled':
        if (event.utteranceId === this.floor) this.floor = null
        break
      case 'replyEnded':
        if (event.isEmpty && event.utteranceId === this.floor) this.floor = null
        break
      default:
    }
  }

  after(effects: readonly TurnEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'notify' && effect.event === 'turnTruncated') {
        this.speaking = false
        this.isVoiced = true
      }
      if (effect.type === 'holdLaunch' && effect.utteranceId === this.floor) this.held = effect.utteranceId
      if (effect.type === 'releaseLaunch' && effect.utteranceId === this.held) this.held = null
      if (effect.type === 'interrupt' && this.floor !== null && effect.plan.utteranceIds.includes(this.floor))
        this.floor = null
      if (effect.type === 'resumeOutput' || effect.type === 'releaseLaunch') this.#expectSilence(effect.type)
      if (effect.type !== 'startReply') continue
      if (this.asides.has(effect.utteranceId)) continue
      this.#expectSilence('startReply')
      // A reply in a tool may lend the floor; its launch is held then.
      if (this.floor !== null && this.held !== this.floor)
        throw new Error(`${effect.utteranceId} is started while ${this.floor} has the floor`)
      this.floor = effect.utteranceId
    }
  }

  #expectSilence(what: string): void {
    if (this.speaking) throw new Error(`${what} while the person speaks`)
  }
}

function play(seeds: readonly number[]): Timeline {
  const [first = 0, ...others] = seeds
  const call = new Timeline(randomSettings(new Digits(first)))
  const watch = new Watch()
  call.onStep = (event, effects) => watch.after(effects)
  call.beforeStep = (event) => watch.before(event)
  const known: Known = { nowMs: 0, decisionId: '', turnId: '', verdictId: '', floorId: '', isSilent: false }
  for (const seed of others) {
    const digits = new Digits(seed)
    call.after(digits.one([0, 20, 100, 250, 300, 700, 1500, 4000, 16_000]))
    known.nowMs = call.nowMs
    for (const effect of call.feed(randomEvent(digits, known))) {
      if (effect.type === 'predictTurn') known.decisionId = effect.decisionId
      if (effect.type === 'startReply') {
        known.floorId = effect.utteranceId
        known.isSilent = true
      }
      if (effect.type === 'askBackchannel') known.verdictId = effect.id
      if (effect.type === 'commitUserTurn') known.turnId = effect.turn.turnId
    }
    const { state } = call
    if (state.utterances.length > 18) throw new Error('the queue is not bounded')
    if ((state.open?.parts.length ?? 0) > 64) throw new Error('the open turn is not bounded')
    if (state.isClosing && call.timers.size > 0) throw new Error('a timer is pending after the close')
  }
  return call
}

/** Silence, every guard taken away, and all timers run out. */
function calmDown(call: Timeline): void {
  const calming: TurnEvent[] = [
    { type: 'mediaResumed' },
    { type: 'command', command: { kind: 'resume' } },
    { type: 'muted', muted: false },
    { type: 'talk', down: false },
    { type: 'roomMode', mode: 'agent' },
    { type: 'command', command: { kind: 'thaw' } },
    { type: 'amdVerdict', verdict: 'human', confidence: 1 },
    { type: 'vadEnd', lastVoicedAtMs: call.nowMs, probability: 0 },
    { type: 'providerSpeechStopped', itemId: '' },
  ]
  for (const event of calming) call.feed(event)
  call.after(3_000_000)
}

function expectAnswer(call: Timeline): void {
  const words = 'this is a new and clean sentence'
  const since = call.timed.length
  call.feed({ type: 'vadStart', speechStartedAtMs: call.nowMs, probability: 1 })
  call.after(1500).feed({ type: 'sttFinal', id: 'clean', text: words, lastWordEndMs: call.nowMs })
  call.after(250).feed({ type: 'vadEnd', lastVoicedAtMs: call.nowMs - 250, probability: 0 })
  call.after(4000)
  if (call.state.open !== null) call.feed({ type: 'command', command: { kind: 'commit' } })
  call.after(4000)
  const turn = call.timed
    .slice(since)
    .flatMap(({ effect }) => (effect.type === 'commitUserTurn' && effect.turn.asksAgent ? [effect.turn] : []))
    .find(({ text }) => text.includes('clean sentence') || text.includes('this is a new'))
  if (turn === undefined) throw new Error('the clean turn is not committed')
  call.feed({
    type: 'replyStarted',
    utteranceId: 'answer',
    kind: 'reply',
    agentId: 'a',
    turnId: call.state.awaiting?.turnId ?? turn.turnId,
  })
  call.after(1000)
  const isStarted = call.timed
    .slice(since)
    .some(({ effect }) => effect.type === 'startReply' && effect.utteranceId === 'answer')
  if (!isStarted) throw new Error('the answer to the clean turn is not started')
}

test('TM-14 whatever happened, the next clean turn is committed and answered, and nobody is spoken over', () => {
  const run = fc.property(numbers, (seeds) => {
    const call = play(seeds)
    if (call.state.isClosing) return
    calmDown(call)
    if (call.state.floorId !== null) throw new Error('the floor is held for ever')
    expectAnswer(call)
  })
  fc.assert(run, { numRuns: timelines })
}, 240_000)

test('the state is plain JSON, and the same inputs give the same effects', () => {
  fc.assert(
    fc.property(numbers, (seeds) => {
      const call = play(seeds)
      const machine = createTurnMachine(randomSettings(new Digits(seeds[0] ?? 0)))
      let state = machine.initial
      for (const { atMs, event, effects } of call.log) {
        const again = machine.step(JSON.parse(JSON.stringify(state)), event, atMs)
        expect(again.effects).toEqual(effects)
        state = again.state
      }
      expect(state).toEqual(call.state)
    }),
    { numRuns: 300 },
  )
}, 60_000)

test('a closed call has no timer and does nothing more', () => {
  fc.assert(
    fc.property(numbers, numbers, (before, after) => {
      const call = play(before)
      call.feed({ type: 'command', command: { kind: 'close' } })
      expect([...call.timers]).toEqual([])
      for (const seed of after) {
        const event = randomEvent(new Digits(seed), {
          nowMs: call.nowMs,
          decisionId: '',
          turnId: '',
          verdictId: '',
          floorId: '',
          isSilent: false,
        })
        const effects = call.feed(event).map(({ type }) => type)
        expect(effects.filter((type) => type !== 'dropUtterance')).toEqual([])
      }
    }),
    { numRuns: 300 },
  )
}, 60_000)
