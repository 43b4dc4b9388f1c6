import type { Disposer } from '@parley/spec'
import type { FillerOptions } from '../options/voice-options.ts'
import { createToolFiller } from '../speech/tool-filler.ts'
import type { CallCore } from './call-core.ts'
import type { SayOptions, SpeechHandle } from './call-types.ts'
import type { Utterance } from './utterance.ts'

/** A filler on its way, and the reply it fills the time of. */
interface Filling {
  readonly fillerId: string
  replyId: string | undefined
  stop: Disposer | undefined
}

/** The end of a clause, as written. */
const CLAUSE_END = /[,.;:!?\u2026\u3001\u3002]["')\]]*\s*$/u

/**
 * Speaks fillers while a tool runs: never a line twice in a row, and the answer waits for the end of a clause of it, for
 * 400 ms at most.
 */
export class CallFillers {
  readonly #core: () => CallCore
  readonly #say: (text: string, options: SayOptions) => SpeechHandle
  readonly #generate: FillerOptions['generate']
  /** When an answer may begin. */
  readonly #planner = createToolFiller()
  /** Tools at work, by reply. */
  readonly #tools = new Map<string, { tool: string; over: AbortController }>()
  #filling: Filling | undefined
  #next = 0
  #last: { line: string; replyId: string } | undefined

  constructor(
    core: () => CallCore,
    say: (text: string, options: SayOptions) => SpeechHandle,
    generate: FillerOptions['generate'],
  ) {
    this.#core = core
    this.#say = say
    this.#generate = generate
  }

  /** The tool that a reply waits for. */
  toolOf(replyId: string): string | undefined {
    return this.#tools.get(replyId)?.tool
  }

  toolStarted(replyId: string, tool: string): void {
    this.#tools.get(replyId)?.over.abort(toolOver)
    this.#tools.set(replyId, { tool, over: new AbortController() })
  }

  toolEnded(replyId: string): void {
    this.#tools.get(replyId)?.over.abort(toolOver)
    this.#tools.delete(replyId)
  }

  /** A filler is due. Without a reply it is for the next one. */
  speak(replyId: string): void {
    const running = this.#tools.get(replyId)
    if (this.#filling !== undefined) return
    if (this.#generate === undefined || running === undefined) return this.#speakLine(this.#takeLine(replyId), replyId)
    const { language, parts } = this.#core()
    const { signal } = running.over
    this.#generate({ tool: running.tool, signal, ...(language === undefined ? {} : { language }) }).then(
      (line) => {
        if (!signal.aborted && this.#filling === undefined && line !== this.#last?.line) this.#speakLine(line, replyId)
      },
      (error: unknown) => {
        if (!signal.aborted) parts.access.reportError(error, 'filler', parts.roomId)
      },
    )
  }

  /** Sound of an utterance was made: an answer waits for the filler a little. */
  sound({ id, kind }: Utterance): void {
    const filling = this.#filling
    if (filling === undefined || kind !== 'reply' || (filling.replyId !== undefined && filling.replyId !== id)) return
    this.#hold(filling, id)
    if (filling.stop !== undefined) return
    const { clock } = this.#core().parts.access
    const now = clock.monotonicMs()
    const { atMs } = this.#planner.answerStart(now, this.#clauseEndMs(filling.fillerId, now))
    filling.stop = clock.setTimer(atMs - now, () => this.#cut(filling))
  }

  #takeLine(replyId: string): string | undefined {
    const { lines, rotate } = this.#core().parts.settings.filler
    const last = this.#last
    // One line alone is said once for a reply, not over and over.
    if (lines.length === 1) return last?.line === lines[0] && last?.replyId === replyId ? undefined : lines[0]
    if (!rotate) return lines.find((line) => line !== last?.line)
    for (let tried = 0; tried < lines.length; tried++) {
      const line = lines[this.#next % lines.length]
      this.#next += 1
      if (line !== last?.line) return line
    }
    return undefined
  }

  #speakLine(line: string | undefined, replyId: string): void {
    if (line === undefined || line.trim() === '') return
    this.#last = { line, replyId }
    const handle = this.#say(line, { kind: 'filler', commit: false, priority: 10 })
    const filling: Filling = { fillerId: handle.utteranceId, replyId: undefined, stop: undefined }
    this.#filling = filling
    if (replyId !== '') this.#hold(filling, replyId)
    void handle.then(() => this.#over(filling))
  }

  /** What the reply says from now on comes after the filler. */
  #hold(filling: Filling, replyId: string): void {
    if (filling.replyId !== undefined) return
    filling.replyId = replyId
    this.#core().speaking.behind(replyId, true)
  }

  #over(filling: Filling): void {
    filling.stop?.()
    if (this.#filling !== filling) return
    this.#filling = undefined
    if (filling.replyId !== undefined) this.#core().speaking.behind(filling.replyId, false)
  }

  /** The answer has waited long enough: what is left of the filler fades. */
  #cut(filling: Filling): void {
    const { speaking, recording, parts } = this.#core()
    const filler = speaking.get(filling.fillerId)
    // Clearing would take the others with it.
    const isAlone = speaking.open.every(
      ({ utterance: { id, hasStarted } }) => !hasStarted || id === filling.fillerId || id === filling.replyId,
    )
    if (filler === undefined || !isAlone) return
    const clear = filler.utterance.hasStarted
    speaking.interrupt([filling.fillerId], { clear, cancelGeneration: false })
    if (clear) {
      recording?.cleared()
      parts.echo?.cleared(parts.access.clock.monotonicMs())
    }
    this.#over(filling)
  }

  /** When the clause that sounds now ends, on the call's clock. */
  #clauseEndMs(fillerId: string, now: number): number | null {
    const { speaking, ledger } = this.#core()
    const since = speaking.get(fillerId)?.audibleAtMs
    if (since === undefined) return null
    const words = ledger.utterance(fillerId)?.words ?? []
    const left = words.filter(({ endMs }) => since + endMs >= now)
    const last = left.find(({ text, after }) => CLAUSE_END.test(text + after)) ?? left.at(-1)
    return last === undefined ? null : since + last.endMs
  }
}

const toolOver = new Error('The tool has ended.')
