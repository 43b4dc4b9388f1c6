import type { MediaEndpoint } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeAcceptance } from './accept-words.ts'
import { createColdTransfer } from './cold-transfer.ts'
import type { DialResult } from './dial-out.ts'
import { runTransfer } from './run-transfer.ts'
import { initialTakeoverState, stepTakeover, TAKEOVER_BOUND_MS, type TakeoverEvent } from './takeover.ts'
import { defaultTransferOptions, type TransferRequest, type WarmTransfer } from './transfer-options.ts'
import type { TransferEffect, TransferEvent, TransferState, TransferTimer } from './transfer-step.ts'
import { createWarmTransfer } from './warm-transfer.ts'

/** A call to transfer: speech takes a second, lines answer as the test says. */
function call(request: TransferRequest, { speechMs = 1_000 }: { speechMs?: number } = {}) {
  const clock = createVirtualClock()
  const happened: [number, string][] = []
  const note = (what: string): void => void happened.push([clock.monotonicMs(), what])
  const leg = { close: async (reason: string) => note(`close ${reason}`) } as unknown as MediaEndpoint // Only `close` is called.
  let answer: (result: DialResult) => void = () => {}
  const running = runTransfer(request, {
    clock,
    dialOut: {
      dial(to, { timeoutMs, signal }) {
        note(`dial ${to} ${timeoutMs}`)
        signal.addEventListener('abort', () => note('ringing ended'))
        return new Promise((resolve) => (answer = resolve))
      },
    },
    async sayToCaller(text) {
      note(`caller hears: ${text}`)
      await clock.sleep(speechMs)
    },
    hold: (on) => note(on ? 'hold' : 'unhold'),
    async sayToPerson(_leg, text) {
      note(`person hears: ${text}`)
      await clock.sleep(speechMs)
    },
    onLeg: () => note('leg'),
    connect: () => note('connect'),
    merge: (_leg, agentAfter) => note(`merge ${agentAfter}`),
    resumeAgent: (result) => note(`resume ${JSON.stringify(result)}`),
    onError: (error) => note(`error ${String(error)}`),
  })
  return {
    clock,
    running,
    happened,
    what: () => happened.map(([, text]) => text),
    answer: async (result: 'accepted' | Exclude<DialResult, { outcome: 'accepted' }>) => {
      answer(result === 'accepted' ? { outcome: 'accepted', leg } : result)
      await clock.advance(0)
    },
  }
}

const warm: WarmTransfer = { kind: 'warm', to: '+1', briefing: 'Ada was charged twice.' }

describe('transfer', () => {
  test('defaults: transfer', () => {
    expect(defaultTransferOptions).toEqual({
      timeoutMs: 30_000,
      acceptMs: 45_000,
      ringAllowanceMs: 2_000,
      speechBoundMs: 30_000,
      agentAfter: 'leave',
      callerLeftText: 'The caller has hung up. Thank you.',
    })
    expect(TAKEOVER_BOUND_MS).toBe(500)
  })

  test('X-1 the announcement is heard before it rings, and "transferred" is said only after acceptance', async () => {
    const { clock, running, answer, happened, what } = call({
      kind: 'cold',
      to: '+1',
      announce: 'One moment.',
      transferredText: 'You are being connected.',
    })
    await clock.advance(999)
    expect(what()).toEqual(['caller hears: One moment.'])
    await clock.advance(20_000)
    expect(happened).toEqual([
      [0, 'caller hears: One moment.'],
      [1_000, 'dial +1 30000'],
    ])
    await answer('accepted')
    expect(what().slice(2)).toEqual(['leg', 'caller hears: You are being connected.', 'connect'])
    expect(await running.result).toEqual({ outcome: 'accepted' })
  })

  test.each([
    [{ outcome: 'busy' }, { outcome: 'busy' }],
    [{ outcome: 'noAnswer' }, { outcome: 'noAnswer' }],
    [{ outcome: 'declined' }, { outcome: 'declined' }],
    [
      { outcome: 'failed', sipCode: 503 },
      { outcome: 'failed', sipCode: 503 },
    ],
  ] as const)('X-1 on %j the agent resumes and knows why', async (dialed, result) => {
    for (const request of [{ kind: 'cold', to: '+1' } as const, warm]) {
      const { running, answer, what } = call(request)
      await answer(dialed)
      expect(what().at(-1)).toBe(`resume ${JSON.stringify(result)}`)
      expect(what()).not.toContain('connect')
      expect(await running.result).toEqual(result)
    }
  })

  test("X-3 ringing ends 2 s after the carrier's limit, and who answers later is let go", async () => {
    for (const request of [{ kind: 'cold', to: '+1', timeoutMs: 10_000 } as const, { ...warm, timeoutMs: 10_000 }]) {
      const { clock, running, answer, what } = call(request)
      await clock.advance(11_999)
      expect(what()).not.toContain('ringing ended')
      await clock.advance(1)
      expect(what()).toContain('ringing ended')
      expect(await running.result).toEqual({ outcome: 'noAnswer' })
      await answer('accepted')
      expect(what().at(-1)).toBe('close transfer')
      expect(clock.pending).toBe(0)
    }
  })

  test('X-2 the caller is held, the person is told, and their yes merges', async () => {
    const { clock, running, answer, what } = call({ ...warm, agentAfter: 'monitor' })
    await clock.advance(5_000)
    await answer('accepted')
    await clock.advance(1_500)
    expect(what()).toEqual(['hold', 'dial +1 30000', 'leg', 'person hears: Ada was charged twice.'])
    running.tell({ type: 'key', digit: '1' })
    expect(what().slice(4)).toEqual(['merge monitor', 'unhold'])
    expect(await running.result).toEqual({ outcome: 'accepted' })
    expect(clock.pending).toBe(0)
  })

  test.each<[string, TransferEvent & { type: 'key' | 'spoken' | 'button' }, 'accepted' | 'declined' | undefined]>([
    ['key 1', { type: 'key', digit: '1' }, 'accepted'],
    ['key 2', { type: 'key', digit: '2' }, 'declined'],
    ['key 5', { type: 'key', digit: '5' }, undefined],
    ['a yes', { type: 'spoken', text: 'Yes, put them through.' }, 'accepted'],
    ['a no', { type: 'spoken', text: 'No, I am busy, okay?' }, 'declined'],
    ['other words', { type: 'spoken', text: 'Who is calling?' }, undefined],
    ['the button', { type: 'button', accept: true }, 'accepted'],
    ['the other button', { type: 'button', accept: false }, 'declined'],
  ])('X-2 the person answers by %s', async (_name, event, outcome) => {
    const { clock, running, answer, what } = call(warm)
    await answer('accepted')
    await clock.advance(1_000)
    running.tell(event)
    if (outcome === undefined) return expect(what().at(-1)).toBe('person hears: Ada was charged twice.')
    expect(await running.result).toEqual({ outcome })
    if (outcome === 'declined')
      expect(what().slice(-3)).toEqual(['close transfer', 'unhold', 'resume {"outcome":"declined"}'])
  })

  test('X-2 no answer within 45 s of the briefing declines', async () => {
    const { clock, running, answer } = call(warm)
    let result: unknown
    void running.result.then((value) => (result = value))
    await answer('accepted')
    await clock.advance(1_000 + 44_999)
    expect(result).toBeUndefined()
    await clock.advance(1)
    expect(result).toEqual({ outcome: 'declined' })
  })

  test('X-2 the caller hangs up meanwhile: the person is told, then let go', async () => {
    const { clock, running, answer, happened } = call(warm)
    await answer('accepted')
    await clock.advance(1_000)
    running.tell({ type: 'callerHungUp' })
    expect(await running.result).toEqual({ outcome: 'callerLeft' })
    await clock.runToRest()
    expect(happened.slice(-2)).toEqual([
      [1_000, 'person hears: The caller has hung up. Thank you.'],
      [2_000, 'close transfer'],
    ])
  })

  test('X-2 the caller hangs up while it rings: the ringing ends and no agent resumes', async () => {
    const { running, what } = call(warm)
    running.tell({ type: 'callerHungUp' })
    expect(await running.result).toEqual({ outcome: 'callerLeft' })
    expect(what()).toEqual(['hold', 'dial +1 30000', 'ringing ended'])
  })

  test('X-2 the person hangs up after the merge: the agent returns with the outcome', async () => {
    const { running, answer, what } = call(warm)
    await answer('accepted')
    running.tell({ type: 'button', accept: true })
    running.tell({ type: 'personHungUp' })
    expect(what().at(-1)).toBe('resume {"outcome":"humanLeft"}')
  })

  test('X-2 a briefing that never ends is bounded', async () => {
    const { clock, running, answer } = call(warm, { speechMs: 10 ** 9 })
    await answer('accepted')
    await clock.advance(30_000 + 45_000)
    expect(await running.result).toEqual({ outcome: 'declined' })
  })

  test('X-1 X-2 whatever happens: one result, no timer left, and never connected without acceptance', () => {
    const event: fc.Arbitrary<TransferEvent> = fc.oneof(
      fc.constantFrom<TransferEvent>(
        { type: 'announced' },
        { type: 'briefed' },
        { type: 'told' },
        { type: 'personHungUp' },
        { type: 'callerHungUp' },
        { type: 'cancel' },
        { type: 'start' },
        { type: 'key', digit: '1' },
        { type: 'key', digit: '2' },
        { type: 'dialed', result: { outcome: 'accepted' } },
        { type: 'dialed', result: { outcome: 'busy' } },
        { type: 'timerFired', timer: 'speech' },
        { type: 'timerFired', timer: 'ringing' },
        { type: 'timerFired', timer: 'accept' },
      ),
    )
    fc.assert(
      fc.property(
        fc.constantFrom('cold' as const, 'warm' as const),
        fc.boolean(),
        fc.array(event),
        (kind, hasAnnouncement, events) => {
          const announce = hasAnnouncement ? { announce: 'One moment.' } : {}
          const machine =
            kind === 'cold'
              ? createColdTransfer({ kind, to: '+1', ...announce })
              : createWarmTransfer({ ...warm, ...announce })
          let state: TransferState = machine.initial
          let nowMs = 0
          const timers = new Map<TransferTimer, number>()
          const effects: TransferEffect[] = []
          let hasAccepted = false
          let isHeld = false
          const feed = (next: TransferEvent): void => {
            if (next.type === 'dialed' && next.result.outcome === 'accepted') hasAccepted = true
            const step = machine.step(state, next, nowMs)
            state = step.state
            for (const effect of step.effects) {
              effects.push(effect)
              if (effect.type === 'setTimer') timers.set(effect.timer, effect.atMs)
              if (effect.type === 'cancelTimer') timers.delete(effect.timer)
              if (effect.type === 'hold') isHeld = effect.on
              if (effect.type === 'connect' || effect.type === 'merge') expect(hasAccepted).toBe(true)
            }
          }
          feed({ type: 'start' })
          for (const next of events) {
            nowMs += 100
            feed(next)
          }
          for (let [due] = timers; due !== undefined; [due] = timers) {
            timers.delete(due[0])
            nowMs = Math.max(nowMs, due[1])
            feed({ type: 'timerFired', timer: due[0] })
          }
          expect(effects.filter(({ type }) => type === 'settle')).toHaveLength(1)
          expect(['done', 'connected']).toContain(state.phase)
          const resumed = effects.some(({ type }) => type === 'resumeAgent')
          if (resumed || state.phase === 'connected') expect(isHeld).toBe(false)
          expect(JSON.parse(JSON.stringify(state))).toEqual(state)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('X-2 words that take and refuse at once refuse', () => {
    expect(judgeAcceptance('ok no')).toBe('decline')
    expect(judgeAcceptance('Ja, gerne', 'de-DE')).toBe('accept')
    expect(judgeAcceptance("Oui, d'accord", 'fr')).toBe('accept')
    expect(judgeAcceptance('I know')).toBeNull()
  })

  test('X-1 an option of another name is refused', () => {
    // @ts-expect-error the misspelt option is what is tested
    expect(() => createColdTransfer({ kind: 'cold', to: '+1', timeoutMS: 1 })).toThrow(/timeoutMs/)
    expect(() => createColdTransfer({ kind: 'cold', to: '' })).toThrow(/whom/)
  })

  test('X-4 taking over interrupts, bridges and changes the mode in one step, and giving back leaves a summary', () => {
    let state = initialTakeoverState
    const feed = (event: TakeoverEvent, nowMs: number) => {
      const step = stepTakeover(state, event, nowMs)
      state = step.state
      return step.effects
    }
    expect(feed({ type: 'take' }, 1_000)).toEqual([
      { type: 'interruptAgent' },
      { type: 'bridge' },
      { type: 'setMode', mode: 'human' },
      { type: 'setTimer', atMs: 1_500 },
    ])
    expect(feed({ type: 'timerFired' }, 1_500)).toEqual([{ type: 'late' }])
    expect(feed({ type: 'bridged' }, 1_600)).toEqual([{ type: 'cancelTimer' }])
    expect(feed({ type: 'giveBack', summary: 'Refund agreed.' }, 60_000)).toEqual([
      { type: 'cancelTimer' },
      { type: 'unbridge' },
      { type: 'summary', text: 'Refund agreed.' },
      { type: 'setMode', mode: 'agent' },
    ])
    feed({ type: 'take' }, 70_000)
    expect(feed({ type: 'personHungUp' }, 71_000)).toContainEqual({ type: 'setMode', mode: 'agent' })
  })
})
