declare const flavor: unique symbol

/**
 * A string that remembers what it names. A plain string is accepted where an id is asked for (callers may bring their
 * own room and channel ids), one kind of id is not accepted for another.
 */
export type Id<Kind extends string> = string & { readonly [flavor]?: Kind }

export type RoomId = Id<'Room'>
export type EventId = Id<'Event'>
export type ChannelId = Id<'Channel'>
export type ParticipantId = Id<'Participant'>
export type TurnId = Id<'Turn'>
export type RequestId = Id<'Request'>
/** Who owns rows and keys: the platform's tenant. */
export type OrganizationId = Id<'Organization'>
