import { createOpenAiChatModel } from '@parley/openai'
import { withFallback, type ChatModel, type Clock } from '@parley/spec'
import type { SpeakingAgentId } from '../agents/create-agents.ts'

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
  /** Writes summaries; absent where rules do. */
  summaryModel?: ChatModel
}

/** What the choice is made of. */
export interface ChooseModelOptions {
  env: Environment
  local: Readonly<Record<SpeakingAgentId, ChatModel>>
  clock: Clock
  fetch?: typeof globalThis.fetch
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
  const model = createOpenAiChatModel({
    model: env['PARLEY_MODEL'] || defaultModel,
    clock,
    fetch,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(baseURL === undefined ? {} : { baseURL }),
  })
  return {
    label: model.id,
    id: model.id,
    remote: true,
    remark: 'what people write is sent there; local rules answer when it fails',
    modelFor: (agentId) => withFallback([model, local[agentId]], { clock }),
    summaryModel: model,
  }
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
