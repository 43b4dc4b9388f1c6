import type { Mount, SocketRoute } from '@parley/server'
import type { Clock, IdSource, Logger } from '@parley/spec'
import type { VoiceChannel } from '@parley/voice'
import { createTwilioEndpoint, type TwilioMedia } from '@parley/voice/endpoints'
import type { CallCenterRooms } from '../rooms/call-center-rooms.ts'
import { voiceChannelId } from './create-call-voice.ts'
import { phoneLine } from './phone-line.ts'

/** What phone calls need. */
export interface PhoneOptions {
  /** `TWILIO_AUTH_TOKEN` and `PARLEY_PUBLIC_URL` let calls in, `TWILIO_ACCOUNT_SID` those of one account alone. */
  env: Readonly<Record<string, string | undefined>>
  rooms: CallCenterRooms
  agentIds: readonly string[]
  channel: VoiceChannel
  clock: Clock
  ids: IdSource
  logger: Logger
}

/** The addresses Twilio knows: what to do with a call, and where its sound goes. */
export interface PhoneLine {
  socket: SocketRoute
  mount: Mount
}

const voicePath = '/twilio/voice'
/** A room nobody speaks in is paused, and closed a day later. */
const timers = { inactiveAfterMs: 30 * 60_000, closedAfterMs: 24 * 60 * 60_000 }

/**
 * Takes calls of a Twilio number, each in a room of its own; undefined where the environment names no account.
 * @throws {ParleyError} `invalid_options` for an address that is none
 */
export function createPhoneLine(options: PhoneOptions): PhoneLine | undefined {
  const { env, clock, logger } = options
  const authToken = env['TWILIO_AUTH_TOKEN'] || undefined
  const publicUrl = env['PARLEY_PUBLIC_URL'] || undefined
  if (authToken === undefined || publicUrl === undefined) return undefined
  const accountSid = env['TWILIO_ACCOUNT_SID'] || undefined
  const twilio = createTwilioEndpoint({
    authToken,
    publicUrl,
    // Below `/v1` the server asks for its own keys; Twilio has a signature instead.
    voicePath,
    clock,
    logger,
    ...(accountSid === undefined ? {} : { accountSid }),
  })
  return {
    socket: twilio.socketRoute({ onCall: (media) => answer(media, options) }),
    mount: twilio.mount(),
  }
}

/** The caller's number is of no use here, so it is not kept. */
async function answer(media: TwilioMedia, { rooms, agentIds, channel, ids }: PhoneOptions): Promise<void> {
  const room = await rooms.createRoom({
    metadata: { caller: 'Caller', line: phoneLine },
    timers,
    channels: [...agentIds],
  })
  await rooms.updateState(room.id, (state) => state.with({ context: { ...state.context, line: phoneLine } }))
  const participantId = ids.next('person')
  await rooms.addMember(room.id, {
    id: participantId,
    displayName: 'Caller',
    role: 'member',
    channelId: voiceChannelId,
  })
  await channel.connect(media, { roomId: room.id, participantId })
}
