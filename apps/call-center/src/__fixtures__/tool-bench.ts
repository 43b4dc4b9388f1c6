import { fileURLToPath } from 'node:url'
import { openDatabase } from '@parley/postgres'
import { checkContract, ConversationState, type Answer, type AnyTool, type Json, type RoomHandle, type ToolContext } from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import { createEngine, memoryBackend, type Engine } from '@parley/workflow'
import { loadHarbor } from '../business/load-harbor.ts'
import { loadArticles } from '../help/load-articles.ts'
import { createPostgresHelp, indexArticles } from '../help/postgres-help.ts'
import { creditApproval } from '../workflows/credit-approval.ts'
import { createCreditDesk } from '../workflows/credit-desk.ts'
import type { HarborServices } from '../tools/harbor-services.ts'
import { saveVerification } from '../tools/verification.ts'

/** Tools on a fresh business, without a kit around them. */
export interface ToolBench {
  services: HarborServices
  clock: VirtualClock
  engine: Engine
  /** What callers were told whom no agent could tell. */
  told: string[]
  /** A room's state as tools see it. */
  openRoom(): BenchRoom
  close(): Promise<void>
}

/** A room for tools: its state, what a person answers, what was sent and asked. */
export interface BenchRoom {
  handle: RoomHandle
  /** Given in turn to questions; none left means nobody answers. */
  answers: Answer[]
  prompts: string[]
  /** Asked of colleagues. */
  approvals: { prompt?: string; timeoutMs?: number }[]
  progress: string[]
  sent: Parameters<RoomHandle['send']>[0][]
  handoffs: Parameters<RoomHandle['handoff']>[0][]
  verify(accountId: string): Promise<void>
  /** Runs a tool as the kit does: arguments and result checked by the schemas. */
  run(tool: AnyTool, input: Json, key?: string): Promise<Json>
  /** What a tool is given beside its input. */
  contextOf(key?: string): ToolContext
}

/** Makes a bench on Saturday, November 21, 2026. */
export async function createToolBench(): Promise<ToolBench> {
  const clock = createVirtualClock({ now: Date.UTC(2026, 10, 21, 9) })
  const ids = createSeededIds(1)
  const database = await openDatabase('memory://')
  await loadHarbor(database, { clock })
  await indexArticles(database, await loadArticles(fileURLToPath(new URL('../../knowledge', import.meta.url))))
  const backend = memoryBackend({ clock, ids })
  const engine = createEngine({ backend, clock, ids })
  const credits = createCreditDesk({ engine, backend, workflow: creditApproval({ database, clock, ids }) })
  const told: string[] = []
  const tellCaller = (_call: unknown, words: string): Promise<void> => Promise.resolve(void told.push(words))
  const services: HarborServices = { database, clock, ids, help: createPostgresHelp(database), credits, tellCaller, lineTestMs: 6_000 }
  return {
    services,
    clock,
    engine,
    told,
    openRoom: () => openRoom(clock),
    async close() {
      await engine.close()
      await database.close()
    },
  }
}

function openRoom(clock: VirtualClock): BenchRoom {
  let state = new ConversationState()
  let calls = 0
  // Tools use these four alone; anything else fails by being absent.
  const handle = {
    id: 'room_1',
    state: () => Promise.resolve(state),
    updateState: (change: (before: ConversationState) => ConversationState) => Promise.resolve((state = change(state))),
    send: (input: BenchRoom['sent'][number]) => Promise.resolve(void room.sent.push(input)),
    handoff: (input: BenchRoom['handoffs'][number]) => {
      room.handoffs.push(input)
      return Promise.resolve({ accepted: true, newAgentId: null, newPhase: 'human', message: '', handoffId: 'h' })
    },
  } as unknown as RoomHandle
  const room: BenchRoom = {
    handle,
    answers: [],
    prompts: [],
    approvals: [],
    progress: [],
    sent: [],
    handoffs: [],
    verify: (accountId) => saveVerification(handle, { attempts: 0, accountId }),
    contextOf(key) {
      calls += 1
      // Tools read these fields of their context; the others belong to the loop.
      return {
        room: handle,
        agentId: 'agent',
        clock,
        signal: new AbortController().signal,
        callId: `call_${calls}`,
        idempotencyKey: key ?? `key_${calls}`,
        progress: (text: string) => void room.progress.push(text),
        requestApproval: (question: BenchRoom['approvals'][number] = {}) => {
          room.approvals.push(question)
          return Promise.resolve({ status: 'pending', requestId: `req_${room.approvals.length}` })
        },
        requestInput: (question: { prompt: string }) => {
          room.prompts.push(question.prompt)
          return Promise.resolve(room.answers.shift() ?? { status: 'expired' })
        },
      } as unknown as ToolContext
    },
    async run(tool, input, key) {
      const context = room.contextOf(key)
      const args = await checkContract(tool.input, input)
      if (!args.ok) throw new Error(`arguments: ${JSON.stringify(args.violations)}`)
      // The tool's own schema parsed the input.
      const value = await tool.run(args.value as never, context)
      const checked = tool.output === undefined ? undefined : await checkContract(tool.output, value)
      if (checked?.ok === false) throw new Error(`result: ${JSON.stringify(checked.violations)}`)
      return JSON.parse(JSON.stringify(checked?.value ?? value)) as Json
    },
  }
  return room
}
