import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { openDatabase, createPostgresStore } from '@parley/postgres'
import { createServer, lookupIn, staticApp } from '@parley/server'
import {
  createSystemClock,
  createSystemIds,
  ParleyError,
  type ChatModel,
  type Clock,
  type IdSource,
} from '@parley/spec'
import type { SpeakingAgentId } from './agents/create-agents.ts'
import { createLocalModels, speakingAgentIds } from './agents/local-models.ts'
import { loadHarbor } from './business/load-harbor.ts'
import { demoRoutes } from './demo-routes.ts'
import { helpPages } from './help/help-pages.ts'
import { loadArticles } from './help/load-articles.ts'
import { createPostgresHelp, indexArticles } from './help/postgres-help.ts'
import { cappedModel } from './agents/capped-model.ts'
import { createCallBudgets, type CallBudgets } from './rooms/call-budgets.ts'
import { createCallCenterKit } from './rooms/call-center-kit.ts'
import { createCallVoice, type CallVoice } from './voice/create-call-voice.ts'
import { createPhoneLine } from './voice/phone.ts'
import type { CallCenterRooms } from './rooms/call-center-rooms.ts'
import { arePagesStale, buildPages, pagesFolder } from './start/build-pages.ts'
import { checkCap, chooseModel, type ModelCap, type ModelChoice } from './start/choose-model.ts'
import { readPrices } from './start/read-prices.ts'
import { deskKey, readSecret } from './start/secrets.ts'
import { isLoopback, type Settings } from './start/settings.ts'
import { createStderrLogger } from './start/stderr-logger.ts'

/** What a call center may be given besides its settings. */
export interface CallCenterOptions {
  settings: Settings
  /**
   * Model of the environment (`OPENAI_API_KEY`, `OPENAI_BASE_URL`, `PARLEY_MODEL`), and phone (`TWILIO_AUTH_TOKEN`,
   * `TWILIO_ACCOUNT_SID`, `PARLEY_PUBLIC_URL`). @default none
   */
  env?: Readonly<Record<string, string | undefined>>
  /** Puts any model in the place of the local rules (and of the environment's). */
  wrapModel?: (local: ChatModel, agentId: SpeakingAgentId) => ChatModel
  /** @default the machine's clock */
  clock?: Clock
  /** @default the machine's ids */
  ids?: IdSource
  /** @default 6 000 */
  lineTestMs?: number
  /** Whether pages are built and served. @default true */
  pages?: boolean
  /** Told of each job of the start. */
  onProgress?: (job: string) => void
}

/** A running call center. */
export interface CallCenter {
  url: string
  port: number
  rooms: CallCenterRooms
  deskKey: string
  model: Omit<ModelChoice, 'modelFor' | 'summaryModel'>
  accounts: number
  articles: number
  /** What calls are heard and spoken with; absent with `--no-voice`. */
  voice: Pick<CallVoice, 'hearing' | 'speech'> | undefined
  /** Ends it: no new work, running answers get some seconds, everything is on disk. */
  close(): Promise<void>
}

const inApp = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const portsTried = 20
const drainMs = 6_000
const graceMs = 3_000

/**
 * Starts everything: database, business, agents, server and pages.
 * @throws {ParleyError} `port_unavailable`, `store_unavailable`, `config_invalid`, `rules_invalid`
 */
export async function createCallCenter(options: CallCenterOptions): Promise<CallCenter> {
  const {
    settings,
    clock = createSystemClock(),
    ids = createSystemIds(),
    onProgress = () => {},
    pages = true,
  } = options
  const { dataDir, databaseUrl, seed } = settings
  const isEmbedded = databaseUrl.startsWith('file:')
  if (settings.reset && isEmbedded) {
    onProgress('removing the data folder')
    await rm(databaseUrl.slice('file:'.length), { recursive: true, force: true })
  }
  const logger = createStderrLogger()
  onProgress('opening the database')
  const database = await openDatabase(databaseUrl)
  const opened: (() => Promise<void>)[] = [() => database.close()]
  const closeAll = async (): Promise<void> => {
    for (const close of opened.toReversed()) await close()
  }
  try {
    onProgress('loading the demo data')
    const { accounts } = await loadHarbor(database, { clock, seed })
    onProgress('indexing the articles')
    const articles = await loadArticles(inApp('knowledge'))
    await indexArticles(database, articles)
    const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone
    const local = await createLocalModels({
      database,
      clock,
      rulesFolder: inApp('rules'),
      timeZone,
      onError: (error) => logger.warn('Rules could not be used.', { code: error.code, detail: error.message }),
    })
    const { wrapModel } = options
    const budgets =
      settings.callBudgetUsd === undefined
        ? undefined
        : createCallBudgets({ capUsd: settings.callBudgetUsd, rooms: () => kit, clock, logger })
    const cap = budgets && capOf(budgets, { usd: settings.callBudgetUsd ?? 0, ids })
    const priceOf = await readPrices(settings.pricesFile, new Date(clock.now()).toISOString())
    const { modelFor, summaryModel, ...model } = wrapModel
      ? givenModel(wrapModel, local, cap)
      : await chooseModel({ env: options.env ?? {}, local, clock, priceOf, ...(cap === undefined ? {} : { cap }) })
    if (pages && (await arePagesStale())) {
      onProgress('building the pages')
      await buildPages(logger)
    }
    const secret = await readSecret({ authSecret: settings.authSecret, dataDir, isKept: isEmbedded }, ids)
    const desk = deskKey(secret)
    const isLocalHost = isLoopback(settings.host)
    onProgress('starting the agents')
    const { kit, agentIds, engine, backend, summaries } = await createCallCenterKit({
      database,
      store: createPostgresStore({ database, clock, ids }),
      clock,
      ids,
      help: createPostgresHelp(database),
      modelFor,
      logger,
      ...(options.lineTestMs === undefined ? {} : { lineTestMs: options.lineTestMs }),
      ...(summaryModel === undefined ? {} : { summaryModel: { model: summaryModel, label: model.label } }),
    })
    opened.push(
      () => kit.close({ graceMs }),
      // First, so that runs are put aside while what they work with is there.
      () => engine.close({ drainMs: graceMs }),
    )
    const voice = settings.voice ? await openVoice() : undefined
    const phone =
      voice === undefined
        ? undefined
        : createPhoneLine({ env: options.env ?? {}, rooms: kit, agentIds, channel: voice.channel, clock, ids, logger })
    const server = createServer({
      kit,
      auth: { keys: lookupIn([desk.record]), secrets: [secret] },
      publicDocs: isLocalHost,
      clock,
      ids,
      logger,
      ...(voice === undefined ? {} : { calls: { channel: voice.channel } }),
      ...(phone === undefined ? {} : { sockets: [phone.socket] }),
      mounts: [
        ...(phone === undefined ? [] : [phone.mount]),
        demoRoutes({
          rooms: kit,
          agentIds,
          database,
          summaries,
          runs: { engine, backend },
          tokens: () => server.tokens,
          newParticipantId: () => ids.next('person'),
          deskKey: desk.key,
          isDeskOpen: isLocalHost,
          clock,
          ...(settings.record ? { recordings: `${dataDir}/recordings` } : {}),
          model: {
            label: model.label,
            id: model.id,
            remote: model.remote,
            ...(voice === undefined
              ? {}
              : { voice: { hearing: voice.hearing, speech: voice.speech, records: settings.record } }),
            understands: speakingAgentIds.map((agent) => ({ agent, intents: local[agent].describe().intents })),
          },
        }),
        helpPages(articles),
        ...(pages ? [staticApp(`${pagesFolder}/desk`, { basePath: '/desk' }), staticApp(pagesFolder)] : []),
      ],
    })
    opened.push(() => server.close({ drainMs }))
    async function openVoice(): Promise<CallVoice> {
      onProgress('warming the voices')
      const made = await createCallVoice({
        kit: () => kit,
        models: local,
        clock,
        recordings: `${dataDir}/recordings`,
        records: settings.record,
      })
      kit.register(made.channel)
      opened.push(() => made.close())
      return made
    }
    await kit.ready()
    const port = await listen(server, settings)
    let closing: Promise<void> | undefined
    return {
      url: `http://${isLocalHost ? 'localhost' : settings.host}:${port}`,
      port,
      rooms: kit,
      deskKey: desk.key,
      model,
      accounts,
      articles: articles.length,
      voice,
      close: () => (closing ??= closeAll()),
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** What holds paid models to the budgets of their conversations. */
function capOf({ budgetOf, reached }: CallBudgets, { usd, ids }: { usd: number; ids: IdSource }): ModelCap {
  return { usd, hold: (model, free) => cappedModel(model, free, { budgetOf, onReached: reached, ids }) }
}

/** The model that a host gave in the place of the rules. */
function givenModel(
  wrapModel: NonNullable<CallCenterOptions['wrapModel']>,
  local: Readonly<Record<SpeakingAgentId, ChatModel>>,
  cap: ModelCap | undefined,
): ModelChoice {
  const first = wrapModel(local.triage, 'triage')
  checkCap(first, cap)
  const { id, card } = first
  const modelFor = (agentId: SpeakingAgentId): ChatModel => {
    const model = wrapModel(local[agentId], agentId)
    return cap?.hold(model, local[agentId]) ?? model
  }
  return { label: id, id, remote: card.tier !== 'local', remark: 'given by the host', modelFor }
}

/** Listens on the wanted port, else on the next free one, unless the port was asked for. */
async function listen(server: ReturnType<typeof createServer>, { host, port, isPortFixed }: Settings): Promise<number> {
  for (let tried = 0; ; tried += 1) {
    try {
      return (await server.listen({ host, port: port === 0 ? 0 : port + tried })).port
    } catch (error) {
      const isTaken = ParleyError.isInstance(error) && error.code === 'port_unavailable'
      if (!isTaken || isPortFixed || tried >= portsTried) throw error
    }
  }
}
