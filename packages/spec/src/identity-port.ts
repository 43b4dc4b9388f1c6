import type { InboundMessage } from './inbound.ts'
import type { OrganizationId, RoomId } from './ids.ts'
import type { Identity } from './participant.ts'

export type IdentityResult =
  | { status: 'identified'; identity: Identity }
  | { status: 'ambiguous' | 'pending'; candidates: Identity[] }
  | { status: 'unknown' }
  | { status: 'challengeSent'; message: string }
  | { status: 'rejected'; reason?: string }

/** Finds out who a sender is. */
export interface IdentityResolver {
  /** Channel types whose senders are not resolved. */
  readonly excludedChannelTypes?: readonly string[]
  resolve(
    message: InboundMessage,
    context: { organizationId?: OrganizationId; roomId?: RoomId; signal: AbortSignal },
  ): Promise<IdentityResult>
}

/** Finds the room a message belongs to. */
export interface InboundRouter {
  route(
    message: InboundMessage,
    options: { organizationId?: OrganizationId; signal: AbortSignal },
  ): Promise<RoomId | null>
}
