import type { Channel, ChannelBinding, Content, EventSource, InboundMessage, ParticipantId } from '@parley/spec'

/** The source of a message that came in by a channel. */
export function sourceOfMessage(
  channel: Channel,
  message: InboundMessage,
  content: Content,
  participantId: ParticipantId | undefined,
): EventSource {
  const source: EventSource = {
    kind: 'person',
    channelId: channel.channelId,
    channelType: channel.channelType,
    medium: mediumOf(channel.channelType, content),
  }
  if (participantId !== undefined) source.participantId = participantId
  if (message.externalId !== undefined || message.senderId !== participantId) {
    source.externalId = message.externalId ?? message.senderId
  }
  if (channel.providerName !== undefined) source.provider = channel.providerName
  if (message.providerMessageId !== undefined) source.providerMessageId = message.providerMessageId
  if (message.raw !== undefined) source.raw = message.raw
  return source
}

/** The source of an event that a bound channel sends by `sendEvent`. */
export function sourceOfBinding(channel: Channel, binding: ChannelBinding | undefined, content: Content): EventSource {
  const source: EventSource = {
    kind: channel.category === 'intelligence' ? 'agent' : 'person',
    channelId: channel.channelId,
    channelType: channel.channelType,
    medium: mediumOf(channel.channelType, content),
  }
  if (binding?.participantId !== undefined) source.participantId = binding.participantId
  if (channel.providerName !== undefined) source.provider = channel.providerName
  return source
}

function mediumOf(channelType: Channel['channelType'], content: Content): EventSource['medium'] {
  if (content.type === 'dtmf') return 'keypad'
  if (content.type === 'text' && content.speech !== undefined) return 'voice'
  return channelType === 'voice' || channelType === 'realtimeVoice' ? 'voice' : 'text'
}
