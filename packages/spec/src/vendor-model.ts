import { createCallIds, type CallIds } from './call-ids.ts'
import type { CallOptions, ChatModel, ChatPart, ChatRequest, ModelCard } from './chat-model.ts'
import type { ParleyError } from './parley-error.ts'
import { recordingFetch, type WireRecord } from './record-fetch.ts'
import { streamModel, type ModelCodec } from './stream-model.ts'
import { foldOutputTool, planStructuredOutput } from './structured-output.ts'
import { createSystemClock, createSystemIds } from './system.ts'
import type { Clock, IdSource } from './world.ts'

/** Options that every adapter of a chat model takes. */
export interface VendorModelOptions {
  /** Longest wait for the vendor to accept a request, in ms. @default 60000 */
  openMs?: number
  /** Longest silence inside an answer, in ms. @default 120000 */
  idleMs?: number
  /** @default the machine's clock */
  clock?: Clock
  /** Names tool calls that the vendor left unnamed. @default random */
  ids?: IdSource
}

/** Options of an adapter that sends its requests itself. */
export interface VendorWireOptions {
  fetch?: typeof globalThis.fetch
  /** Told what crosses the wire, without credentials; a recording can be served again by the double of `@parley/testing`. */
  record?: (record: WireRecord) => void
  /** Leaves people's and models' words in the recording. @default false: as many `x` */
  recordText?: boolean
}

/** The `fetch` that an adapter gives the vendor's client: the given one, recorded if asked; undefined for the client's own. */
export function vendorFetch({
  fetch,
  record,
  recordText: keepsText = false,
}: VendorWireOptions): typeof globalThis.fetch | undefined {
  return record === undefined ? fetch : recordingFetch(fetch ?? globalThis.fetch, record, { keepsText })
}

/** One answer, mapped and ready to be asked for. */
export interface VendorAnswer<Event> {
  /** Sends the request; `signal` ends it. */
  open(signal: AbortSignal): PromiseLike<AsyncIterable<Event>>
  codec: ModelCodec<Event>
}

/** What one vendor does differently. */
export interface VendorModelParts<Event> {
  card: ModelCard
  options: VendorModelOptions
  /** The card by which a request's output schema is planned. @default `card` */
  structuring?(request: ChatRequest): ModelCard
  /** Maps a request. Nothing is sent yet, so one that cannot be sent fails first. */
  prepare(request: ChatRequest, call: CallOptions, callIds: CallIds): VendorAnswer<Event>
  /** Translates what the vendor's client threw. */
  toError(thrown: unknown, stage: 'open' | 'read', modelId: string): ParleyError
}

/** A chat model over a vendor's client: all of an answer that is the same whoever gives it. */
export function createVendorModel<Event>({
  card,
  options,
  structuring = () => card,
  prepare,
  toError,
}: VendorModelParts<Event>): ChatModel {
  const { clock = createSystemClock(), ids = createSystemIds(), openMs, idleMs } = options
  async function* stream(request: ChatRequest, call: CallOptions): AsyncGenerator<ChatPart, void, void> {
    const plan = planStructuredOutput(request, structuring(request))
    const { open, codec } = prepare(plan.request, call, createCallIds(request, ids))
    yield* streamModel({
      modelId: card.id,
      signal: call.signal,
      clock,
      open,
      codec: foldOutputTool(codec, plan.outputTool),
      toError: (thrown, stage) => toError(thrown, stage, card.id),
      ...(openMs === undefined ? {} : { openMs }),
      ...(idleMs === undefined ? {} : { idleMs }),
    })
  }
  return { id: card.id, card, stream }
}
