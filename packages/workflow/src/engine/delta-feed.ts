import type { Json } from '@parley/spec'
import { DeltaChannel } from './delta-channel.ts'
import type { PreparedStep } from './prepare.ts'
import { note, type RunScope, type StepPlace } from './run-scope.ts'

/** How an agent comes to its answer, besides the answer. */
type SideChannel = 'thought' | 'instructions'

/**
 * What an attempt shows while it works. A step that says nothing shows its output piece by piece; one that says what it
 * shows (`stream`) shows that, and a final event with each whole text.
 */
export class DeltaFeed {
  readonly #scope: RunScope
  readonly #place: StepPlace
  readonly #stream: PreparedStep['step']['stream']
  readonly #channels = new Map<string, DeltaChannel>()
  #agentStep = 0
  #isOver = false

  constructor(scope: RunScope, place: StepPlace, stream: PreparedStep['step']['stream']) {
    this.#scope = scope
    this.#place = place
    this.#stream = stream
  }

  /** A piece of the output. */
  add(text: string): void {
    if (this.#isOver) return
    if (this.#showsOutput) this.#channel('output').add(text)
    if (this.#stream?.partials === true && this.#agentStep > 0) this.#stepChannel().add(text)
  }

  /** A piece of how an agent comes to its output. */
  addTo(channel: SideChannel, text: string): void {
    if (!this.#isOver && this.#stream?.instructions === true) this.#channel(channel).add(text)
  }

  /** An agent goes on: what it wrote before was on the way to its answer, not the answer. */
  beginAgentStep(step: number): void {
    if (this.#isOver) return
    this.#completeStep()
    this.#agentStep = step
    const output = this.#channels.get('output')
    // Whoever speaks it as it comes is not left in the middle of a word.
    output?.end()
    output?.restart('step')
  }

  /** The whole output; all that was begun is complete. */
  complete(text: string): void {
    if (this.#isOver || this.#stream === undefined) return
    this.#completeStep()
    if (this.#showsOutput) this.#channel('output').complete(text)
  }

  /** The attempt has failed: nothing that it has shown holds. */
  restart(reason: string): void {
    for (const channel of this.#channels.values()) channel.restart(reason)
  }

  /** Nothing more is shown; what was held back is. */
  end(): void {
    this.#isOver = true
    for (const channel of this.#channels.values()) channel.end()
  }

  get #showsOutput(): boolean {
    return this.#stream === undefined || this.#stream.output === true
  }

  #completeStep(): void {
    for (const name of ['instructions', 'thought', `step${this.#agentStep}`]) this.#channels.get(name)?.completeSoFar()
  }

  #stepChannel(): DeltaChannel {
    return this.#channel(`step${this.#agentStep}`, { channel: 'output', agent_step: this.#agentStep })
  }

  #channel(name: string, fields: { [key: string]: Json } = { channel: name }): DeltaChannel {
    const known = this.#channels.get(name)
    if (known !== undefined) return known
    const scope = this.#scope
    const opened = new DeltaChannel({
      clock: scope.clock,
      redact: scope.redactText,
      fields,
      isWhole: this.#stream !== undefined && this.#stream.delta !== true,
      note: (type, data) => {
        note(scope, type, this.#place, data)
        scope.writer.flushSoon()
      },
    })
    this.#channels.set(name, opened)
    return opened
  }
}
