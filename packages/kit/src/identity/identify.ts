import {
  assertNever,
  type BlockReason,
  type Channel,
  type Content,
  type IdentityResult,
  type InboundMessage,
  type InboundResult,
  type Instant,
  type Json,
  type OrganizationId,
  type Participant,
  type Room,
} from '@parley/spec'
import type { KitCore } from '../core/core.ts'
import { plainText } from '../delivery/transcode.ts'
import type { IdentityDecision } from '../hooks/hook-map.ts'

/** What identifying needs of the kit. */
export type IdentityParts = Pick<
  KitCore,
  'clock' | 'store' | 'limits' | 'identity' | 'hooks' | 'framework' | 'reportError' | 'now' | 'closing'
>

/** What is known of a sender; fields that are absent are left as they are in the room. */
export type SenderFields = Pick<Participant, 'id'> &
  Partial<
    Pick<Participant, 'displayName' | 'identification' | 'identityId' | 'candidates' | 'resolvedAt' | 'resolvedBy'>
  >

/** What came of identifying a sender. */
export type Identified =
  /** The sender is, or becomes, this participant. */
  | { outcome: 'participant'; participant: SenderFields; hook?: 'onParticipantIdentified'; receipt?: Json }
  /** The message passes, its sender stays nobody in particular. */
  | { outcome: 'unattributed'; participant?: undefined; hook?: undefined; receipt?: Json }
  /** `challenge`: what is to be said to the sender. */
  | { outcome: 'blocked'; result: Extract<InboundResult, { outcome: 'blocked' }>; challenge?: Content }

/**
 * Finds out who sent a message. Writes nothing: the participant is written with the message's commit.
 * @param room - the room as far as it is known already
 */
export async function identifySender(
  parts: IdentityParts,
  channel: Channel,
  message: InboundMessage,
  room: Room | null,
  {
    organizationId = room?.organizationId,
    signal,
  }: { organizationId?: OrganizationId | undefined; signal?: AbortSignal } = {},
): Promise<Identified> {
  const { identity } = parts
  const asIs: Identified = { outcome: 'participant', participant: { id: message.senderId } }
  if (identity === undefined || channel.sendersAreParticipants === true) return asIs
  if (identity.excludedChannelTypes?.includes(channel.channelType) === true) return asIs
  const known = room === null ? undefined : await knownSender(parts, channel, message, room)
  if (known?.identification === 'identified') return { outcome: 'participant', participant: { id: known.id } }
  const result = await resolveInTime(parts, message, room, organizationId, signal)
  const { decision, by, blocked } = await decide(parts, channel, message, room, result)
  if (blocked !== undefined) return { outcome: 'blocked', result: { outcome: 'blocked', ...blocked } }
  return apply(parts, message, result, decision, by)
}

/** The sender's record in the room: by their address on this channel, or by being named outright. */
async function knownSender(
  { store }: IdentityParts,
  { channelId }: Channel,
  { senderId }: InboundMessage,
  { id }: Room,
): Promise<Participant | undefined> {
  const named = await store.participants.get(id, senderId)
  if (named !== null) return named
  for (let after: string | undefined; ;) {
    const page = await store.participants.list({ roomId: id, limit: 1_000, ...(after === undefined ? {} : { after }) })
    const found = page.items.find(
      ({ externalId, connectedVia }) => externalId === senderId && connectedVia.includes(channelId),
    )
    if (found !== undefined || page.next === undefined) return found
    after = page.next
  }
}

/** Failure and delay make a sender unknown; the message is not lost. */
async function resolveInTime(
  { clock, identity, limits, framework, reportError, closing }: IdentityParts,
  message: InboundMessage,
  room: Room | null,
  organizationId: OrganizationId | undefined,
  given: AbortSignal | undefined,
): Promise<IdentityResult> {
  if (identity === undefined) return { status: 'unknown' }
  const controller = new AbortController()
  const giveUp = (): void => controller.abort(given?.reason ?? closing.reason)
  const outer = given ?? closing
  outer.addEventListener('abort', giveUp, { once: true })
  if (outer.aborted) giveUp()
  const context = {
    signal: controller.signal,
    ...(organizationId === undefined ? {} : { organizationId }),
    ...(room === null ? {} : { roomId: room.id }),
  }
  let stop = (): void => {}
  const late = new Promise<'late'>((resolve, reject) => {
    const dispose = clock.setTimer(limits.identityTimeoutMs, () => resolve('late'))
    const onAbort = (): void => reject(controller.signal.reason)
    controller.signal.addEventListener('abort', onAbort, { once: true })
    stop = () => {
      dispose()
      controller.signal.removeEventListener('abort', onAbort)
      outer.removeEventListener('abort', giveUp)
    }
  })
  const place = { stage: 'identity', ...(room === null ? {} : { roomId: room.id }) }
  const note = (why: string): IdentityResult => {
    const data = { channelId: message.channelId, why }
    framework.emit(
      room === null ? { type: 'identityTimeout', data } : { type: 'identityTimeout', roomId: room.id, data },
    )
    return { status: 'unknown' }
  }
  try {
    // A rejection after the race is over is nobody's any more.
    const resolving = Promise.resolve(identity.resolve(message, context))
    resolving.catch(() => {})
    const first = await Promise.race([resolving, late])
    if (first !== 'late') return first
    controller.abort(new DOMException('The identity resolver took too long.', 'TimeoutError'))
    return note('timeout')
  } catch (thrown) {
    if (outer.aborted) throw thrown
    reportError(thrown, place)
    return note('failure')
  } finally {
    stop()
  }
}

/** Asks the hooks where the resolver left something open; the first decision wins. */
async function decide(
  parts: IdentityParts,
  channel: Channel,
  message: InboundMessage,
  room: Room | null,
  result: IdentityResult,
): Promise<{
  decision?: IdentityDecision
  by?: string
  blocked?: { reason: BlockReason; by: string; message?: string }
}> {
  const { status } = result
  if (status === 'identified' || status === 'challengeSent') return {}
  const trigger = status === 'unknown' || status === 'rejected' ? 'onIdentityUnknown' : 'onIdentityAmbiguous'
  const scope = {
    roomId: room?.id,
    channelId: channel.channelId,
    channelType: channel.channelType,
    sourceKind: 'person',
  } as const
  const payload = { decision: undefined, message, result, room }
  if (!parts.hooks.has(trigger, scope)) return {}
  const outcome = await parts.hooks.runSync(trigger, payload, scope)
  parts.hooks.fire(trigger, outcome.payload, scope)
  const { blocked, modifiedBy } = outcome
  const { decision } = outcome.payload
  return {
    ...(decision === undefined ? {} : { decision }),
    ...(modifiedBy[0] === undefined ? {} : { by: modifiedBy[0] }),
    ...(blocked === undefined ? {} : { blocked }),
  }
}

function apply(
  parts: IdentityParts,
  message: InboundMessage,
  result: IdentityResult,
  decision: IdentityDecision | undefined,
  by: string | undefined,
): Identified {
  const receipt = {
    status: result.status,
    ...(decision === undefined ? {} : { decision: decision.kind }),
    ...(by === undefined ? {} : { by }),
  }
  switch (decision?.kind) {
    case 'resolved':
      return identified(parts, decision.identity, by ?? 'hook', parts.now(), receipt)
    case 'pending': {
      const candidates = decision.candidates ?? ('candidates' in result ? result.candidates : undefined)
      return pending(message, receipt, candidates, decision.displayName)
    }
    case 'challenge':
      return { ...refused('challenge_sent', plainText(decision.content) ?? undefined, by), challenge: decision.content }
    case 'reject':
      return refused(
        decision.reason ?? (result.status === 'unknown' ? 'unknown_sender' : 'identity_rejected'),
        undefined,
        by,
      )
    case undefined:
      return undecided(parts, message, result, receipt)
    default:
      return assertNever(decision)
  }
}

/** What the resolver said, where no hook had a word. */
function undecided(parts: IdentityParts, message: InboundMessage, result: IdentityResult, receipt: Json): Identified {
  switch (result.status) {
    case 'identified':
      return identified(parts, result.identity, 'resolver', parts.now(), receipt)
    case 'ambiguous':
    case 'pending':
      return pending(message, receipt, result.candidates, undefined)
    case 'unknown':
      return { outcome: 'unattributed', receipt }
    case 'challengeSent':
      return refused('challenge_sent', result.message, undefined)
    case 'rejected':
      return refused('identity_rejected', result.reason, undefined)
    default:
      return assertNever(result)
  }
}

function identified(
  { framework }: IdentityParts,
  { id, displayName }: { id: string; displayName?: string },
  resolvedBy: string,
  resolvedAt: Instant,
  receipt: Json,
): Identified {
  framework.emit({ type: 'identityResolved', data: { identityId: id, by: resolvedBy } })
  const participant: SenderFields = { id, identityId: id, identification: 'identified', resolvedAt, resolvedBy }
  if (displayName !== undefined) participant.displayName = displayName
  return { outcome: 'participant', participant, hook: 'onParticipantIdentified', receipt }
}

function pending(
  { senderId }: InboundMessage,
  receipt: Json,
  candidates: Participant['candidates'] | undefined,
  displayName: string | undefined,
): Identified {
  const participant: SenderFields = { id: senderId, identification: 'pending' }
  if (candidates !== undefined) participant.candidates = candidates
  if (displayName !== undefined) participant.displayName = displayName
  return { outcome: 'participant', participant, receipt }
}

function refused(
  reason: BlockReason,
  message: string | undefined,
  by: string | undefined,
): Extract<Identified, { outcome: 'blocked' }> {
  return {
    outcome: 'blocked',
    result: {
      outcome: 'blocked',
      reason,
      ...(by === undefined ? {} : { by }),
      ...(message === undefined ? {} : { message }),
    },
  }
}
