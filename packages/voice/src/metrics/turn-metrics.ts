import type { Attributes, Telemetry } from '@parley/spec'

/** Instants of a turn, on the call's clock. Of those marked "last", a later one replaces the earlier. */
export type TurnInstant =
  /** Last: the person's last voiced instant. */
  | 'lastVoiced'
  /** Last: the final text came. */
  | 'finalReceived'
  /** Last: the turn was committed. */
  | 'commit'
  /** The reply that was used was asked for. */
  | 'modelRequest'
  /** Its first content came: see `content`. */
  | 'firstContent'
  | 'firstSentenceSent'
  | 'firstAudio'
  | 'firstCaptured'
  /** The answer was first audible at the far end. */
  | 'firstAudible'
  /** A filler was first audible at the far end. */
  | 'fillerAudible'
  /** The person's speech crossed the threshold of an interruption. */
  | 'bargeInThreshold'
  /** Last: the far end fell silent for it. */
  | 'farSilence'
  /** Last: the outgoing agent fell silent, then the receiving one was first audible. */
  | 'handoffSilence'
  | 'handoffAudible'

/** Things of a turn that are counted. */
export type TurnCount = 'interruptions' | 'falseInterruptions' | 'backchannels' | 'cutIns'

/** Durations in milliseconds and counts; what did not happen is absent. */
export interface TurnReport {
  eouDelay?: number
  transcriptionDelay?: number
  hookDelay?: number
  modelTtft?: number
  /** First content - commit: negative for an adopted speculation that was early. */
  modelTtftFromCommit?: number
  ttsTtfb?: number
  playbackLatency?: number
  e2eLatency?: number
  fillerLatency?: number
  bargeInLatency?: number
  handoffGap?: number
  interruptions: number
  falseInterruptions: number
  backchannels: number
  cutIns: number
  speculations: { started: number; adopted: number; tokensWasted: number }
}

/** The numbers of one turn. */
export interface TurnMetrics {
  mark(instant: TurnInstant, atMs: number): void
  /** A piece of the model's stream: the first that holds text or a call is the first content. */
  content(piece: { text?: string; isToolCall?: boolean }, atMs: number): void
  /** Time in a sync hook between the final text and the commit. */
  hook(ms: number): void
  count(what: TurnCount): void
  speculation(what: 'started' | 'adopted' | 'wasted', tokens?: number): void
  report(): TurnReport
}

const lastCounts: readonly TurnInstant[] = ['lastVoiced', 'finalReceived', 'commit', 'farSilence', 'handoffSilence']

/** Makes the accumulator of one turn. */
export function createTurnMetrics(): TurnMetrics {
  const instants = new Map<TurnInstant, number>()
  const counts = { interruptions: 0, falseInterruptions: 0, backchannels: 0, cutIns: 0 }
  const speculations = { started: 0, adopted: 0, tokensWasted: 0 }
  let hookDelay: number | undefined

  const mark = (instant: TurnInstant, atMs: number): void => {
    if (!instants.has(instant) || lastCounts.includes(instant)) instants.set(instant, atMs)
  }
  const between = (from: TurnInstant, to: TurnInstant): number | undefined => {
    const start = instants.get(from)
    const end = instants.get(to)
    return start === undefined || end === undefined ? undefined : end - start
  }

  return {
    mark,
    content({ text = '', isToolCall = false }, atMs) {
      if (isToolCall || text.trim() !== '') mark('firstContent', atMs)
    },
    hook: (ms) => void (hookDelay = (hookDelay ?? 0) + ms),
    count: (what) => void (counts[what] += 1),
    speculation(what, tokens = 0) {
      if (what === 'wasted') speculations.tokensWasted += tokens
      else speculations[what] += 1
    },
    report() {
      const durations = {
        eouDelay: between('lastVoiced', 'commit'),
        transcriptionDelay: between('lastVoiced', 'finalReceived'),
        hookDelay,
        modelTtft: between('modelRequest', 'firstContent'),
        modelTtftFromCommit: between('commit', 'firstContent'),
        ttsTtfb: between('firstSentenceSent', 'firstAudio'),
        playbackLatency: between('firstCaptured', 'firstAudible'),
        e2eLatency: between('lastVoiced', 'firstAudible'),
        fillerLatency: between('lastVoiced', 'fillerAudible'),
        bargeInLatency: between('bargeInThreshold', 'farSilence'),
        handoffGap: between('handoffSilence', 'handoffAudible'),
      }
      const known = Object.entries(durations).filter(([, ms]) => ms !== undefined)
      return { ...Object.fromEntries(known), ...counts, speculations: { ...speculations } }
    },
  }
}

/** A report as one flat record of numbers, for screens, receipts and telemetry. */
export function flatReport({ speculations, ...rest }: TurnReport): Record<string, number> {
  const flat: Record<string, number> = {}
  for (const [name, value] of Object.entries(rest)) if (typeof value === 'number') flat[name] = value
  for (const [name, value] of Object.entries(speculations)) flat[`speculations.${name}`] = value
  return flat
}

/** Records a turn's numbers as histograms `voice.<name>`. */
export function recordTurn(telemetry: Telemetry, report: TurnReport, attributes: Attributes = {}): void {
  for (const [name, value] of Object.entries(flatReport(report))) telemetry.record(`voice.${name}`, value, attributes)
}
