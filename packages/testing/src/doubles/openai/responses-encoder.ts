import type { Clock, IdSource, Json, ToolCallPart, Usage } from '@parley/spec'
import type { ResponsesBody } from './responses-body.ts'
import type { AnswerPart, Frame, WireEncoder } from '../http/wire-encoder.ts'

type Item = { [key: string]: Json }

/** What the encoder of one answer of the Responses API is made of. */
export interface ResponsesEncoderOptions {
  body: ResponsesBody
  clock: Clock
  ids: IdSource
  omitsUsage: boolean
  /** Changes the call id that is shown; nothing leaves it out. */
  callIdOf: (callId: string) => string | undefined
  /** Told of the finished output. */
  onOutput: (responseId: string, output: Item[]) => void
}

/** Writes an answer as the events of the Responses API: one item after the other, each opened, filled and closed. */
export function createResponsesEncoder(options: ResponsesEncoderOptions): WireEncoder {
  const { body, clock, ids, callIdOf } = options
  const responseId = ids.next('resp')
  const createdAt = Math.floor(clock.now() / 1000)
  const output: Item[] = []
  let sequence = 0
  let open: OpenItem | undefined
  const waiting = new Map<string, ToolCallPart>()
  let result: object | undefined

  const frame = (type: string, fields: object): Frame => ({
    event: type,
    data: JSON.stringify({ type, ...fields, sequence_number: sequence++ }),
  })
  const response = (status: string, fields: object = {}): object => ({
    id: responseId,
    object: 'response',
    created_at: createdAt,
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: body.metadata ?? {},
    model: body.model,
    output,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: body.text ?? { format: { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? 'disabled',
    usage: null,
    user: null,
    ...fields,
  })
  const add = (item: Item): Frame[] => [frame('response.output_item.added', { output_index: output.length, item })]
  const close = (): Frame[] => {
    const closing = open?.close() ?? []
    open = undefined
    return closing
  }
  const finish = (item: Item): Frame => {
    const done = frame('response.output_item.done', { output_index: output.length, item })
    output.push(item)
    return done
  }

  interface OpenItem {
    kind: 'text' | 'refusal' | 'thinking' | 'call'
    callId?: string
    push(delta: string): Frame[]
    close(): Frame[]
  }

  const openMessage = (kind: 'text' | 'refusal'): { opening: Frame[]; item: OpenItem } => {
    const id = ids.next('msg')
    const at = { item_id: id, output_index: output.length, content_index: 0 }
    const field = kind === 'text' ? 'text' : 'refusal'
    const part = (text: string): Item =>
      kind === 'text'
        ? { type: 'output_text', text, annotations: [], logprobs: [] }
        : { type: 'refusal', refusal: text }
    const event = kind === 'text' ? 'response.output_text' : 'response.refusal'
    const extra = kind === 'text' ? { logprobs: [] } : {}
    const base = { id, type: 'message', role: 'assistant' }
    let all = ''
    return {
      opening: [
        ...add({ ...base, status: 'in_progress', content: [] }),
        frame('response.content_part.added', { ...at, part: part('') }),
      ],
      item: {
        kind,
        push(delta) {
          all += delta
          return [frame(`${event}.delta`, { ...at, delta, ...extra })]
        },
        close: () => [
          frame(`${event}.done`, { ...at, [field]: all, ...extra }),
          frame('response.content_part.done', { ...at, part: part(all) }),
          finish({ ...base, status: 'completed', content: [part(all)] }),
        ],
      },
    }
  }
  const openThinking = (): { opening: Frame[]; item: OpenItem } => {
    const id = ids.next('rs')
    const at = { item_id: id, output_index: output.length, summary_index: 0 }
    // Encrypted reasoning goes out only to those who asked for it.
    const sealed = body.include?.includes('reasoning.encrypted_content') ? { encrypted_content: ids.token(24) } : {}
    let all = ''
    const part = (text: string): Item => ({ type: 'summary_text', text })
    return {
      opening: [
        ...add({ id, type: 'reasoning', summary: [] }),
        frame('response.reasoning_summary_part.added', { ...at, part: part('') }),
      ],
      item: {
        kind: 'thinking',
        push(delta) {
          all += delta
          return [frame('response.reasoning_summary_text.delta', { ...at, delta })]
        },
        close: () => [
          frame('response.reasoning_summary_text.done', { ...at, text: all }),
          frame('response.reasoning_summary_part.done', { ...at, part: part(all) }),
          finish({ id, type: 'reasoning', summary: [part(all)], ...sealed }),
        ],
      },
    }
  }
  const openCall = (callId: string, name: string): { opening: Frame[]; item: OpenItem } => {
    const id = ids.next('fc')
    const shown = callIdOf(callId)
    const base = { id, type: 'function_call', ...(shown === undefined ? {} : { call_id: shown }), name }
    const at = { item_id: id, output_index: output.length }
    let all = ''
    return {
      opening: add({ ...base, arguments: '', status: 'in_progress' }),
      item: {
        kind: 'call',
        callId,
        push(delta) {
          all += delta
          return [frame('response.function_call_arguments.delta', { ...at, delta })]
        },
        close: () => [
          frame('response.function_call_arguments.done', { ...at, arguments: all }),
          finish({ ...base, arguments: all, status: 'completed' }),
        ],
      },
    }
  }
  const into = (kind: OpenItem['kind'], make: () => { opening: Frame[]; item: OpenItem }, delta: string): Frame[] => {
    const frames: Frame[] = []
    if (open?.kind !== kind) {
      frames.push(...close())
      const made = make()
      open = made.item
      frames.push(...made.opening)
    }
    return delta === '' ? frames : [...frames, ...(open?.push(delta) ?? [])]
  }
  const wholeCall = (call: ToolCallPart): Frame[] => {
    const { opening, item } = openCall(call.callId, call.name)
    return [...opening, ...(call.arguments ? item.push(call.arguments) : []), ...item.close()]
  }
  const pushCall = (call: ToolCallPart): Frame[] => {
    if (open?.kind === 'call' && open.callId !== call.callId) {
      waiting.set(call.callId, call)
      return []
    }
    const frames = open?.kind === 'call' ? close() : [...close(), ...wholeCall(call)]
    for (const [callId, late] of waiting) {
      waiting.delete(callId)
      frames.push(...wholeCall(late))
    }
    return frames
  }

  return {
    start: () => [
      frame('response.created', { response: response('in_progress') }),
      frame('response.in_progress', { response: response('in_progress') }),
    ],
    push(part: AnswerPart) {
      switch (part.type) {
        case 'textDelta':
          return into('text', () => openMessage('text'), part.text)
        case 'refusalDelta':
          return into('refusal', () => openMessage('refusal'), part.text)
        case 'thinkingDelta':
          return into('thinking', openThinking, part.text)
        case 'toolCallDelta':
          // The vendor writes one call after the other: a second one waits until it is whole.
          if (open?.kind === 'call')
            return open.callId === part.callId && part.argumentsDelta ? open.push(part.argumentsDelta) : []
          return part.name === undefined
            ? []
            : into('call', () => openCall(part.callId, part.name ?? ''), part.argumentsDelta)
        case 'toolCall':
          return pushCall(part.call)
        case 'usage':
          return []
        case 'end': {
          const frames = close()
          const usage = options.omitsUsage ? {} : { usage: toWireUsage(part.usage) }
          const cut =
            part.reason === 'length'
              ? 'max_output_tokens'
              : part.reason === 'contentFilter'
                ? 'content_filter'
                : undefined
          result =
            cut === undefined
              ? response('completed', usage)
              : response('incomplete', { ...usage, incomplete_details: { reason: cut } })
          options.onOutput(responseId, output)
          frames.push(frame(cut === undefined ? 'response.completed' : 'response.incomplete', { response: result }))
          return frames
        }
      }
    },
    fail: ({ message, code }) => [
      frame('response.failed', { response: response('failed', { error: { code: code ?? 'server_error', message } }) }),
    ],
    get result() {
      return result
    },
  }
}

function toWireUsage(usage: Usage): object {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedInputTokens ?? 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: usage.inputTokens + usage.outputTokens,
  }
}
