import type { AudioFrame, Disposer } from '@parley/spec'
import type { AmdPhrases } from '../amd/amd-phrases.ts'
import type { AmdOptions } from '../amd/amd-options.ts'
import { createBeepDetector } from '../amd/beep-detector.ts'
import { createIvrNavigator, type IvrNavigator, type IvrOptions } from '../amd/ivr-navigator.ts'
import { runAmd, type AmdClassifier, type RunningAmd } from '../amd/run-amd.ts'
import type { CommittedTurn } from '../turn/turn-effects.ts'
import type { TurnEvent } from '../turn/turn-events.ts'
import type { AmdVerdict } from '../turn/verdicts.ts'
import type { CallHost } from './assemble-call.ts'
import { hookPayload, hookScope, noteReceipt, type CallCore } from './call-core.ts'

/** How long the first words of who was called are waited for, in milliseconds (G-2). */
export const FIRST_WORDS_MS = 1_500

/** What is done about answering machines and menus on outbound calls. */
export interface CallAmdOptions extends Partial<AmdOptions> {
  phrases?: Readonly<Record<string, AmdPhrases>>
  classifier?: AmdClassifier
  /** Said to a machine after its greeting, before the call ends. @default nothing: the call ends */
  voicemail?: string
  ivr?: Partial<IvrOptions>
}

const MENU =
  'A telephone menu has answered this call; what it says comes as messages of the person. Find the way to the goal of the ' +
  'call with the tool pressKeys, or say what the menu asks for.'

/** How a call begins: who was called may speak first, and it is found out who that is (G-2, AM-1 to AM-3). */
export class CallOpening {
  readonly #core: () => CallCore
  readonly #host: CallHost
  readonly #options: CallAmdOptions | undefined
  readonly #texts = new Map<string, string>()
  #amd: RunningAmd | undefined
  #verdict: AmdVerdict | undefined
  #beep: ReturnType<typeof createBeepDetector> | undefined
  #navigator: IvrNavigator | undefined
  #isLost = false
  #phase: 'waiting' | 'open' | 'idle' = 'idle'
  #isSpeaking = false
  #startedAt = ''
  #greetedAtMs: number | undefined
  #stopWait: Disposer = () => {}

  constructor(core: () => CallCore, host: CallHost, options: CallAmdOptions | undefined) {
    this.#core = core
    this.#host = host
    this.#options = options
  }

  /** Who answered an outbound call, once that is known. */
  get answeredBy(): AmdVerdict | undefined {
    return this.#verdict
  }

  /** Media is ready. @throws {ParleyError} `invalid_options` */
  start(): void {
    const { parts, driver } = this.#core()
    const { clock } = parts.access
    this.#startedAt = new Date(clock.now()).toISOString()
    if (parts.direction === 'inbound') return this.#greet()
    this.#phase = 'waiting'
    if (this.#options === undefined) {
      this.#wait()
      return
    }
    const { voicemail: _voicemail, ivr: _ivr, classifier, ...options } = this.#options
    this.#amd = runAmd(options, {
      clock,
      ...(classifier === undefined ? {} : { classifier }),
      onVerdict: (verdict, by) => this.#judged(verdict, by),
      onMaySpeak: () => this.#maySpeak(),
      onError: (error) => parts.access.reportError(error, 'amd', parts.roomId),
    })
    this.#beep = createBeepDetector({ onBeep: () => this.#amd?.tell({ type: 'beep' }) })
    driver.feed({ type: 'command', command: { kind: 'startAmd' } })
    this.#amd.tell({ type: 'answered' })
  }

  /** What the machine is told. */
  event(event: TurnEvent): void {
    if (this.#phase === 'idle') return
    switch (event.type) {
      case 'vadStart':
        this.#isSpeaking = true
        this.#amd?.tell({ type: 'speechStart', atMs: event.speechStartedAtMs })
        return
      case 'vadEnd':
        this.#isSpeaking = false
        this.#amd?.tell({ type: 'speechEnd', atMs: event.lastVoicedAtMs })
        if (this.#amd === undefined && this.#phase === 'waiting') this.#wait()
        return
      case 'sttInterim':
      case 'sttFinal':
        return this.#text(event)
      default:
        return
    }
  }

  /** A frame of who was called. */
  frame(frame: AudioFrame): void {
    if (this.#amd !== undefined) this.#beep?.push(frame)
  }

  /** The first words of who was called are in the log: the greeting answers them. */
  wordsKept(): void {
    if (this.#phase === 'waiting' && this.#amd === undefined) this.#greet()
  }

  /** Whether a turn is not for the agent: the greeting answers it, or a machine has said it. */
  answers({ startedAtMs }: Pick<CommittedTurn, 'startedAtMs'>): boolean {
    const { parts, agents, activeAgentId } = this.#core()
    if (parts.direction === 'inbound') return false
    // What a machine says is written down, and nobody answers it.
    if (this.#verdict === 'machine' || this.#verdict === 'unavailable') return true
    const agent = activeAgentId === null ? undefined : agents.get(activeAgentId)
    const greets = agent?.autoGreet !== false && (agent?.greeting !== undefined || agent?.greetingPrompt !== undefined)
    if (!greets) return false
    return this.#phase === 'waiting' || (this.#greetedAtMs !== undefined && startedAtMs <= this.#greetedAtMs)
  }

  /** Presses keys in a menu, one at a time; `loop`: it is the same menu again, and nothing was pressed (AM-3). */
  async press(digits: string): Promise<'pressed' | 'loop'> {
    if (this.#isLost) return 'loop'
    await this.#menus().press(digits)
    return 'pressed'
  }

  close(): void {
    this.#stopWait()
    this.#amd?.tell({ type: 'hangup' })
    this.#amd?.close()
    this.#amd = undefined
    this.#phase = 'idle'
  }

  #text({ id, text, type, language }: Extract<TurnEvent, { type: 'sttInterim' | 'sttFinal' | 'sttEager' }>): void {
    this.#texts.set(id, text)
    if (this.#texts.size > 64) this.#texts.delete([...this.#texts.keys()][0] ?? '')
    this.#amd?.tell({
      type: 'text',
      text: [...this.#texts.values()].join(' '),
      ...(language === undefined ? {} : { language }),
    })
    if (this.#verdict !== 'ivr' || type !== 'sttFinal' || text.trim() === '') return
    if (this.#menus().menu(text) !== 'loop' || this.#isLost) return
    this.#isLost = true
    noteReceipt(this.#core(), 'menuLoop', {})
  }

  #menus(): IvrNavigator {
    const { access } = this.#core().parts
    return (this.#navigator ??= createIvrNavigator(this.#options?.ivr, {
      clock: access.clock,
      send: (digit) => this.#core().layers.send(digit),
    }))
  }

  #judged(verdict: AmdVerdict, by: string): void {
    const core = this.#core()
    this.#verdict = verdict
    noteReceipt(core, 'answeredBy', { verdict, by })
    core.emitter.emit({ type: 'answeredBy', verdict })
    core.parts.access.fire(
      'onAmd',
      { ...hookPayload(core), verdict, confidence: by === 'bound' ? 0.5 : 1 },
      hookScope(core),
    )
    if (verdict === 'unavailable' && !core.isEnding) this.#host.hangup('agent')
  }

  #maySpeak(): void {
    const core = this.#core()
    const { access, roomId } = core.parts
    const verdict = this.#verdict ?? 'uncertain'
    this.#amd?.close()
    this.#amd = undefined
    this.#beep = undefined
    core.driver.feed({ type: 'amdVerdict', verdict, confidence: 1 })
    if (verdict === 'machine') return this.#leaveMessage()
    // Who has just spoken is written down first: the greeting would be cut by their own hello.
    if (verdict !== 'ivr') return core.driver.state.open === null ? this.#greet() : this.#wait()
    this.#phase = 'open'
    // A menu that is still being read out is a turn of its own when it ends.
    if (this.#isSpeaking || core.driver.state.open !== null) return
    this.#menus().menu([...this.#texts.values()].join(' '))
    const { activeAgentId } = core
    if (activeAgentId !== null) access.background('ivr', () => access.ask(roomId, activeAgentId, MENU), roomId)
  }

  #leaveMessage(): void {
    const { voicemail } = this.#options ?? {}
    if (voicemail === undefined) return this.#host.hangup('agent')
    void this.#host.say(voicemail, { interruptible: false, priority: 10 }).then(() => this.#host.hangup('agent'))
  }

  /** Words may follow: they come first. Who is speaking is let finish. */
  #wait(): void {
    const { parts, driver } = this.#core()
    this.#stopWait()
    this.#stopWait = parts.access.clock.setTimer(FIRST_WORDS_MS, () => {
      if (this.#isSpeaking) return
      if (driver.state.open === null) this.#greet()
      else this.#wait()
    })
  }

  #greet(): void {
    const { parts } = this.#core()
    if (this.#phase === 'open') return
    this.#stopWait()
    this.#phase = 'open'
    this.#greetedAtMs = parts.access.clock.monotonicMs()
    parts.access.connected(parts.roomId, this.#startedAt)
  }
}
