import { expect, test } from 'vitest'
import { agentLine, applyConversation, readConversation, type Conversation } from './conversation.ts'
import { emptyTimeline, type Timeline } from './timeline.ts'
import type { MessageRow, ToolRow } from './timeline-rows.ts'

const riley: Conversation = { phase: 'intake', mode: 'agent', agentId: 'triage', previousAgentId: null }
const said = (by: string): MessageRow => ({
  kind: 'message',
  key: by,
  speaker: { kind: 'person', id: by },
  text: 'hello',
  at: '1970-01-01T00:00:01.000Z',
  status: 'committed',
  sources: [],
  isInternal: false,
  isEdited: false,
})
const tool: ToolRow = {
  kind: 'tool',
  key: 't',
  name: 'list_invoices',
  agentId: 'billing',
  startedMs: 5,
  status: 'running',
}
const line = (timeline: Partial<Timeline>, conversation = riley, nowMs = 2_000): string =>
  agentLine(conversation, { ...emptyTimeline, ...timeline }, 'ada', nowMs).state

test('the line follows what events say', () => {
  expect(line({})).toBe('listening')
  expect(line({ rows: [said('ada')] })).toBe('thinking')
  expect(line({ rows: [said('ada')] }, riley, 60_000)).toBe('listening')
  expect(line({ rows: [said('ada'), said('triage')] })).toBe('listening')
  expect(line({ rows: [said('ada'), tool] })).toBe('checking')
  expect(line({ rows: [said('ada')], live: [said('triage')] })).toBe('answering')
  expect(line({ rows: [{ ...tool, status: 'done', durationMs: 1_500 }] })).toBe('thinking')
})

test('a person in charge, or asked for, goes before what agents do', () => {
  expect(line({ rows: [tool] }, { ...riley, mode: 'human', agentId: null })).toBe('waiting-for-colleague')
  const dana = applyConversation(
    riley,
    { phase: 'human', mode: 'human', activeAgentId: null, name: 'desk-dana' },
    '1970-01-01T00:00:00.000Z',
  )
  expect(dana).toMatchObject({ previousAgentId: 'triage', human: { status: 'active', id: 'desk-dana' } })
  expect(line({}, dana)).toBe('helping')
  expect(applyConversation(riley, { nonsense: true }, '')).toBe(riley)
})

test('the state of a room says who claimed it', () => {
  const read = readConversation({
    version: 3,
    phase: 'human',
    mode: 'human',
    activeAgentId: null,
    previousAgentId: 'billing',
    handoffCount: 2,
    phaseStartedAt: null,
    phaseHistory: [],
    context: {},
    human: {
      status: 'active',
      requestedAt: 'a',
      requestedBy: 'billing',
      urgency: 'normal',
      reason: 'r',
      claimedBy: 'desk-dana',
      claimedAt: 'b',
    },
  })
  expect(read.human).toEqual({ status: 'active', id: 'desk-dana', since: 'b' })
})
