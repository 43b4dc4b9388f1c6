import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ParleyError, type Contract, type RoomEvent, type RoomId } from '@parley/spec'
import { loadDocument, SKIP, type RegisteredFunction, type StepAction, type WorkflowSource } from '@parley/workflow'
import { callFacts, callFactsSchema } from './call-facts.ts'
import { callSummarySchema, callWordsSchema, rulesLabel } from './call-summary.ts'
import { wordsOfFacts } from './summary-model.ts'
import type { CallCenterRooms } from '../rooms/call-center-rooms.ts'

/** What the functions of the document work with. */
export interface PostCallParts {
  rooms: () => Pick<CallCenterRooms, 'members' | 'patchRoom'>
  /** The whole log of a room, ascending. */
  readLog: (roomId: RoomId) => Promise<RoomEvent[]>
  /** What a summary is labelled with when the model of the workflow wrote it. */
  modelLabel: string
  now: () => string
}

const document = fileURLToPath(new URL('../../workflows/post-call.yaml', import.meta.url))

/**
 * Loads `workflows/post-call.yaml` with its functions.
 * @throws {ParleyError} `document_invalid` with all that is wrong in it
 */
export async function loadPostCall(parts: PostCallParts): Promise<WorkflowSource> {
  const functions = new Map(
    Object.entries(actions(parts)).map(([name, run]): [string, RegisteredFunction] => [
      name,
      { name, version: '1', run },
    ]),
  )
  const contracts = new Map<string, Contract>([['call_summary', callSummarySchema]])
  const workflow = loadDocument(await readFile(document, 'utf8'), { functions, contracts })
  if (workflow.problems.length === 0) return workflow
  const found = workflow.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
  throw new ParleyError({
    code: 'document_invalid',
    message: `workflows/post-call.yaml has problems: ${found.join('; ')}`,
    details: { problems: found },
  })
}

function actions({ rooms, readLog, modelLabel, now }: PostCallParts): Record<string, StepAction> {
  return {
    async read_facts({ input }) {
      const roomId = String(input['roomId'])
      return callFacts(await readLog(roomId), await rooms().members(roomId))
    },
    write_summary({ inputs }) {
      const facts = callFactsSchema.parse(inputs['facts'])
      if (!facts.hasAnswer) return SKIP
      const written = callWordsSchema.nullable().parse(inputs['words'])
      const { agents, lastAnswer, messageCount } = facts
      const words = written ?? wordsOfFacts(facts)
      return { ...words, label: written === null ? rulesLabel : modelLabel, agents, lastAnswer, messageCount }
    },
    async keep_summary({ input, inputs, runId }) {
      const summary = { ...callSummarySchema.parse(inputs['summary']), runId, writtenAt: now() }
      await rooms().patchRoom(String(input['roomId']), { metadata: { set: { summary } } })
      return { kept: true }
    },
  }
}
