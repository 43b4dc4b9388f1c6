import type { Kit } from '@parley/kit'
import {
  createFliteTts,
  createPocketSphinxStt,
  createRuleBackchannel,
  createRuleTurnDetector,
  createSileroVad,
  findPocketSphinx,
  type LocalModel,
} from '@parley/local'
import { folderRecordings } from '@parley/local/files'
import { createSystemIds, noTelemetry, ParleyError, type Clock, type PendingRequest, type TurnHint } from '@parley/spec'
import {
  createTtsCache,
  VoiceChannel,
  withTtsCache,
  type CachedTextToSpeech,
  type HintSource,
  type Speech,
} from '@parley/voice'
import { agentProfiles } from '../agents/agent-profiles.ts'
import type { SpeakingAgentId } from '../agents/create-agents.ts'
import { checkVoices, voices } from './voices.ts'

/** The channel calls are made on. */
export const voiceChannelId = 'voice'

/** What the call center hears and speaks with. */
export interface CallVoice {
  channel: VoiceChannel
  /** For the start text and the pages. */
  hearing: { id: 'pocketsphinx' | 'none'; label: string; remark: string }
  speech: { id: string; label: string; remark: string }
  close(): Promise<void>
}

/** What voices of the call center need. */
export interface CallVoiceOptions {
  kit: () => Kit
  models: Readonly<Record<SpeakingAgentId, LocalModel>>
  clock: Clock
  /** Where recordings go. */
  recordings: string
  /** Whether calls may be recorded, with the caller's consent. */
  records: boolean
}

/** The greeting follows the question, and people answer after it. */
const consentTimeoutMs = 20_000

/** Lines said often enough to be ready before the first call. */
const fillers = ['One moment, please.', 'Still looking.', 'Just a second more.']

/** What the agents speak, as they say of themselves. */
const spokenLanguage = 'English'
const receptionGreeting = agentProfiles.find(({ id }) => id === 'triage')?.greeting ?? 'Hello.'

/** Opens the embedded engines: nothing here needs a network or a key. */
export async function createCallVoice(options: CallVoiceOptions): Promise<CallVoice> {
  const { kit, models, records, recordings, clock } = options
  const flite = createFliteTts()
  checkVoices(flite.info.id)
  const vad = createSileroVad()
  const stt = findPocketSphinx() === undefined ? undefined : await createPocketSphinxStt({ clock })
  const cache = createTtsCache()
  const channel = new VoiceChannel(voiceChannelId, {
    ...(stt === undefined ? {} : { stt }),
    tts: flite,
    cache,
    vad,
    turnDetector: createRuleTurnDetector(),
    backchannelDetector: createRuleBackchannel(),
    filler: { lines: fillers },
    greeting: spokenGreeting,
    hint: (state) => hintFor(kit(), models, state),
    ...(records ? { recording: { mode: 'consent', sink: folderRecordings(recordings), consentTimeoutMs } } : {}),
    defaultVoice: 'slt',
  })
  const closing = new AbortController()
  // Beside the start: a first call needs the engine loaded, not each of its lines.
  const warming = warmVoices(withTtsCache(flite, cache), clock, closing.signal)
  return {
    channel,
    hearing:
      stt === undefined
        ? {
            id: 'none',
            label: 'none',
            remark: "install pocketsphinx, or use the browser's recognizer, keypad and typing",
          }
        : { id: 'pocketsphinx', label: 'PocketSphinx', remark: 'small vocabulary per phase; the keypad always works' },
    speech: { id: flite.info.id, label: 'flite', remark: '4 voices' },
    async close() {
      closing.abort()
      await channel.close()
      await warming
      await Promise.allSettled([flite[Symbol.asyncDispose](), vad[Symbol.asyncDispose]()])
    },
  }
}

/** Loads the engine, and makes what reception says in every call. */
async function warmVoices(tts: CachedTextToSpeech, clock: Clock, signal: AbortSignal): Promise<void> {
  const [format] = tts.info.formats
  const reception = voices.triage[tts.info.id]
  if (format === undefined || reception === undefined) return
  const refused = (): Promise<never> => Promise.reject(new Error('The embedded engine needs no network.'))
  const context = {
    clock,
    ids: createSystemIds(),
    telemetry: noTelemetry,
    signal,
    callId: 'start',
    sockets: refused,
    fetch: refused,
  }
  try {
    const voice = { voice: reception, language: spokenLanguage }
    await tts.prewarm([receptionGreeting, ...fillers], [voice], { format, context })
  } catch (error) {
    // What could not be made ahead is made when it is wanted, and fails there in words.
    if (!ParleyError.isInstance(error) && !signal.aborted) throw error
  }
}

/** Whoever is recorded is told so before anything else is asked, until it was heard. */
function spokenGreeting({ text, isRecorded }: { text: string; isRecorded: boolean }): string | Speech {
  const question = /[^.!?]*\?$/.exec(text)?.[0]
  if (!isRecorded || question === undefined) return text
  const opening = `${text.slice(0, text.length - question.length).trimEnd()} `
  return [opening, { text: 'This call is recorded.', mustHear: 'resay' }, ` ${question.trimStart()}`]
}

/** What the caller probably says next: by the agent's rules and the question it asks. */
async function hintFor(
  kit: Kit,
  models: Readonly<Record<SpeakingAgentId, LocalModel>>,
  { roomId, agentId, line }: Parameters<HintSource>[0],
): Promise<TurnHint | undefined> {
  const asked = await kit.pendingRequests({ roomId, kind: 'input' })
  const secret = asked.find(({ sensitive }) => sensitive)
  if (secret !== undefined) return { expect: 'digits', minLength: digitsOf(secret.schema) }
  const model = agentId === null ? undefined : models[agentId as SpeakingAgentId]
  if (model === undefined) return undefined
  const { phase } = await kit.state(roomId)
  return model.expects({ line, phase })
}

/** How many digits a secret has: what its pattern says. */
function digitsOf(schema: PendingRequest['schema']): number {
  const pattern = typeof schema?.['pattern'] === 'string' ? schema['pattern'] : ''
  return Number(/\{(\d+)\}/.exec(pattern)?.[1] ?? 4)
}
