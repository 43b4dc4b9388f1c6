import {
  ConversationState,
  createBudget,
  ParleyError,
  type ChannelId,
  type Clock,
  type IdSource,
  type RoomEvent,
  type RoomHandle,
  type TurnContext,
} from '@parley/spec'
import type { LoopServices } from './loop-input.ts'
import type { PromptOptions } from './prompt-options.ts'

/** The context of a task outside a room: its room refuses everything, its trigger is the task. */
export function createPromptContext(
  task: string,
  options: PromptOptions,
  parts: {
    agentId: ChannelId
    clock: Clock
    ids: IdSource
    signal: AbortSignal
    deps: unknown
    language: string | undefined
  },
): TurnContext {
  const { agentId, clock, ids, signal, deps } = parts
  const { turnId = ids.next('turn'), sessionId, budget = createBudget('turn', turnId, {}, { clock }) } = options
  const language = options.language ?? parts.language
  return {
    room: noRoom(),
    event: taskEvent(task, ids.next('event'), new Date(clock.now()).toISOString()),
    agentId,
    turnId,
    ...(sessionId === undefined ? {} : { sessionId }),
    state: new ConversationState(),
    ...(language === undefined ? {} : { language }),
    signal,
    budget,
    clock,
    deps,
  }
}

/** What the loop needs where there is no kit: no hooks, no log; large results live as long as the task. */
export function createPromptServices(
  options: PromptOptions,
  { ids, clock }: { ids: IdSource; clock: Clock },
): LoopServices {
  const stored = new Map<string, string>()
  const { onRequest } = options
  const nothing = (): void => {}
  return {
    // Without hooks the payload is what it was.
    runHook: (_trigger, payload) =>
      Promise.resolve({ payload, modifiedBy: [], injected: [], tasks: [], observations: [], failures: [] }),
    fire: nothing,
    takeSteering: () => [],
    receipt: () => Promise.resolve(),
    storeResult(_name, text) {
      const id = ids.next('result')
      stored.set(id, text)
      return Promise.resolve(id)
    },
    readResult: (id) => Promise.resolve(stored.get(id) ?? null),
    progress: nothing,
    nextId: (prefix) => ids.next(prefix),
    random: () => ids.random(),
    // Errors of tools are in the step's record; those of the model reject the call.
    reportError: nothing,
    ...(onRequest === undefined
      ? {}
      : {
          request(spec) {
            const timeout = clock.sleep(spec.timeoutMs).then(() => ({ status: 'expired' as const }))
            const outcome = Promise.race([onRequest({ ...spec, mode: 'suspend' }), timeout])
            return Promise.resolve({ requestId: ids.next('request'), outcome })
          },
        }),
  }
}

function taskEvent(task: string, id: string, createdAt: string): RoomEvent {
  return {
    id,
    roomId: '',
    index: 0,
    type: 'message',
    status: 'committed',
    source: { kind: 'system', channelType: 'system', medium: 'text' },
    content: { type: 'text', text: task },
    visibility: 'all',
    addressedTo: null,
    chainDepth: 0,
    createdAt,
    metadata: {},
  }
}

function noRoom(): RoomHandle {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new ParleyError({
        code: 'room_not_found',
        message: 'This agent works outside a room. Use what needs a room only in turns of a room.',
        details: {},
      }),
    )
  return {
    id: '',
    room: refuse,
    send: refuse,
    events: refuse,
    state: refuse,
    updateState: refuse,
    publish() {},
    delegate: refuse,
    handoff: () =>
      Promise.resolve({
        accepted: false,
        code: 'handoff_no_room',
        reason: 'There is no room here, so nobody can take over. Finish the task yourself.',
        message: 'A handoff needs a room.',
      }),
  }
}
