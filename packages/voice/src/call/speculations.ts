import type { Speculation, SpeculationOutcome } from '@parley/kit'
import type { ChannelId, RoomEvent, SpeechPricing, TurnId } from '@parley/spec'
import { normalizeText } from '../turn/normalize-text.ts'
import { isForAgent } from './addressee.ts'
import { hookScope, noteReceipt, type CallCore } from './call-core.ts'
import type { TurnEffect } from '../turn/turn-effects.ts'

/** Replies that are generated before the turn is certain. */
export interface Speculations {
  run(effect: Extract<TurnEffect, { type: 'speculate' | 'adoptSpeculation' | 'abortSpeculation' }>): void
  /** The turn is about to be brought into the room: its answer takes what was made so far. */
  offer(turnId: string): Promise<void>
  /** The turn's answer has begun by now, or does not come. */
  over(turnId: string): void
  /** The utterance that was begun for an agent's turn, and what was written of it. */
  takeUtterance(turnId: TurnId): { utteranceId: string; text: string } | undefined
  close(): void
}

interface Begun {
  readonly id: string
  readonly agentId: ChannelId
  readonly ready: Promise<Speculation | undefined>
  speculation: Speculation | undefined
  /** The turn came as foreseen. */
  isForeseen: boolean
  /** Why it is not wanted, if that was known before it had begun. */
  withdrawn: string | undefined
  utterance: { utteranceId: string; text: string } | undefined
}

/** Runs the machine's speculations as turns of the kit that nobody hears of before they are adopted. */
export function createSpeculations(core: () => CallCore): Speculations {
  const begun = new Map<string, Begun>()
  const byTurn = new Map<string, Begun>()

  const withdraw = (entry: Begun | undefined, reason: string): void => {
    if (entry === undefined) return
    begun.delete(entry.id)
    entry.withdrawn = reason
    entry.speculation?.withdraw(reason)
  }

  const start = (id: string, text: string, language: string | undefined): void => {
    const { account, activeAgentId, parts, requests, isEnding, recording } = core()
    const { access, roomId, participantId, channelId } = parts
    const scope = { ...hookScope(core()), sourceKind: 'person' as const }
    // What a hook may still change or block is shown to no model before it has.
    if (activeAgentId === null || isEnding || access.holdsLive(scope, 'onTranscription')) return
    // What is thrown away is paid for as well.
    if (account.isOver) return
    // An answer to something that was asked is no turn, and may be a secret; words for somebody else are not for the agent.
    if (requests.isCollecting || recording?.state === 'asking' || !isForAgent(core(), { text })) return
    const entry: Begun = {
      id,
      agentId: activeAgentId,
      isForeseen: false,
      speculation: undefined,
      withdrawn: undefined,
      utterance: undefined,
      ready: access.speculate({
        roomId,
        agentId: activeAgentId,
        channelId,
        participantId,
        text,
        ...(language === undefined ? {} : { language }),
        isSame: ({ content }: RoomEvent) =>
          content.type === 'text' && normalizeText(content.text) === normalizeText(text),
        ...(isSpokenAhead(core())
          ? { onText: (delta) => speakAhead(entry, delta), onTextEnd: () => flushAhead(entry) }
          : {}),
      }),
    }
    begun.set(id, entry)
    entry.ready.then(
      (speculation) => {
        if (speculation === undefined) return void begun.delete(id)
        entry.speculation = speculation
        if (entry.withdrawn !== undefined) speculation.withdraw(entry.withdrawn)
        void speculation.done.then((outcome) => ended(entry, outcome))
      },
      (error: unknown) => {
        begun.delete(id)
        access.reportError(error, 'speculation', roomId)
      },
    )
  }

  /** Makes the sound of it; the utterance has no leave to play before its turn takes it. */
  const speakAhead = (entry: Begun, text: string): void => {
    const { speaking, parts } = core()
    if (entry.withdrawn !== undefined) return
    if (entry.utterance === undefined) {
      // From here on its turn speaks it.
      if (entry.isForeseen) return
      const utteranceId = parts.access.ids.next('utt')
      entry.utterance = { utteranceId, text: '' }
      speaking.begin({ utteranceId, kind: 'reply', agentId: entry.agentId, speculative: true }, { isForeseen: true })
    }
    entry.utterance.text += text
    speaking.get(entry.utterance.utteranceId)?.utterance.write(text)
  }

  /** There is no more text: what waits for the end of its sentence is made as well. */
  const flushAhead = ({ utterance, isForeseen, withdrawn }: Begun): void => {
    if (utterance === undefined || isForeseen || withdrawn !== undefined) return
    core().speaking.get(utterance.utteranceId)?.utterance.flush()
  }

  const ended = (entry: Begun, { isAdopted, reason, usage, isEstimated, costNanoUsd }: SpeculationOutcome): void => {
    const { metrics, account } = core()
    begun.delete(entry.id)
    noteReceipt(core(), 'speculation', {
      speculationId: entry.id,
      phase: 'ended',
      isAdopted,
      ...(reason === undefined ? {} : { reason }),
      usage: { ...usage },
      isEstimated,
      costNanoUsd,
    })
    if (isAdopted) return
    dropUtterance(entry)
    metrics.wasted(usage.inputTokens + usage.outputTokens)
    account.speculated(entry.agentId, costNanoUsd)
  }

  const dropUtterance = ({ utterance }: Begun): void => {
    if (utterance === undefined || core().speaking.get(utterance.utteranceId) === undefined) return
    core().driver.feed({ type: 'command', command: { kind: 'cancelUtterance', utteranceId: utterance.utteranceId } })
  }

  return {
    run(effect) {
      const { speculationId } = effect
      if (effect.type === 'speculate') return start(speculationId, effect.text, effect.language)
      const entry = begun.get(speculationId)
      if (effect.type === 'abortSpeculation') return withdraw(entry, 'aborted')
      if (entry === undefined) return
      entry.isForeseen = true
      byTurn.set(effect.turnId, entry)
    },
    async offer(turnId) {
      const entry = byTurn.get(turnId)
      await (await entry?.ready.catch(() => undefined))?.offer()
    },
    over(turnId) {
      const entry = byTurn.get(turnId)
      byTurn.delete(turnId)
      withdraw(entry, 'unused')
    },
    takeUtterance(turnId) {
      for (const entry of begun.values()) {
        if (entry.speculation?.turnId !== turnId) continue
        const { utterance } = entry
        entry.utterance = undefined
        const spoken = utterance === undefined ? undefined : core().speaking.get(utterance.utteranceId)
        return spoken === undefined || spoken.isDropped ? undefined : utterance
      }
      return undefined
    },
    close() {
      // A map may lose what it has given already.
      for (const entry of begun.values()) withdraw(entry, 'callEnded')
      byTurn.clear()
    },
  }
}

/** Whether sound is made of replies that may never be heard (PG-5). */
function isSpokenAhead({ parts: { settings, tts } }: CallCore): boolean {
  const { tts: wanted } = settings.preemptive
  return wanted === 'free' ? isFree(tts?.info.pricing) : wanted
}

/** A price of 0 was named; without a price nobody knows. */
function isFree(pricing: SpeechPricing | undefined): boolean {
  const prices = Object.values(pricing ?? {})
  return prices.length > 0 && prices.every((price) => price === 0)
}
