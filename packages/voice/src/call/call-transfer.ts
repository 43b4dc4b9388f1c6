import { ParleyError, type Disposer, type ParticipantId } from '@parley/spec'
import type { DialOut } from '../transfer/dial-out.ts'
import { runTransfer, type RunningTransfer } from '../transfer/run-transfer.ts'
import type { TransferRequest, TransferResult } from '../transfer/transfer-options.ts'
import type { CallHost } from './assemble-call.ts'
import { hookPayload, hookScope, noteReceipt, type CallCore } from './call-core.ts'
import { DeskLegMedia } from './desk-leg.ts'
import { speakToLeg } from './speak-to-leg.ts'

/** What an agent is told when nobody has taken its call. */
const why: Readonly<Record<TransferResult['outcome'], string>> = {
  accepted: 'A colleague has taken the call.',
  busy: 'the line was busy',
  noAnswer: 'nobody answered',
  declined: 'the colleague declined',
  failed: 'the line could not be reached',
  callerLeft: 'the caller hung up',
  humanLeft: 'the colleague who had taken the call has hung up',
  cancelled: 'it was called off',
}

/** Who is dialled, for the log of the room. */
export interface TransferPerson {
  /** @default a new one */
  participantId?: ParticipantId
  displayName?: string
}

/** Transfers of one call, one at a time. */
export class CallTransfer {
  readonly #core: () => CallCore
  readonly #host: CallHost
  #running: RunningTransfer | undefined
  #stopWaiting: Disposer = () => {}

  constructor(core: () => CallCore, host: CallHost) {
    this.#core = core
    this.#host = host
  }

  /** Whether somebody is being dialled, briefed or asked. */
  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** @throws {ParleyError} `invalid_options` without a way to dial, or while another transfer runs */
  async transfer(request: TransferRequest, person: TransferPerson = {}): Promise<TransferResult> {
    const core = this.#core()
    const { dialOut, access, roomId } = core.parts
    if (dialOut === undefined || this.#running !== undefined) throw notNow(dialOut === undefined)
    const participantId = person.participantId ?? access.ids.next('person')
    let media: DeskLegMedia | undefined
    let told: Promise<void> = Promise.resolve()
    let isConnected = false
    const report = (error: unknown): void => access.reportError(error, 'transfer', roomId)
    const connect = (): void => {
      const joining = media
      if (joining === undefined) return
      isConnected = true
      // What is still being said to them is over; the caller hears that they are put through.
      joining.endpoint.output.clear()
      told.then(() => core.bridge.connect(joining, person.displayName)).catch(report)
    }
    const running = runTransfer(request, {
      clock: access.clock,
      dialOut: dialOut satisfies DialOut,
      sayToCaller: (text) => {
        told = Promise.resolve(this.#host.say(text, { kind: 'say' })).then(() => {})
        return told
      },
      hold: (on) => this.#host.hold(on),
      sayToPerson: (endpoint, text) => speakToLeg(core, endpoint, text),
      onLeg: (endpoint) => {
        const id = access.ids.next('leg')
        media = new DeskLegMedia(core, {
          id,
          participantId,
          role: 'human',
          endpoint,
          on: {
            frame: (frame) => core.bridge.said(id, frame),
            text: (text, textId, source) => {
              if (isConnected) core.bridge.wroteLater(id, text, textId, source)
              else running.tell({ type: 'spoken', text })
            },
            digit: (digit) => {
              if (!isConnected) running.tell({ type: 'key', digit })
            },
            closed: (reason) => {
              core.bridge.left(id, reason, `The transfer has ended: ${why.humanLeft}.`)
              running.tell({ type: 'personHungUp' })
            },
          },
        })
        const leg = media
        // A leg whose words cannot be recognized accepts by key.
        leg
          .start()
          .then(() => leg.listen())
          .catch(report)
      },
      connect,
      merge: connect,
      resumeAgent: (result) => this.#resume(result),
      onError: report,
    })
    this.#running = running
    const result = await running.result
    this.#running = undefined
    if (result.outcome === 'accepted') this.#watch(running)
    noteReceipt(core, 'transfer', { kind: request.kind, ...result })
    access.fire('onTransfer', { ...hookPayload(core), to: request.to, outcome: result.outcome }, hookScope(core))
    return result
  }

  /** Ends the ringing or asking of the running transfer. */
  cancel(): void {
    this.#running?.tell({ type: 'cancel' })
  }

  /** The caller has hung up. */
  callEnded(): void {
    this.#running?.tell({ type: 'callerHungUp' })
    this.#stopWaiting()
  }

  /** The agent has the call again, and knows why. */
  #resume({ outcome, sipCode }: TransferResult): void {
    const core = this.#core()
    // Who had the call and left has handed it back: the agent was told with that.
    if (core.isEnding || outcome === 'humanLeft') return
    const { access, roomId } = core.parts
    const { activeAgentId } = core
    if (activeAgentId === null) return
    const code = sipCode === undefined ? '' : ` (code ${sipCode})`
    const instructions = `The transfer did not work: ${why[outcome]}${code}. Tell the caller, and go on with them.`
    access.background('transfer', () => access.ask(roomId, activeAgentId, instructions), roomId)
  }

  #watch(connected: RunningTransfer): void {
    this.#stopWaiting = () => connected.tell({ type: 'callerHungUp' })
  }
}

function notNow(isMissing: boolean): ParleyError {
  return new ParleyError({
    code: isMissing ? 'invalid_options' : 'voice_transfer_failed',
    message: isMissing
      ? 'The voice channel was given no way to dial. Pass it to new VoiceChannel(id, { dialOut }).'
      : 'A transfer of this call is on its way already. Wait for its result, or cancel it.',
    details: isMissing ? { path: 'dialOut' } : { reason: 'running' },
  })
}
