import { orchestrationOf } from '@parley/kit'
import type { Voice } from '@parley/spec'
import { createLanguageSwitch, type LanguageSwitchOptions } from '../speech/language-switch.ts'
import { baseLanguage } from '../text/sentence-boundary.ts'
import type { CommittedTurn } from '../turn/turn-effects.ts'
import { noteReceipt, type CallCore } from './call-core.ts'
import { voiceOf } from './call-room.ts'
import type { VoicedAgent } from './voice-bank.ts'

/** The language of one call: whether all of it can speak another, and when it changes by itself (L-1, L-2). */
export class CallLanguage {
  readonly #core: () => CallCore
  readonly #switch: ReturnType<typeof createLanguageSwitch>
  readonly #isAutomatic: boolean
  #voices: readonly Voice[] = []

  /** @throws {ParleyError} `invalid_options` */
  constructor(core: () => CallCore, automatic: LanguageSwitchOptions | undefined) {
    this.#core = core
    this.#switch = createLanguageSwitch(automatic)
    this.#isAutomatic = automatic !== undefined
  }

  /** Reads which languages the voices speak. @throws {ParleyError} of the engine */
  async start(): Promise<void> {
    this.#voices = (await this.#core().parts.tts?.info.voices()) ?? []
  }

  /** Names what cannot speak or understand a language; undefined if all can. */
  refuses(language: string): string | undefined {
    const { parts, agents, activeAgentId } = this.#core()
    const { stt, tts } = parts
    if (stt !== undefined && !speaks(stt.info.languages, language)) return stt.info.id
    if (tts === undefined || this.#voices.length === 0) return undefined
    // An agent is an `Agent` or of its shape: its voices are optional fields beside what orchestration reads.
    const agent = activeAgentId === null ? undefined : (agents.get(activeAgentId) as VoicedAgent | undefined)
    const own = agent?.voices?.[language] ?? agent?.voices?.[baseLanguage(language)]
    const voiceId = own ?? voiceOf(this.#core(), activeAgentId) ?? this.#voices[0]?.id
    const voice = this.#voices.find(({ id }) => id === voiceId)
    if (own !== undefined && voice !== undefined) return undefined
    return voice === undefined || speaks(voice.languages, language) ? undefined : `${tts.info.id}/${voice.id}`
  }

  /** A turn of the person is in the log. */
  heard({ text, language, confidence, source }: CommittedTurn): void {
    const core = this.#core()
    if (!this.#isAutomatic || source !== 'speech') return
    const next = this.#switch.turn(
      {
        text,
        ...(language === undefined ? {} : { language }),
        ...(confidence === undefined ? {} : { confidence }),
      },
      core.language ?? 'en',
    )
    if (next === null) return
    const { access, kit, roomId } = core.parts
    const refusedBy = this.refuses(next)
    noteReceipt(core, 'languageSwitch', { from: core.language ?? null, to: next, refusedBy: refusedBy ?? null })
    if (refusedBy !== undefined) return
    access.background('language', () => orchestrationOf(kit).setLanguage(roomId, next), roomId)
  }
}

/** Whether a list of languages has one, by tag or by its English name. */
function speaks(languages: readonly string[] | 'any', language: string): boolean {
  if (languages === 'any') return true
  const base = baseLanguage(language)
  const names = new Intl.DisplayNames(['en'], { type: 'language' })
  return languages.some(
    (known) => known === 'any' || baseLanguage(known) === base || names.of(baseLanguage(known)) === language,
  )
}
