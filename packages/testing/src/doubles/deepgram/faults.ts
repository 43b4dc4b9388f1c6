/** What a Deepgram double does wrong; each is met once, by the next session or message that fits. */
export type DeepgramFault =
  /** The upgrade is answered with an error; 429 and 503 say `retry-after`. */
  | { kind: 'refuse'; status: 400 | 401 | 402 | 403 | 429 | 500 | 503; retryAfterMs?: number }
  /** The connection is cut before any answer. */
  | { kind: 'refuseConnection' }
  /** The upgrade, or the first message, comes late. */
  | { kind: 'slowConnect' | 'slowFirst'; ms: number }
  /** Nothing is sent for a time, then all of it. */
  | { kind: 'stall'; afterMessages?: number; ms: number }
  /** Nothing is sent any more; the socket stays open. */
  | { kind: 'silentDeath'; afterMessages?: number }
  /** The socket ends: with a code, or by a cut; `midMessage` sends half a message first. */
  | { kind: 'drop'; afterMessages?: number; code?: number; reason?: string; midMessage?: boolean }
  /** Messages are kept back until one that ends an utterance, then sent at once. */
  | { kind: 'burst' }
  /** The next message is sent in fragments of one byte. */
  | { kind: 'drip' }
  /** The next message of a type is sent twice. */
  | { kind: 'duplicate'; type: string }
  /** The next two messages change places. */
  | { kind: 'reorder' }
  /** The next message of a type comes late. */
  | { kind: 'late'; type: string; ms: number }
  /** Something that cannot be read precedes the next message. */
  | { kind: 'malformed'; how: 'json' | 'missing' | 'type' | 'unknown' | 'empty' }
  /** One unknown message of that size precedes the next. */
  | { kind: 'oversize'; bytes: number }
  /** The double reads nothing for a time. */
  | { kind: 'slowReader'; ms: number }
  /** All times in messages are off by so much. */
  | { kind: 'clockSkew'; ms: number }
  /** The final of the next utterance: late, missing, doubled, or before the person has finished. */
  | { kind: 'finalLate'; ms: number }
  | { kind: 'finalNever' | 'finalTwice' | 'finalEarly' }
  /** No end of speech is found: only `UtteranceEnd` tells it. */
  | { kind: 'noSpeechFinal' }
  | { kind: 'noSpeechStart' | 'doubleSpeechStart' | 'startInFuture' }
  /** An interim with fewer words than the one before. */
  | { kind: 'interimShrinks' }
  | { kind: 'otherLanguage'; language: string }
  | { kind: 'wordsWithoutTimes' }

export type DeepgramFaultKind = DeepgramFault['kind']

/** The faults of a kind. */
export type DeepgramFaultOf<K extends DeepgramFaultKind> = DeepgramFault extends infer F
  ? F extends DeepgramFault
    ? K extends F['kind']
      ? F
      : never
    : never
  : never

/** The faults that wait for their moment. */
export interface FaultList {
  add(fault: DeepgramFault): void
  /** Takes the first one of a kind that fits. */
  take<K extends DeepgramFaultKind>(
    kind: K,
    fits?: (fault: DeepgramFaultOf<K>) => boolean,
  ): DeepgramFaultOf<K> | undefined
}

/** Makes a list of faults. */
export function createFaultList(faults: readonly DeepgramFault[] = []): FaultList {
  const waiting = [...faults]
  return {
    add: (fault) => void waiting.push(fault),
    take(kind, fits = () => true) {
      // The kind is compared, so what is found is of that kind.
      const index = waiting.findIndex((fault) => fault.kind === kind && fits(fault as never))
      return index < 0 ? undefined : (waiting.splice(index, 1)[0] as never)
    },
  }
}
