import type { ChatModel, ChatRequest, ChatResult, Usage } from '../chat-model.ts'
import { generate } from '../generate.ts'
import type { Json } from '../json.ts'
import { ParleyError } from '../parley-error.ts'
import { createSystemClock } from '../system.ts'
import { parseTemplate, type TemplateResult } from './parse-template.ts'
import { renderActionPrompt, type ActionPromptSource } from './render-action-prompt.ts'
import { answerSchema, isStructured, readStructuredAnswer } from './structured-answer.ts'
import {
  checkActionOptions,
  templateCallOptions,
  type TemplateActionOptions,
  type TemplateCallOptions,
} from './template-action-options.ts'

/** What an action reads of a step's context. */
export interface TemplateActionContext extends ActionPromptSource {
  readonly signal: AbortSignal
  /** Counts a call that the engine does not see. */
  incrementLlmCalls?(count?: number): void
}

/** What an action gives: an answer and what it took, never the provider's raw response. */
export interface TemplateAnswer {
  text: string
  /** The answer as the contract of `output` has it; absent without one. */
  data?: unknown
  /** `provider/model`. */
  model: string
  latencyMs: number
  /** 0 where the provider says nothing. */
  usage: {
    promptTokens: number
    completionTokens: number
    totalTokens: number
    cachedTokens: number
    reasoningTokens: number
  }
  metadata: { [key: string]: Json }
}

/** An action made of a template. Its `promptTemplate` tells a workflow which steps it needs. */
export interface TemplateAction<Context extends TemplateActionContext = TemplateActionContext> {
  (context: Context, options?: TemplateCallOptions): Promise<TemplateAnswer>
  readonly promptTemplate: string
}

/** How an action is made. */
export interface TemplateActionParts<Context extends TemplateActionContext> {
  /** Name of the function that makes it, for error texts. */
  what: string
  template: string
  options: TemplateActionOptions
  /** Names of options of its own, beside those that all actions have. */
  ownOptions: readonly string[]
  /** Names of common options that it does not have. */
  withoutOptions?: readonly (keyof TemplateCallOptions)[]
  /** Whether its calls go past the engine and have to be counted. */
  isCounted: boolean
  /** The model of one call. */
  open: (
    context: Context,
    call: { model: string | undefined; timeoutMs: number; signal: AbortSignal },
  ) => ChatModel | Promise<ChatModel>
}

/** Seconds. */
const defaultTimeout = 120

/**
 * Makes an action of a template in brace style. A template that cannot be read is a problem of the workflow, which reads
 * `promptTemplate`; alone, the first call says it.
 * @throws {ParleyError} `invalid_options`, `schema_unsupported`
 */
export function createTemplateAction<Context extends TemplateActionContext>({
  what,
  template,
  options: given,
  ownOptions,
  withoutOptions = [],
  isCounted,
  open,
}: TemplateActionParts<Context>): TemplateAction<Context> {
  const callOptions = templateCallOptions.filter((name) => !withoutOptions.includes(name))
  checkActionOptions(what, given, [...callOptions, 'output', 'clock', ...ownOptions])
  checkTemplate(what, template)
  const parsed = parseTemplate(template, { style: 'brace' })
  // A copy, so that what is checked stays what is used.
  const options = { ...given }
  const { output, clock = createSystemClock() } = options
  const structure = output === undefined ? undefined : { contract: output, schema: answerSchema(output) }

  const act = async (context: Context, call: TemplateCallOptions = {}): Promise<TemplateAnswer> => {
    checkActionOptions(`A call of ${what}`, call, callOptions)
    const { stepId } = context
    const system = call.system ?? options.system
    const maxOutputTokens = call.maxOutputTokens ?? options.maxOutputTokens
    const temperature = call.temperature ?? options.temperature
    const timeout = call.timeout ?? options.timeout ?? defaultTimeout
    const timeoutMs = Math.ceil(timeout * 1000)
    const request: ChatRequest = {
      ...(system === undefined ? {} : { system }),
      messages: [{ role: 'user', content: renderActionPrompt(requireTemplate(parsed, stepId), context) }],
      ...(structure === undefined || !isStructured(structure.schema)
        ? {}
        : { output: { name: stepId.replaceAll('-', '_'), schema: structure.schema } }),
      ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
      ...(temperature === undefined ? {} : { temperature }),
    }
    context.signal.throwIfAborted()
    const late = new AbortController()
    const signal = AbortSignal.any([context.signal, late.signal])
    const startedAtMs = clock.monotonicMs()
    const stopTimer = clock.setTimer(timeoutMs, () => late.abort(tookTooLong(what, stepId, timeout)))
    try {
      const opening = open(context, { model: call.model ?? options.model, timeoutMs, signal })
      const model = opening instanceof Promise ? await orAborted(opening, signal) : opening
      signal.throwIfAborted()
      if (isCounted) context.incrementLlmCalls?.()
      const result = await generate(model, request, { signal, purpose: 'step' })
      requireWhole(result, model.id)
      const latencyMs = Math.round(clock.monotonicMs() - startedAtMs)
      const data = structure && { data: await readStructuredAnswer(result.text, { ...structure, stepId }) }
      return {
        text: result.text,
        ...data,
        model: model.id,
        latencyMs,
        usage: toUsage(result.usage),
        metadata: metadataOf(result, model),
      }
    } finally {
      stopTimer()
    }
  }
  return Object.assign(act, { promptTemplate: template })
}

/** What waits for a key does not outlive the call. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    }),
  ])
}

function checkTemplate(what: string, template: unknown): void {
  if (typeof template === 'string') return
  throw new ParleyError({
    code: 'invalid_options',
    message: `${what} takes a text as its template, such as ${what}('Facts about {topic}').`,
    details: { path: 'template', expected: 'a text' },
  })
}

function requireTemplate(parsed: TemplateResult, stepId: string): Extract<TemplateResult, { ok: true }>['template'] {
  if (parsed.ok) return parsed.template
  const [first] = parsed.problems
  throw new ParleyError({
    code: 'template_invalid',
    message: `The template of step "${stepId}" cannot be read (line ${first?.line}, column ${first?.column}): ${first?.message}`,
    details: { step: stepId, problems: parsed.problems.map((problem) => ({ ...problem })) },
  })
}

/** Cut and withheld answers are no answers. */
function requireWhole({ reason }: ChatResult, modelId: string): void {
  if (reason === 'length') {
    throw new ParleyError({
      code: 'model_output_truncated',
      message: `The answer of the model "${modelId}" was cut at its length limit. Raise maxOutputTokens or ask for less.`,
      details: { model: modelId },
    })
  }
  if (reason !== 'contentFilter') return
  throw new ParleyError({
    code: 'model_refused',
    message: `The provider of the model "${modelId}" held its answer back. Change the request.`,
    details: { model: modelId },
  })
}

function tookTooLong(what: string, stepId: string, timeout: number): ParleyError {
  return new ParleyError({
    code: 'model_timeout',
    message: `The model of ${what} in step "${stepId}" took longer than ${timeout} s. Try again, or raise timeout.`,
    details: { step: stepId, timeoutMs: Math.ceil(timeout * 1000) },
  })
}

function toUsage({ inputTokens, outputTokens, cachedInputTokens, reasoningTokens }: Usage): TemplateAnswer['usage'] {
  return {
    promptTokens: inputTokens,
    completionTokens: outputTokens,
    totalTokens: inputTokens + outputTokens,
    cachedTokens: cachedInputTokens ?? 0,
    reasoningTokens: reasoningTokens ?? 0,
  }
}

function metadataOf({ reason, responseId }: ChatResult, { card }: ChatModel): TemplateAnswer['metadata'] {
  return { provider: card.provider, endReason: reason, ...(responseId === undefined ? {} : { responseId }) }
}
