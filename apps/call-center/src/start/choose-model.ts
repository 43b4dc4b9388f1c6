import { createOpenAiChatModel } from '@parley/openai'
import { costOf, ParleyError, toUsd, withFallback, type ChatModel, type Clock, type Price } from '@parley/spec'
import type { SpeakingAgentId } from '../agents/create-agents.ts'
import type { PriceOf } from './read-prices.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What speaks for the agents. */
export interface ModelChoice {
  /** For the start text and the page, such as `local rules`. */
  label: string
  id: string
  /** Whether words leave this machine. */
  remote: boolean
  /** What to say beside the label. */
  remark: string
  /** Why something that was asked for is not used. */
  warning?: string
  modelFor: (agentId: SpeakingAgentId) => ChatModel
  /** What a conversation costs and may cost; absent where nothing is paid. */
  cost?: string
  /** Writes summaries; absent where rules do. */
  summaryModel?: ChatModel
}

/** What the choice is made of. */
export interface ChooseModelOptions {
  env: Environment
  local: Readonly<Record<SpeakingAgentId, ChatModel>>
  clock: Clock
  fetch?: typeof globalThis.fetch
  /** @default no prices are known */
  priceOf?: PriceOf
  /** What a conversation may cost, and what holds a paid model to it. @default no cap */
  cap?: ModelCap
}

/** Holds a paid model to what a conversation may cost; the other one costs nothing and answers beyond. */
export interface ModelCap {
  usd: number
  hold: (model: ChatModel, free: ChatModel) => ChatModel
}

const defaultModel = 'gpt-5-mini'
const defaultBaseUrl = 'https://api.openai.com/v1'
const checkMs = 4_000
const noKey = 'no key set: understands the phrases in rules/, nothing else'

/**
 * Takes the model of the environment (`OPENAI_API_KEY`, `OPENAI_BASE_URL`, `PARLEY_MODEL`) after one cheap request to see
 * whether it can be used; the local rules stand behind it, and in its place where it cannot.
 */
export async function chooseModel({
  env,
  local,
  clock,
  fetch = globalThis.fetch,
  priceOf = () => undefined,
  cap,
}: ChooseModelOptions): Promise<ModelChoice> {
  const apiKey = env['OPENAI_API_KEY'] || undefined
  const baseURL = env['OPENAI_BASE_URL'] || undefined
  const rules: ModelChoice = {
    label: 'local rules',
    id: local.triage.id,
    remote: false,
    remark: noKey,
    modelFor: (agentId) => local[agentId],
  }
  if (apiKey === undefined && baseURL === undefined) return rules
  const refusal = await checkKey({ apiKey, baseURL: baseURL ?? defaultBaseUrl, fetch })
  if (refusal !== undefined)
    return { ...rules, remark: 'understands the phrases in rules/, nothing else', warning: refusal }
  const name = env['PARLEY_MODEL'] || defaultModel
  const price = priceOf(`openai/${name}`)
  const model = createOpenAiChatModel({
    model: name,
    clock,
    ...(price === undefined ? {} : { card: { price } }),
    fetch,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(baseURL === undefined ? {} : { baseURL }),
  })
  checkCap(model, cap)
  return {
    label: model.id,
    id: model.id,
    remote: true,
    remark: 'what people write is sent there; local rules answer when it fails',
    cost: costText(price, cap?.usd),
    modelFor: (agentId) => withFallback([cap?.hold(model, local[agentId]) ?? model, local[agentId]], { clock }),
    summaryModel: model,
  }
}

/**
 * A cap holds only what has a price.
 * @throws {ParleyError} `config_invalid` naming the variable and what to do
 */
export function checkCap({ id, card }: ChatModel, cap: ModelCap | undefined): void {
  if (cap === undefined || card.price !== undefined) return
  throw new ParleyError({
    code: 'config_invalid',
    message: `PARLEY_CALL_BUDGET_USD cannot be kept: the price of ${id} is not known. Name a file of prices that has it in PARLEY_PRICES, or unset the cap.`,
    details: { path: 'PARLEY_CALL_BUDGET_USD', model: id },
  })
}

/** Tokens of a story of the demo told from end to end, as the tests measure it: input, output. */
export const usualCall = { inputTokens: 23_000, outputTokens: 1_000 }

function costText(price: Price | undefined, capUsd: number | undefined): string {
  if (price === undefined) return 'price not known (PARLEY_PRICES), no cap (PARLEY_CALL_BUDGET_USD)'
  const cap = capUsd === undefined ? 'no cap' : `cap ${dollars(capUsd)}`
  return `about ${dollars(toUsd(costOf(price, usualCall) ?? 0))} a call, ${cap} (PARLEY_CALL_BUDGET_USD)`
}

/** Four decimals under one cent. */
function dollars(usd: number): string {
  return `$${usd.toFixed(usd < 0.01 ? 4 : 2)}`
}

interface KeyCheck {
  apiKey: string | undefined
  baseURL: string
  fetch: typeof globalThis.fetch
}

/** Asks for the list of models: costs nothing. Gives a sentence when it cannot be used. */
async function checkKey({ apiKey, baseURL, fetch }: KeyCheck): Promise<string | undefined> {
  const name = apiKey === undefined ? 'OPENAI_BASE_URL' : 'OPENAI_API_KEY'
  try {
    const response = await fetch(`${baseURL.replace(/\/+$/, '')}/models`, {
      headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.timeout(checkMs),
    })
    await response.body?.cancel()
    if (response.status === 401 || response.status === 403) return `${name} was refused (${response.status})`
    return response.status >= 500 ? `${name}: the server failed (${response.status})` : undefined
  } catch {
    // Whatever kept the request from being answered, the local rules take over and the start text says so.
    return `${name}: no answer from the server`
  }
}
