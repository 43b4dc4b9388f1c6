import type { ChannelBinding, ChannelEscalation, ChannelId, ConversationState, Room, RoomId } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { canRead } from '../../rooms/can-read-write.ts'
import { isAgent } from '../orchestrated-agent.ts'
import type { HandoffFacts, TargetFact } from './handoff-machine.ts'
import type { HandoffRules } from './handoff-rules.ts'

/** Entries of the log looked at to count handoffs since a person spoke. */
const COUNTED_ENTRIES = 64

const escalationTypes: { readonly [Channel in Exclude<ChannelEscalation, 'same'>]: readonly string[] } = {
  voice: ['voice', 'realtimeVoice'],
  email: ['email'],
  sms: ['sms', 'mms'],
}

/** What the target is in a room. */
export function targetFact(
  core: KitCore,
  rules: HandoffRules,
  bindings: readonly ChannelBinding[],
  targetId: ChannelId,
): TargetFact {
  const binding = bindings.find(({ channelId }) => channelId === targetId)
  const isKnown = rules.knownAgents.has(targetId)
  if (binding === undefined) {
    if (isKnown) return 'known'
    const channel = core.registry.get(targetId)
    return isAgent(channel) || rules.owned.has(targetId) ? 'unavailable' : 'unknown'
  }
  if (binding.category !== 'intelligence') return 'transport'
  const channel = core.registry.get(targetId)
  const canAnswer = isAgent(channel) && channel.isConfigOnly !== true && canRead(binding)
  if (canAnswer) return 'agent'
  return isKnown ? 'known' : 'unavailable'
}

/** Agents of a room that could be handed to. */
export function peersOf(core: KitCore, rules: HandoffRules, bindings: readonly ChannelBinding[]): ChannelId[] {
  const bound = bindings.filter(
    (binding) =>
      binding.category === 'intelligence' && targetFact(core, rules, bindings, binding.channelId) === 'agent',
  )
  return [...new Set([...bound.map(({ channelId }) => channelId), ...rules.knownAgents])]
}

/** The binding by which the person is reached on another kind of channel. */
export function escalationBinding(
  bindings: readonly ChannelBinding[],
  wanted: ChannelEscalation | undefined,
): ChannelId | undefined {
  if (wanted === undefined || wanted === 'same') return undefined
  const types = escalationTypes[wanted]
  return bindings.find(
    (binding) => binding.category === 'transport' && types.includes(binding.channelType) && canRead(binding),
  )?.channelId
}

/** What moving to another kind of channel would do. */
export function escalationFact(
  core: KitCore,
  roomId: RoomId,
  bindings: readonly ChannelBinding[],
  wanted: ChannelEscalation | undefined,
): HandoffFacts['escalation'] {
  if (wanted === undefined || wanted === 'same') return 'same'
  if (escalationBinding(bindings, wanted) !== undefined) return 'binding'
  return core.hooks.has('onChannelEscalation', { roomId }) ? 'host' : 'none'
}

/** Handoffs since a person last spoke, from the log. */
export async function handoffsSincePerson(core: KitCore, room: Room, state: ConversationState): Promise<number> {
  if (state.handoffCount === 0) return 0
  const entries = await core.store.tail(room.id, COUNTED_ENTRIES, {
    types: ['handoff', 'message', 'dtmf'],
    statuses: ['committed'],
  })
  const lastWord = entries.findLastIndex(({ type, source }) => type !== 'handoff' && source.kind === 'person')
  return entries.slice(lastWord + 1).filter(({ type }) => type === 'handoff').length
}

/** Violations of a target's contract since the last handoff that was made, from the receipts. */
export async function contractViolations(core: KitCore, roomId: RoomId, targetId: ChannelId): Promise<number> {
  let count = 0
  let after: string | undefined
  do {
    const page = await core.store.receipts.list({
      roomId,
      kind: 'handoff',
      limit: 1_000,
      ...(after === undefined ? {} : { after }),
    })
    for (const { data } of page.items) {
      if (typeof data !== 'object' || data === null || Array.isArray(data)) continue
      if (data['stage'] === 'accepted') count = 0
      else if (data['code'] === 'handoff_contract' && data['to'] === targetId) count++
    }
    after = page.next
  } while (after !== undefined)
  return count
}
