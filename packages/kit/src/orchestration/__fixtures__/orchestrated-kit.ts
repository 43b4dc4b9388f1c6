import { createSeededIds, createVirtualClock, scriptedModel, type Answer, type ScriptedModel, type ScriptedTurn, type VirtualClock } from '@parley/testing'
import type { Json, Receipt, RoomEvent } from '@parley/spec'
import { Agent } from '../../agent/agent.ts'
import type { AgentOptions } from '../../agent/agent-options.ts'
import { Kit, type KitOptions } from '../../kit.ts'

/** A kit in virtual time that keeps what went wrong. */
export interface TestKit {
  kit: Kit
  clock: VirtualClock
  errors: { code: string; stage: string; details: Json }[]
}

/** Makes a kit whose clock stands still and whose ids are fixed. */
export function testKit({ clock = createVirtualClock(), ...options }: Omit<KitOptions, 'clock'> & { clock?: VirtualClock } = {}): TestKit {
  const kit = new Kit({ clock, ids: createSeededIds(7), ...options })
  const errors: TestKit['errors'] = []
  kit.hook('onError', ({ error, stage }) => void errors.push({ code: error.code, stage, details: error.details }))
  return { kit, clock, errors }
}

/** An agent that says what its script says. */
export function scripted(channelId: string, turns: readonly ScriptedTurn[], options: AgentOptions = {}): Agent & { script: ScriptedModel } {
  const script = scriptedModel(turns, { then: 'last' })
  return Object.assign(new Agent(channelId, { model: script, ...options }), { script })
}

/** A call of the handoff tool. */
export function handOver(target: string, more: Record<string, Json> = {}): Answer {
  return { toolCalls: [{ name: 'handoff_conversation', arguments: { target, reason: 'it is theirs', summary: 'Ada has a question.', ...more } }] }
}

/** Sends a person's line and waits for all it caused. */
export async function say(kit: Kit, roomId: string, text: string, more: Parameters<Kit['send']>[1] | object = {}): Promise<void> {
  await kit.send(roomId, { from: 'ada', text, ...more }, { wait: 'settled' })
  await kit.settled(roomId)
}

/** What was said, as people read it. */
export async function transcript(kit: Kit, roomId: string): Promise<string[]> {
  return (await kit.events(roomId, { types: ['message'], limit: 1_000 })).filter(({ status }) => status === 'committed').map(line)
}

function line({ source, content }: RoomEvent): string {
  const who = source.kind === 'agent' ? source.channelId : (source.participantId ?? 'system')
  return `${who}: ${content.type === 'text' ? content.text : content.type}`
}

/** Data of a room's receipts of one kind. */
export async function receiptsOf(kit: Kit, roomId: string, kind: Receipt['kind']): Promise<{ [key: string]: Json }[]> {
  const receipts = await kit.receipts(roomId, { kind })
  return receipts.map(({ data }) => data as { [key: string]: Json })
}
