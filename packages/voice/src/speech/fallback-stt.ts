import {
  checkOptions,
  ParleyError,
  toParleyError,
  type Clock,
  type Disposer,
  type SpeechContext,
  type SpeechToText,
  type SttEvent,
  type SttOpen,
  type SttStream,
} from '@parley/spec'

import { createEventChannel } from './event-channel.ts'
import { fallbackDefaults, fallbackOptionNames, type FallbackOptions } from './fallback-options.ts'
import { createMemberHealth, type MemberHealth } from './member-health.ts'
import { createReplayTape } from './replay-tape.ts'
import { within } from './within.ts'

/**
 * Recognizes with the first of several recognizers that works. One that fails, or gives no final in time, is tried once
 * more, then replaced; the next hears the last 8 s of the open turn again. A failed one comes back between turns.
 * @throws {ParleyError} `invalid_options`; `voice_stt_failed` from `open` if no member can be opened
 */
export function createFallbackStt(members: readonly SpeechToText[], options: FallbackOptions = {}): SpeechToText {
  checkOptions('createFallbackStt', options, fallbackOptionNames)
  const [main] = members
  if (main === undefined) {
    throw new ParleyError({ code: 'invalid_options', message: 'createFallbackStt needs at least one recognizer.' })
  }
  const { probeEveryMs } = { ...fallbackDefaults, ...options }
  let clock: Clock | null = null
  const health = createMemberHealth(
    members.length,
    () => {
      if (clock === null)
        throw new ParleyError({ code: 'invalid_options', message: 'A fallback has no clock before it is opened.' })
      return clock
    },
    probeEveryMs,
  )
  return {
    info: {
      ...main.info,
      id: members.map(({ info }) => info.id).join('|'),
      // What is promised has to hold whoever recognizes.
      interim: members.every(({ info }) => info.interim),
      wordTimings: members.every(({ info }) => info.wordTimings),
      endOfSpeech: members.every(({ info }) => info.endOfSpeech),
    },
    async open(open, context) {
      clock = context.clock
      return openFallback({ members, health, options, open, context })
    },
  }
}

interface FallbackCall {
  members: readonly SpeechToText[]
  health: MemberHealth
  options: FallbackOptions
  open: SttOpen
  context: SpeechContext
}

async function openFallback({ members, health, options, open, context }: FallbackCall): Promise<SttStream> {
  const { attemptMs, retryAfterMs, replayMs } = { ...fallbackDefaults, ...options }
  const retries = options.retries ?? fallbackDefaults.sttRetries
  const { clock } = context
  const channel = createEventChannel<SttEvent>()
  const tape = createReplayTape(replayMs)
  const idOf = (index: number | null): string | null => (index === null ? null : (members[index]?.info.id ?? null))
  let settings = open
  let stream: SttStream | null = null
  let current: number | null = null
  let tries = 0
  let isSwitching = false
  // Times of words of a replayed turn would be made up: they are left out until its final.
  let isReplayed = false
  let wantsFinal = false
  let stopTimer: Disposer | null = null
  // Text of the open turn that has no final yet, and its name for whoever listens.
  let openId: string | null = null
  let carried: { from: string | null; to: string } | null = null
  let streams = 0

  function openMember(index: number): Promise<SttStream> {
    const member = members[index]
    const message = `The recognizer ${idOf(index) ?? ''} could not be opened within ${attemptMs} ms.`
    if (member === undefined) return Promise.reject(new ParleyError({ code: 'voice_stt_failed', message }))
    return within(clock, attemptMs, member.open(settings, context), {
      code: 'voice_stt_failed',
      message,
      late: (opened) => void opened.close(),
    })
  }

  async function next(failed: ParleyError | null): Promise<ParleyError | null> {
    const tried = new Set<number>()
    let error = failed
    if (failed !== null && current !== null) {
      if (tries < retries && failed.retryable) {
        tries += 1
        await clock.sleep(retryAfterMs, { signal: context.signal })
      } else {
        health.failed(current)
        tried.add(current)
        tries = 0
      }
    }
    for (let index = health.first(tried); index !== null; index = health.first(tried)) {
      try {
        const opened = await openMember(index)
        if (channel.isClosed) {
          await opened.close()
          return null
        }
        if (index !== current && (current !== null || error !== null)) tell(index, error)
        use(index, opened)
        return null
      } catch (cause) {
        if (context.signal.aborted) return null
        error = toParleyError(cause, {
          code: 'voice_stt_failed',
          message: `The recognizer ${idOf(index) ?? ''} could not be opened.`,
        })
        health.failed(index)
        tried.add(index)
      }
    }
    tell(null, error)
    current = null
    return error ?? new ParleyError({ code: 'voice_stt_failed', message: 'All recognizers are down.' })
  }

  function tell(to: number | null, error: ParleyError | null): void {
    options.onChange?.({
      stage: 'stt',
      ...(context.callId !== undefined && { callId: context.callId }),
      from: idOf(current),
      to: idOf(to),
      reason: error?.code ?? 'recovered',
    })
  }

  function use(index: number, opened: SttStream): void {
    current = index
    stream = opened
    isReplayed = tape.replay(opened)
    streams += 1
    carried = isReplayed && openId !== null ? { from: null, to: openId } : null
    if (wantsFinal) askFinal()
    void listen(opened)
  }

  function askFinal(): void {
    wantsFinal = true
    stream?.finalize()
    stopTimer?.()
    stopTimer = clock.setTimer(attemptMs, () => {
      const message = `The recognizer ${idOf(current) ?? ''} gave no final within ${attemptMs} ms.`
      void change(new ParleyError({ code: 'voice_stt_silent', message }))
    })
  }

  async function change(error: ParleyError | null): Promise<void> {
    if (isSwitching || channel.isClosed) return
    isSwitching = true
    stopTimer?.()
    stopTimer = null
    const old = stream
    stream = null
    // Who failed may fail at closing too: nobody waits for it.
    old?.close().catch(() => context.telemetry.count('voice.stt.closeErrors'))
    let failure: ParleyError | null = null
    try {
      failure = await next(error)
    } catch (cause) {
      failure = context.signal.aborted
        ? null
        : toParleyError(cause, { code: 'voice_stt_failed', message: 'The change of recognizers failed.' })
    }
    isSwitching = false
    if (failure !== null) channel.push({ type: 'error', error: failure })
  }

  async function listen(from: SttStream): Promise<void> {
    try {
      for await (const event of from.events) {
        if (stream !== from) return
        take(event)
      }
      if (stream !== from || channel.isClosed) return
      await change(
        new ParleyError({
          code: 'voice_stt_failed',
          message: `The recognizer ${idOf(current) ?? ''} ended its stream.`,
        }),
      )
    } catch (cause) {
      const message = `The recognizer ${idOf(current) ?? ''} failed.`
      if (stream === from) await change(toParleyError(cause, { code: 'voice_stt_failed', message }))
    }
  }

  /** The first text after a change is the open turn heard again: it goes on under its name. Others are made unique. */
  function nameOf(id: string): string {
    if (carried !== null) carried.from ??= id
    if (carried?.from === id) return carried.to
    return streams > 1 ? `${streams}:${id}` : id
  }

  function take(event: SttEvent): void {
    if (event.type === 'error') return void change(event.error)
    if (event.type === 'interim' || event.type === 'final') {
      const { words, ...rest } = event
      const id = nameOf(event.id)
      openId = event.type === 'final' ? null : id
      channel.push({ ...rest, id, ...(isReplayed || words === undefined ? {} : { words }) })
    } else channel.push(event)
    if (event.type !== 'final' || event.eager === true) return
    // The turn so far is written: nobody has to hear it again.
    tape.clear()
    isReplayed = false
    wantsFinal = false
    tries = 0
    stopTimer?.()
    stopTimer = null
    const best = health.first()
    if (best !== null && best !== current) void change(null)
  }

  const leave = health.attend(async (index) => {
    try {
      const probe = await openMember(index)
      await probe.close()
      // With nobody else to recognize, it is used at once.
      if (stream === null && !isSwitching) clock.setTimer(0, () => void change(null))
      return true
    } catch {
      // Still down: that is what was asked.
      return false
    }
  })

  async function close(): Promise<void> {
    if (channel.isClosed) return
    channel.close()
    leave()
    context.signal.removeEventListener('abort', onAbort)
    stopTimer?.()
    const open = stream
    stream = null
    await open?.close()
  }
  const onAbort = (): void => void close()
  context.signal.addEventListener('abort', onAbort, { once: true })

  const failure = await next(null)
  if (failure !== null) {
    await close()
    throw failure
  }
  return {
    push(frame) {
      tape.push(frame)
      stream?.push(frame)
    },
    silence(ms) {
      tape.silence(ms)
      stream?.silence(ms)
    },
    finalize() {
      if (!channel.isClosed) askFinal()
    },
    async update(changed) {
      settings = { ...settings, ...changed }
      return (await stream?.update(changed)) ?? 'applied'
    },
    events: channel.events,
    close,
  }
}
