import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import {
  ParleyError,
  type Clock,
  type OrganizationId,
  type ParticipantId,
  type ParticipantRole,
  type RoomId,
} from '@parley/spec'
import { z } from 'zod'
import { rights, type Principal, type Right } from './principal.ts'

const maxTtlMs = 60 * 60_000
const minSecretBytes = 32

/** Whom a token speaks for. */
export interface RoomTokenInput {
  roomId: RoomId
  participantId: ParticipantId
  /** @default 'member' */
  role?: ParticipantRole
  organizationId?: OrganizationId
  /** @default reading and writing, reading only for the role `observer` */
  rights?: readonly Right[]
  /** At most an hour. @default 3 600 000 */
  ttlMs?: number
}

/** Short-lived tokens that let one participant into one room. */
export interface RoomTokens {
  /** @throws {ParleyError} `invalid_options` for a lifetime over an hour */
  issue(input: RoomTokenInput): { token: string; expiresAtMs: number }
  /** The principal of a token, or undefined for a forged or expired one. */
  check(token: string): Principal | undefined
}

const claimsSchema = z.strictObject({
  room: z.string(),
  participant: z.string(),
  role: z.enum(['owner', 'agent', 'member', 'observer', 'bot']),
  organization: z.string().optional(),
  rights: z.array(z.enum(rights)),
  expires: z.number(),
})

/**
 * Tokens `prt_<key id>.<claims>.<HMAC-SHA256>`. The first secret signs, all of them verify, so that a secret can be
 * replaced while tokens of the old one run out.
 * @throws {ParleyError} `config_invalid` for a secret under 32 bytes
 */
export function createRoomTokens({ secrets, clock }: { secrets: readonly string[]; clock: Clock }): RoomTokens {
  const keys = secrets.map(toSigningKey)
  const signer = keys[0]
  if (signer === undefined) {
    throw new ParleyError({
      code: 'config_invalid',
      message: 'Room tokens need a secret to sign with: set PARLEY_AUTH_SECRET.',
    })
  }
  return {
    issue({ roomId, participantId, role = 'member', organizationId, rights: granted, ttlMs = maxTtlMs }) {
      if (!(ttlMs > 0 && ttlMs <= maxTtlMs)) {
        throw new ParleyError({
          code: 'invalid_options',
          message: 'A room token lives for at most an hour.',
          details: { path: 'ttlMs', expected: `1 to ${maxTtlMs}` },
        })
      }
      const expiresAtMs = clock.now() + ttlMs
      const claims: z.infer<typeof claimsSchema> = {
        room: roomId,
        participant: participantId,
        role,
        ...(organizationId === undefined ? {} : { organization: organizationId }),
        rights: [
          ...(granted ?? (role === 'observer' ? (['rooms:read'] as const) : (['rooms:read', 'rooms:write'] as const))),
        ],
        expires: expiresAtMs,
      }
      const signed = `prt_${signer.id}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
      return { token: `${signed}.${sign(signer.secret, signed).toString('base64url')}`, expiresAtMs }
    },
    check(token) {
      const [head = '', body = '', signature = ''] = token.split('.', 4)
      const key = keys.find(({ id }) => head === `prt_${id}`)
      if (key === undefined) return undefined
      const expected = sign(key.secret, `${head}.${body}`)
      const given = Buffer.from(signature, 'base64url')
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
      // The signature holds, so this is what `issue` wrote; the schema guards against claims of another version.
      const claims = claimsSchema.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')))
      if (!claims.success || claims.data.expires <= clock.now()) return undefined
      const { room, participant, role, organization, rights: held, expires } = claims.data
      return {
        kind: 'room',
        id: participant,
        rights: new Set(held),
        room: { roomId: room, participantId: participant, role },
        expiresAtMs: expires,
        ...(organization === undefined ? {} : { organizationId: organization }),
      }
    },
  }
}

/** Whether a text has the form of a room token. */
export function isRoomToken(text: string): boolean {
  return text.startsWith('prt_')
}

function toSigningKey(secret: string): { id: string; secret: string } {
  if (Buffer.byteLength(secret) < minSecretBytes) {
    throw new ParleyError({
      code: 'config_invalid',
      message: `The secret for room tokens is too short: at least ${minSecretBytes} bytes are needed. Set PARLEY_AUTH_SECRET.`,
      details: { path: 'PARLEY_AUTH_SECRET', expected: `at least ${minSecretBytes} bytes` },
    })
  }
  return { id: createHash('sha256').update(`key id of ${secret}`).digest('hex').slice(0, 8), secret }
}

function sign(secret: string, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}
