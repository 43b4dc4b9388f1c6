import { viewRunEvent } from '@parley/workflow'
import { plainText } from '../plain-text.ts'
import { eventLine, failureText, type EventLine } from './event-line.ts'
import { barAfterMs, progressBar } from './progress-bar.ts'
import type { CliOutput, Colour } from '../cli-output.ts'
import type { Clock, Json, RunEvent } from '@parley/spec'

/** Shows a run while it works. */
export interface RunProgress {
  show(event: RunEvent): void
  /** Whether a line of a failed step said this, where the person sees it. */
  hasSaid(message: string): boolean
  /** Clears what was drawn. */
  end(): void
}

const colours: Readonly<Record<EventLine['tone'], Colour | undefined>> = {
  good: 'green',
  bad: 'red',
  plain: 'yellow',
  soft: 'grey',
}

/** What the progress of a run is shown with. */
export interface RunProgressOptions {
  output: CliOutput
  clock: Clock
  /** Steps of the plan. */
  total: number
  /** Whether events are the data that was asked for (`--stream`), or only progress. */
  isStream: boolean
}

/**
 * One line per change; on a terminal a bar below them when the run takes longer than a second. With `--stream` the lines
 * are data, and with `--json` they are events as the API gives them.
 */
export function createRunProgress({ output, clock, total, isStream }: RunProgressOptions): RunProgress {
  const startedMs = clock.monotonicMs()
  const ended = new Set<string>()
  const said = new Set<string>()
  const isSeen = isStream ? !output.isJson : !output.isQuiet
  const draw = (): void => {
    const elapsedMs = clock.monotonicMs() - startedMs
    if (elapsedMs >= barAfterMs)
      output.redraw(
        progressBar({ done: ended.size, total: Math.max(total, ended.size), elapsedMs, unit: 'steps' }, output.columns),
      )
  }
  return {
    show(event) {
      const { type, step, stepKey } = event
      const isSettled =
        type === 'step_completed' || type === 'step_skipped' || (type === 'step_failed' && event.data['final'] === true)
      if (isSettled && step !== undefined && stepKey?.includes('#') !== true) ended.add(step)
      output.redraw('')
      if (isStream)
        for (const seen of viewRunEvent(event, { audience: 'operator' }))
          output.printJson('event', seen.data as { [key: string]: Json }) // as it was made
      const line = eventLine(event)
      if (line !== undefined) {
        const shown = (stream: 'stdout' | 'stderr'): string => {
          const colour = colours[line.tone]
          const word = line.word.padEnd(9)
          return `${colour === undefined ? word : output.paint(colour, word, stream)} ${line.text}`.trimEnd()
        }
        if (isStream) output.print(shown('stdout'))
        else output.note(shown('stderr'))
      }
      const failure = isSeen && type === 'step_failed' ? failureText(event.data) : ''
      if (failure !== '' && line !== undefined) said.add(failure)
      draw()
    },
    hasSaid: (message) => said.has(plainText(message)),
    end: () => output.redraw(''),
  }
}
